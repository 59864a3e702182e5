"""The values at which elements of a tariff begin or cease to apply, and where inside a charging period they lie."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_CEILING, Context, Decimal
from typing import Any, Final, TypeVar

from services.clearing.rating.tariffs import Restrictions

MICROSECOND: Final = timedelta(microseconds=1)
MICROSECONDS: Final = Decimal(10**6)
_PARTS: Final = Context(prec=50)
_NO_TIME: Final = timedelta(0)
_ZERO: Final = Decimal(0)
_LONGEST_SECONDS: Final = Decimal(10**12)
"""Longer than all years that a time can have."""

Value = TypeVar("Value", Decimal, timedelta)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Every bound of a tariff's restrictions but those of the calendar, in ascending order.

    Attributes:
        kwh: Energy of the session.
        durations: Of the session.
        currents: Amperes.
        powers: kW.
    """

    kwh: tuple[Decimal, ...]
    durations: tuple[timedelta, ...]
    currents: tuple[Decimal, ...]
    powers: tuple[Decimal, ...]


def bounds_of(wanted: Sequence[Restrictions]) -> Bounds:
    """Return the bounds of these restrictions; durations are rounded up to the microseconds in which times come."""
    seconds = [each for each in _values(wanted, "duration") if abs(each) <= _LONGEST_SECONDS]
    return Bounds(
        kwh=_values(wanted, "kwh"),
        durations=tuple(sorted({_microseconds(each) * MICROSECOND for each in seconds})),
        currents=_values(wanted, "current"),
        powers=_values(wanted, "power"),
    )


def _values(wanted: Iterable[Restrictions], what: str) -> tuple[Decimal, ...]:
    found: set[Any] = {getattr(each, f"{side}_{what}") for each in wanted for side in ("min", "max")}
    return tuple(sorted(found - {None}))


def _microseconds(seconds: Decimal) -> int:
    return int((seconds * MICROSECONDS).to_integral_value(ROUND_CEILING))


def between(bounds: Sequence[Value], low: Value, high: Value) -> Sequence[Value]:
    """Return the bounds above `low` and below `high`."""
    return bounds[bisect_right(bounds, low) : bisect_left(bounds, high)]


def beyond(bounds: Bounds, durations: int, kwh: int) -> tuple[Decimal, Decimal]:
    """Return a duration in seconds and an energy in kWh that lie beyond so many bounds and no more.

    One is as good as another: restrictions ask for no more than the side of each bound.
    """
    lasted = bounds.durations[durations - 1] if durations else min(bounds.durations, default=_NO_TIME) - MICROSECOND
    used = bounds.kwh[kwh - 1] if kwh else min(bounds.kwh, default=_ZERO) - 1
    return Decimal(lasted // MICROSECOND) / MICROSECONDS, used


def part_of(share: Decimal, whole: Decimal) -> Decimal:
    """Return a part of a whole, to fifty digits: with all that there could be, every share would be reckoned with them.

    Volumes have 28 digits, and shares of them no more than 20 after the point.
    """
    return _PARTS.divide(share, whole)


def duration_borders(bounds: Bounds, start: timedelta, end: timedelta) -> list[timedelta]:
    """Return how long after the beginning of a period a session reaches a least or highest duration.

    Args:
        bounds: Of its tariff.
        start: How long it has lasted when the period begins.
        end: How long when that ends.
    """
    return [bound - start for bound in between(bounds.durations, start, end)]


def energy_borders(bounds: Bounds, before: Decimal, used: Decimal) -> list[Decimal]:
    """Return the parts of a period, between 0 and 1, after which the session's energy passes a bound."""
    low, high = (before, before + used) if used > 0 else (before + used, before)
    return [part_of(bound - before, used) for bound in between(bounds.kwh, low, high)]
