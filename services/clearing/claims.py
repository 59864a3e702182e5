"""What a CSO claims with a submitted CDR: the event with its numbers read."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import Final

from schemas.models.gateway import CdrPeriod, CdrSignedData, CdrSubmitted, CdrTariff, CdrTariffElement
from services.clearing import numbers
from services.clearing.audit.claims import NOT_AVAILABLE, Claim, Cost, SignedData, SignedValue, same, totals_of
from services.clearing.ledger import Amounts
from services.clearing.rating.restrictions import restrictions_of
from services.clearing.rating.sessions import Period, Session, note
from services.clearing.rating.tariffs import Component, Element, Limit, Tariff
from services.core.money import ZERO

_PARTS: Final = ("fixed", "energy", "time", "parking", "reservation")
_MAX_HOURS: Final = Decimal(10) ** 18


class SubmittedClaim(Claim, frozen=True, kw_only=True, dict=True):
    """A claim with the event that made it."""

    cdr: CdrSubmitted

    @cached_property
    def place(self) -> tuple[str, str, str, str, str]:
        """CSO, home-CSP, location, EVSE and connector, the ids by `same`."""
        where = same(self.location_id), same(self.evse_uid), same(self.connector_id)
        return self.visited_cso, self.home_csp, *where

    @property
    def amounts(self) -> Amounts:
        """What there is to book."""
        return Amounts(self.amount, self.total_excl_tax)


def claim_of(cdr: CdrSubmitted) -> SubmittedClaim:
    """Read all numbers of a submitted CDR."""
    reader, where = _Reader(), cdr.location
    parking = reader.hours("total_parking_time", cdr.total_parking_time)
    energy = reader.required("total_energy", cdr.total_energy)
    hours = reader.hours("total_time", cdr.total_time) or ZERO
    used = _used(cdr, totals_of(energy, hours, parking), reader)
    return SubmittedClaim(
        cdr=cdr,
        visited_cso=cdr.visited_cso,
        home_csp=cdr.home_csp,
        cdr_id=cdr.cdr_id,
        used=used,
        total_excl_tax=reader.required("total_cost (excluding tax)", cdr.total_cost_excl_tax),
        total_incl_tax=reader.optional("total_cost (including tax)", cdr.total_cost_incl_tax),
        energy=energy,
        hours=hours,
        parking_hours=parking,
        parts=_parts(cdr, reader),
        tariffs=[_tariff(tariff, reader) for tariff in cdr.tariffs],
        session_id=cdr.session_id,
        authorization_reference=cdr.authorization_reference,
        auth_method=cdr.auth_method,
        credential=cdr.pseudonym,
        location_id=where.location_id,
        evse_uid=where.evse_uid,
        connector_id=where.connector_id,
        credit=cdr.credit,
        credit_reference_id=cdr.credit_reference_id,
        updated_at=cdr.last_updated,
        signed=_signed(cdr.signed_data),
        unread=tuple(reader.unreadable),
        rounded=tuple(dict.fromkeys(reader.rounded)),
    )


def _signed(data: CdrSignedData | None) -> SignedData | None:
    if data is None:
        return None
    values = tuple(
        SignedValue(each.nature, each.plain_data, each.signed_data, each.fits_own_key) for each in data.values
    )
    return SignedData(data.encoding_method, data.public_key, values, data.withheld)


class _Reader:
    """Reads numbers and remembers the fields that hold none, or more digits than are kept."""

    def __init__(self) -> None:
        self.unreadable: list[str] = []
        self.rounded: list[str] = []

    def required(self, field: str, text: str) -> Decimal:
        number = numbers.read(text)
        if number is None:
            self.unreadable.append(field)
            return ZERO
        if numbers.is_rounded(text, number):
            self.rounded.append(field)
        return number

    def optional(self, field: str, text: str | None) -> Decimal | None:
        if text is None:
            return None
        number = numbers.read(text)
        if number is None:
            self.unreadable.append(field)
        elif numbers.is_rounded(text, number):
            self.rounded.append(field)
        return number

    def hours(self, field: str, text: str | None) -> Decimal | None:
        """Read a duration; its minutes, which a cleared record carries, have to fit too."""
        number = self.optional(field, text)
        if number is not None and abs(number) > _MAX_HOURS:
            self.unreadable.append(field)
            return None
        return number


def _parts(cdr: CdrSubmitted, reader: _Reader) -> Mapping[str, Cost]:
    parts: dict[str, Cost] = {}
    for name in _PARTS:
        field = f"total_{name}_cost_excl_tax"
        text = getattr(cdr, field)
        if text is not None:
            parts[name] = Cost(reader.required(field, text))
    return parts


def _used(cdr: CdrSubmitted, totals: Mapping[str, Decimal], reader: _Reader) -> Session:
    periods = tuple(_period(period, reader) for period in cdr.periods)
    without_evse = cdr.location.evse_uid == NOT_AVAILABLE
    return Session(cdr.started_at, cdr.ended_at, cdr.currency, periods, without_evse, totals)


def _period(period: CdrPeriod, reader: _Reader) -> Period:
    volumes: dict[str, Decimal] = {}
    for dimension in period.dimensions:
        kind = dimension.dimension_type
        volume = reader.required(f"{kind[:40]} of a charging period", dimension.volume)
        note(volumes, kind, volume)
    return Period(period.started_at, volumes, period.tariff_id)


def _tariff(tariff: CdrTariff, reader: _Reader) -> Tariff:
    inside = tariff.tax_included == "YES"
    least = Limit(
        reader.optional("min_price of a tariff", tariff.min_price_excl_tax),
        reader.optional("min_price of a tariff", tariff.min_price_incl_tax),
    )
    most = Limit(
        reader.optional("max_price of a tariff", tariff.max_price_excl_tax),
        reader.optional("max_price of a tariff", tariff.max_price_incl_tax),
    )
    elements = tuple(_element(element, reader, inside=inside) for element in tariff.elements)
    return Tariff(tariff.tariff_id, tariff.currency, elements, least, most, tariff.valid_from, tariff.valid_until)


def _element(element: CdrTariffElement, reader: _Reader, *, inside: bool) -> Element:
    components = tuple(
        priced(
            component.component_type,
            reader.required("price of a tariff", component.price),
            reader.optional("vat of a tariff", component.vat_percent),
            reader.required("step_size of a tariff", component.step_size),
            inside=inside,
        )
        for component in element.components
    )
    return Element(components, restrictions_of({each.name: each.value for each in element.restrictions}))


def priced(kind: str, price: Decimal, vat_percent: Decimal | None, step_size: Decimal, *, inside: bool) -> Component:
    """Return a component of an event; a tax is in its price only where nobody told the rate to take it out by."""
    return Component(kind, price, vat_percent, step_size, tax_inside=inside and vat_percent is None)
