"""The values at which elements of a tariff begin or cease to apply, and where inside a charging period they lie."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final, TypeVar

from services.clearing.rating.tariffs import Restrictions

MICROSECOND: Final = timedelta(microseconds=1)
MICROSECONDS: Final = Decimal(10**6)
_LONGEST_SECONDS: Final = Decimal(10**12)
"""Longer than all years that a time can have."""

Value = TypeVar("Value", Decimal, int)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Every bound of a tariff's restrictions but those of the calendar, in ascending order.

    Attributes:
        kwh: Energy of the session.
        microseconds: Duration of the session.
        currents: Amperes.
        powers: kW.
    """

    kwh: tuple[Decimal, ...]
    microseconds: tuple[int, ...]
    currents: tuple[Decimal, ...]
    powers: tuple[Decimal, ...]


def bounds_of(wanted: Sequence[Restrictions]) -> Bounds:
    """Return the bounds of these restrictions; a duration is rounded up to whole microseconds, in which times come."""
    durations = _values(wanted, "duration")
    return Bounds(
        kwh=_values(wanted, "kwh"),
        microseconds=tuple(sorted({_microseconds(each) for each in durations if abs(each) <= _LONGEST_SECONDS})),
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


def is_uncut(bounds: Sequence[Value], start: Value, end: Value) -> bool:
    """Say whether no bound lies between these two values; the second may be the lower one."""
    if not bounds:
        return True
    low, high = (start, end) if start <= end else (end, start)
    place = bisect_right(bounds, low)
    return place == len(bounds) or bounds[place] >= high


def duration_borders(bounds: Bounds, start: int, end: int) -> list[int]:
    """Return how long after the beginning of a period a session reaches a least or highest duration, in microseconds.

    Args:
        bounds: Of its tariff.
        start: How long it has lasted when the period begins.
        end: How long when that ends.
    """
    return [bound - start for bound in between(bounds.microseconds, start, end)]


def energy_borders(bounds: Bounds, before: Decimal, used: Decimal) -> list[Decimal]:
    """Return the parts of a period, between 0 and 1, after which the session's energy passes a bound."""
    low, high = (before, before + used) if used > 0 else (before + used, before)
    return [(bound - before) / used for bound in between(bounds.kwh, low, high)]


def side(bounds: Sequence[Decimal], values: Sequence[Decimal]) -> tuple[int, int] | None:
    """Return between which bounds the least and the highest of these values lie; None where there is no value."""
    if len(values) == 1:
        place = bisect_right(bounds, values[0])
        return place, place
    if not values:
        return None
    return bisect_right(bounds, min(values)), bisect_right(bounds, max(values))
