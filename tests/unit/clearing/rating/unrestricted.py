"""A closed formula for one tariff without restrictions, limits and steps, with which the engine agrees to the digit."""

import decimal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeAlias

from services.core.money import EXACT, RoundingRule, quantize8, total

TIMES: Final = frozenset({"TIME", "PARKING_TIME"})
_UNITS: Final = {"ENERGY": "KWH", "TIME": "HOUR", "PARKING_TIME": "HOUR", "FLAT": "SESSION"}
_UNPRICED: Final = frozenset(
    {"CURRENT", "MAX_CURRENT", "MIN_CURRENT", "POWER", "MAX_POWER", "MIN_POWER", "STATE_OF_CHARGE"}
    | {"ENERGY_IMPORT", "ENERGY_EXPORT"}
)

_ONE: Final = Decimal(1)
_THOUSAND: Final = Decimal(1000)
_HUNDRED: Final = Decimal(100)
_SECONDS: Final = Decimal(3600)
# Durations are hours of four decimals, so 100 minutes come as 1.6667 h = 6000.12 s and must not become 6001 s.
_HALF_DIGIT_SECONDS: Final = Decimal("0.18")


@dataclass(frozen=True, slots=True)
class Component:
    """One price of a tariff.

    Attributes:
        component_type: ENERGY (per kWh), TIME and PARKING_TIME (per hour), FLAT (per session), or what we do not know.
        vat_percent: None where the tariff does not say.
        step_size: Watt-hours or seconds that are billed at least.
    """

    component_type: str
    price: Decimal
    vat_percent: Decimal | None
    step_size: Decimal


@dataclass(frozen=True, slots=True)
class Tariff:
    """A tariff, from a CDR's own copy or as it was published.

    Attributes:
        version: Of the published one; None for a CDR's own copy.
        components: In the order of the elements that they are from.
        restricted: Some element has restrictions.
        limited: There is a least or highest price of the session.
        tax_inside: Some price includes a tax of which the tariff does not tell the rate.
    """

    tariff_id: str
    version: int | None
    currency: str
    components: Sequence[Component]
    restricted: bool
    limited: bool
    valid_from: datetime | None
    valid_until: datetime | None
    tax_inside: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used in one session, as its charging periods say.

    Attributes:
        volumes: Sum of each dimension over all periods, kWh or hours.
        times: TIME and PARKING_TIME, as far as they were used, the one that the session ended with last.
        totals: What the CDR's totals say of ENERGY, TIME and PARKING_TIME, in the same units.
    """

    started_at: datetime
    volumes: Mapping[str, Decimal]
    times: Sequence[str]
    totals: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Line:
    """The price of one component; volume in the unit, amounts with eight decimals."""

    component_type: str
    volume: Decimal
    unit: str
    price: Decimal
    amount_excl_tax: Decimal
    tax_amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Rating:
    """A price and its lines.

    Attributes:
        excl_tax: The sum of the lines, rounded by the agreement's rule.
        incl_tax: With tax, rounded likewise; None where the tariff does not say the tax of a line that costs something.
    """

    lines: tuple[Line, ...]
    excl_tax: Decimal
    incl_tax: Decimal | None


@dataclass(frozen=True, slots=True)
class NotRated:
    """Why there is no price."""

    reason: str


Outcome: TypeAlias = Rating | NotRated


def rate(tariff: Tariff, usage: Usage, rounding: RoundingRule) -> Outcome:
    """Return the price of a session, or why there is none.

    Raises:
        services.core.money.OutOfRange: when a product does not fit decimal(28,8).
    """
    prices = _first_of_each_type(tariff.components)
    reason = _unknown(tariff, prices, usage)
    if reason is not None:
        return NotRated(reason)
    last = next((kind for kind in reversed(usage.times) if kind in prices), None)
    return add_up([_line(prices[kind], usage, whole=kind == last) for kind in _UNITS if kind in prices], rounding)


def add_up(lines: Sequence[Line], rounding: RoundingRule) -> Rating:
    """Return the rating that these lines sum to."""
    excl_tax = total(line.amount_excl_tax for line in lines)
    taxes = [line.tax_amount for line in lines if line.amount_excl_tax]
    known = [tax for tax in taxes if tax is not None]
    incl_tax = None if len(known) < len(taxes) else rounding.round(EXACT.add(excl_tax, total(known)))
    return Rating(tuple(lines), rounding.round(excl_tax), incl_tax)


def _first_of_each_type(components: Sequence[Component]) -> dict[str, Component]:
    """Return the active component of each type: without restrictions, that of the first element that has one."""
    first: dict[str, Component] = {}
    for component in components:
        first.setdefault(component.component_type, component)
    return first


def _unknown(tariff: Tariff, prices: Mapping[str, Component], usage: Usage) -> str | None:
    for applies, reason in (
        (tariff.restricted, "the tariff has restrictions"),
        (tariff.limited, "the tariff has a least or highest price"),
        (tariff.tax_inside, "the tariff has prices with a tax whose rate it does not tell"),
        (_outside(tariff, usage.started_at), "the tariff does not apply at the start of the session"),
    ):
        if applies:
            return reason
    for kind, component in prices.items():
        if kind not in _UNITS:
            return f"the tariff prices {kind}"
        if kind != "FLAT" and component.step_size != 1:
            return f"the tariff has a step size for {kind} that is not 1"
    return _unknown_usage(prices, usage)


def _outside(tariff: Tariff, time: datetime) -> bool:
    too_early = tariff.valid_from is not None and time < tariff.valid_from
    return too_early or (tariff.valid_until is not None and time >= tariff.valid_until)


def _unknown_usage(prices: Mapping[str, Component], usage: Usage) -> str | None:
    for kind, volume in usage.volumes.items():
        if kind not in _UNITS and kind not in _UNPRICED:
            return f"a period measures {kind}"
        if volume < 0 and kind in prices:
            return f"the {kind} of the periods is negative"
    for kind, component in prices.items():
        if component.price and kind not in usage.volumes and usage.totals.get(kind):
            return f"no period measures {kind}"
    return None


def _line(component: Component, usage: Usage, *, whole: bool) -> Line:
    kind, price = component.component_type, component.price
    if kind in TIMES:
        seconds = _seconds(usage.volumes.get(kind, Decimal(0)), whole=whole)
        volume, exact = EXACT.divide(seconds, _SECONDS), EXACT.divide(EXACT.multiply(seconds, price), _SECONDS)
    else:
        volume = _ONE if kind == "FLAT" else _watt_hours_up(usage.volumes.get(kind, Decimal(0)))
        exact = EXACT.multiply(volume, price)
    amount = quantize8(exact)
    vat = component.vat_percent
    tax = None if vat is None else quantize8(EXACT.divide(EXACT.multiply(amount, vat), _HUNDRED))
    return Line(kind, quantize8(volume), _UNITS[kind], price, amount, tax)


def _seconds(hours: Decimal, *, whole: bool) -> Decimal:
    """Return the billed seconds; a step size counts once, for the last billable time component alone."""
    seconds = EXACT.multiply(hours, _SECONDS)
    if not whole:
        return seconds
    return _up(max(Decimal(0), EXACT.subtract(seconds, _HALF_DIGIT_SECONDS)))


def _watt_hours_up(kwh: Decimal) -> Decimal:
    return EXACT.divide(_up(EXACT.multiply(kwh, _THOUSAND)), _THOUSAND)


def _up(value: Decimal) -> Decimal:
    return value.to_integral_value(rounding=decimal.ROUND_CEILING, context=EXACT)
