"""What a CSO claims with a CDR: the submitted event with its numbers read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from schemas.models.gateway import CdrPeriod, CdrSubmitted, CdrTariff
from services.clearing import numbers
from services.clearing.ledger import Amounts
from services.clearing.rating.unrestricted import TIMES, Component, Tariff, Usage, has_tax_inside
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
        usage: What the periods say.
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
    usage: Usage
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
    usage = _usage(cdr, {"ENERGY": energy, "TIME": charging, "PARKING_TIME": parking or ZERO}, reader)
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
        usage=usage,
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


def _usage(cdr: CdrSubmitted, totals: Mapping[str, Decimal], reader: _Reader) -> Usage:
    volumes: dict[str, Decimal] = {}
    times: dict[str, None] = {}
    for period in cdr.periods:
        for dimension in period.dimensions:
            kind = dimension.dimension_type
            volume = reader.required(f"{kind[:40]} of a charging period", dimension.volume)
            volumes[kind] = EXACT.add(volumes.get(kind, ZERO), volume)
            if kind in TIMES and volume:
                times.pop(kind, None)
                times[kind] = None
    return Usage(cdr.started_at, _held(volumes, reader), tuple(times), totals)


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
    components = [
        Component(
            component.component_type,
            reader.required("price of a tariff", component.price),
            reader.optional("vat of a tariff", component.vat_percent),
            reader.required("step_size of a tariff", component.step_size),
        )
        for element in tariff.elements
        for component in element.components
    ]
    return Tariff(
        tariff_id=tariff.tariff_id,
        version=None,
        currency=tariff.currency,
        components=components,
        restricted=any(element.restrictions for element in tariff.elements),
        limited=any_given(
            tariff.min_price_excl_tax,
            tariff.min_price_incl_tax,
            tariff.max_price_excl_tax,
            tariff.max_price_incl_tax,
        ),
        valid_from=tariff.valid_from,
        valid_until=tariff.valid_until,
        tax_inside=has_tax_inside(tariff.tax_included, components),
    )


def any_given(*values: object) -> bool:
    """Say whether any of these optional values is there."""
    return any(value is not None for value in values)


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
