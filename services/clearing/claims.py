"""What a CSO claims with a CDR: the submitted event with its numbers read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from schemas.models.gateway import CdrPeriod, CdrSubmitted, CdrTariff, CdrTariffElement
from services.clearing import numbers
from services.clearing.ledger import Amounts
from services.clearing.rating.restrictions import restrictions_of
from services.clearing.rating.sessions import Period, Session
from services.clearing.rating.tariffs import Component, Element, Limit, Tariff
from services.core.money import EXACT, ZERO, OutOfRange, quantize8

_PARTS: Final = (
    "total_fixed_cost_excl_tax",
    "total_energy_cost_excl_tax",
    "total_time_cost_excl_tax",
    "total_parking_cost_excl_tax",
    "total_reservation_cost_excl_tax",
)
NOT_AVAILABLE: Final = "#NA"
_MAX_HOURS: Final = Decimal(10) ** 18


def same(text: str) -> str:
    """Return an id of a partner in the one form that all its spellings have: OCPI compares without case."""
    return text.casefold()


Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Claim:
    """A CDR as submitted, its numbers as decimals.

    Attributes:
        cdr: The event.
        key: The CDR's identity: its CSO and its id by `same`.
        session: The identity of the session that it names.
        credits: The identity of the CDR that it takes back; an empty id where it says no more than that it is a credit.
        place: CSO, home-CSP, location, EVSE and connector, by `same`.
        connector: The connector that it says was in use; None where none was for any time.
        total_incl_tax: None where the CSO does not say.
        energy: kWh.
        hours: Duration of the session.
        parking_hours: None where the CSO does not say.
        parts: Those parts of the total that the CSO gives, without tax.
        used: What the periods say.
        volumes: Sum of each dimension over all periods.
        tariffs: The CDR's own copies.
        tariff_names: Every tariff that it names, copied or not, by `same`, mapped to the id as written.
        tariffs_to_find: Those that it names without copying them, by `same`.
        unreadable: The fields whose number nobody can hold; they count as 0.
    """

    cdr: CdrSubmitted
    key: Key
    session: Key | None
    credits: Key | None
    place: tuple[str, str, str, str, str]
    connector: tuple[str, str, str] | None
    total_excl_tax: Decimal
    total_incl_tax: Decimal | None
    energy: Decimal
    hours: Decimal
    parking_hours: Decimal | None
    parts: Sequence[Decimal]
    used: Session
    volumes: Mapping[str, Decimal]
    tariffs: Sequence[Tariff]
    tariff_names: Mapping[str, str]
    tariffs_to_find: Sequence[str]
    unreadable: Sequence[str]

    @property
    def amounts(self) -> Amounts:
        """What it claims; where the CSO does not say the tax, the total without tax is what there is to book."""
        with_tax = self.total_excl_tax if self.total_incl_tax is None else self.total_incl_tax
        return Amounts(with_tax, self.total_excl_tax)

    @property
    def is_charging(self) -> bool:
        """Whether an EVSE was used; a CDR of a reservation that nobody used names none."""
        return self.cdr.location.evse_uid != NOT_AVAILABLE


def claim_of(cdr: CdrSubmitted) -> Claim:
    """Read all numbers of a submitted CDR."""
    reader = _Reader()
    parking = reader.hours("total_parking_time", cdr.total_parking_time)
    energy = reader.required("total_energy", cdr.total_energy)
    hours = reader.hours("total_time", cdr.total_time) or ZERO
    charging = EXACT.subtract(hours, parking or ZERO)
    names, cso, place = _tariff_names(cdr.tariffs, cdr.periods), cdr.visited_cso, _place(cdr)
    used = _used(cdr, {"ENERGY": energy, "TIME": charging, "PARKING_TIME": parking or ZERO}, reader)
    return Claim(
        cdr=cdr,
        key=(cso, same(cdr.cdr_id)),
        session=None if cdr.session_id is None else (cso, same(cdr.session_id)),
        credits=(cso, same(cdr.credit_reference_id or "")) if cdr.credit else None,
        place=place,
        connector=(cso, *place[3:]) if _occupies(cdr) else None,
        total_excl_tax=reader.required("total_cost (excluding tax)", cdr.total_cost_excl_tax),
        total_incl_tax=reader.optional("total_cost (including tax)", cdr.total_cost_incl_tax),
        energy=energy,
        hours=hours,
        parking_hours=parking,
        parts=[reader.required(name, text) for name in _PARTS if (text := getattr(cdr, name)) is not None],
        used=used,
        volumes=_volumes(used, reader),
        tariffs=[_tariff(tariff, reader) for tariff in cdr.tariffs],
        tariff_names=names,
        tariffs_to_find=_not_copied(names, cdr.tariffs),
        unreadable=tuple(dict.fromkeys(reader.unreadable)),
    )


def _place(cdr: CdrSubmitted) -> tuple[str, str, str, str, str]:
    where = cdr.location
    place = same(where.location_id), same(where.evse_uid), same(where.connector_id)
    return cdr.visited_cso, cdr.home_csp, *place


def _occupies(cdr: CdrSubmitted) -> bool:
    return cdr.location.evse_uid != NOT_AVAILABLE and not cdr.credit and cdr.started_at < cdr.ended_at


class _Reader:
    """Reads numbers and remembers the fields that hold none."""

    def __init__(self) -> None:
        self.unreadable: list[str] = []

    def required(self, field: str, text: str) -> Decimal:
        number = numbers.read(text)
        if number is None:
            self.unreadable.append(field)
            return ZERO
        return number

    def optional(self, field: str, text: str | None) -> Decimal | None:
        if text is None:
            return None
        number = numbers.read(text)
        if number is None:
            self.unreadable.append(field)
        return number

    def hours(self, field: str, text: str | None) -> Decimal | None:
        """Read a duration; its minutes, which a cleared record carries, have to fit too."""
        number = self.optional(field, text)
        if number is not None and abs(number) > _MAX_HOURS:
            self.unreadable.append(field)
            return None
        return number


def _used(cdr: CdrSubmitted, totals: Mapping[str, Decimal], reader: _Reader) -> Session:
    periods = tuple(_period(period, reader) for period in cdr.periods)
    without_evse = cdr.location.evse_uid == NOT_AVAILABLE
    return Session(cdr.started_at, cdr.ended_at, cdr.currency, periods, without_evse, totals)


def _period(period: CdrPeriod, reader: _Reader) -> Period:
    volumes: dict[str, Decimal] = {}
    for dimension in period.dimensions:
        kind = dimension.dimension_type
        volume = reader.required(f"{kind[:40]} of a charging period", dimension.volume)
        volumes[kind] = EXACT.add(volumes.get(kind, ZERO), volume)
    return Period(period.started_at, volumes, period.tariff_id)


def _volumes(used: Session, reader: _Reader) -> Mapping[str, Decimal]:
    volumes: dict[str, Decimal] = {}
    for period in used.periods:
        for kind, volume in period.volumes.items():
            volumes[kind] = EXACT.add(volumes.get(kind, ZERO), volume)
    return _held(volumes, reader)


def _held(volumes: Mapping[str, Decimal], reader: _Reader) -> Mapping[str, Decimal]:
    """Return the sums; one that outgrew decimal(28,8) is a field that nobody can hold."""
    held: dict[str, Decimal] = {}
    for kind, volume in volumes.items():
        try:
            held[kind] = quantize8(volume)
        except OutOfRange:
            reader.unreadable.append(f"sum of {kind[:40]} over the charging periods")
            held[kind] = ZERO
    return held


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


def _tariff_names(tariffs: Iterable[CdrTariff], periods: Iterable[CdrPeriod]) -> Mapping[str, str]:
    names: dict[str, str] = {}
    for tariff in tariffs:
        names.setdefault(same(tariff.tariff_id), tariff.tariff_id)
    for period in periods:
        if period.tariff_id is not None:
            names.setdefault(same(period.tariff_id), period.tariff_id)
    return names


def _not_copied(names: Mapping[str, str], tariffs: Sequence[CdrTariff]) -> Sequence[str]:
    copied = {same(tariff.tariff_id) for tariff in tariffs}
    return [name for name in names if name not in copied]
