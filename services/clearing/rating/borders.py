"""Where inside a charging period an element can begin or cease to apply."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Final

from services.clearing.rating.tariffs import Restrictions
from services.core.money import EXACT

LONGEST: Final = timedelta(days=400)
"""A longer session has no price where a restriction looks at the calendar: it has too many borders."""

_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
_MICROSECOND: Final = timedelta(microseconds=1)
_MIDNIGHT: Final = time(0)
_LONGEST_SECONDS: Final = Decimal(10**9)


def clock_borders(wanted: Iterable[Restrictions], zone: tzinfo, start: datetime, end: datetime) -> set[datetime]:
    """Return the instants after `start` and before `end` at which the local clock passes a restriction's border.

    Where the clock is set, that instant is one too: it may jump over a border, or back behind one.
    """
    times: set[time] = set()
    for each in wanted:
        if each.on_calendar:
            times |= {_MIDNIGHT, each.start_time or _MIDNIGHT, each.end_time or _MIDNIGHT}
    if not times:
        return set()
    found = {
        datetime.combine(day, clock, zone).replace(fold=fold).astimezone(UTC)
        for day in _days(start.astimezone(zone).date(), end.astimezone(zone).date())
        for clock in times
        for fold in (0, 1)
    }
    found.update(_clock_changes(zone, start, end))
    return {instant for instant in found if start < instant < end}


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + number * _DAY


def _clock_changes(zone: tzinfo, start: datetime, end: datetime) -> Iterator[datetime]:
    before = start
    while before < end:
        after = min(before + _DAY, end)
        if before.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            yield _change_between(zone, before, after)
        before = after


def _change_between(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    offset = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    # Clocks are set on whole seconds.
    return after.replace(microsecond=0)


def duration_borders(wanted: Iterable[Restrictions], began: datetime) -> set[datetime]:
    """Return the instants at which a session that began then reaches a least or highest duration."""
    seconds = {value for each in wanted for value in (each.min_duration, each.max_duration) if value is not None}
    return {
        began + int(EXACT.multiply(value, Decimal(10**6))) * _MICROSECOND
        for value in seconds
        if 0 <= value <= _LONGEST_SECONDS
    }


def energy_borders(wanted: Iterable[Restrictions], before: Decimal, used: Decimal) -> set[Decimal]:
    """Return the parts of a period, between 0 and 1, after which the session's energy passes a border."""
    if not used:
        return set()
    limits = {value for each in wanted for value in (each.min_kwh, each.max_kwh) if value is not None}
    parts = {EXACT.divide(EXACT.subtract(limit, before), used) for limit in limits}
    return {part for part in parts if 0 < part < 1}


def microseconds(span: timedelta) -> Decimal:
    """Return a span in whole microseconds; a timedelta's own seconds are floats."""
    return Decimal(span // _MICROSECOND)
