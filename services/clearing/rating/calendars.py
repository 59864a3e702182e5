"""The local calendar as a tariff's restrictions see it: from which instant on which of them can hold."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import product
from typing import Final, NamedTuple

from services.clearing.rating.results import CannotRate
from services.clearing.rating.tariffs import Restrictions

LONGEST: Final = timedelta(days=400)
"""A longer session has no price where a restriction looks at the calendar: it has too many borders."""
MOST_CHANGES: Final = 20_000
"""How often the clock may pass a time of day that restrictions name in one session; more have no price either."""

_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
_MIDNIGHT: Final = time(0)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_REMEMBERED_CALENDARS: Final = 128
_REMEMBERED_DAYS: Final = 400


class Marks(NamedTuple):
    """What restrictions look at: times of day and dates, each in ascending order, and sets of days of the week."""

    times: tuple[time, ...]
    dates: tuple[date, ...]
    days: tuple[frozenset[int], ...]


class Segment(NamedTuple):
    """A stretch of time in which all restrictions see the same.

    Attributes:
        began: Inclusive.
        local: The same in local time.
        state: Equal in two segments in which they see the same.
        ended: Exclusive.
    """

    began: datetime
    local: datetime
    state: tuple[int, int, tuple[bool, ...]]
    ended: datetime = _NEVER


@dataclass(frozen=True, slots=True)
class Course:
    """The segments of a session, in order; the first one begins no later than it."""

    segments: Sequence[Segment]
    instants: Sequence[datetime]

    def at(self, instant: datetime) -> Segment:
        """Return the segment of an instant of the session."""
        return self.segments[bisect_right(self.instants, instant) - 1]

    def between(self, start: datetime, end: datetime) -> Sequence[datetime]:
        """Return the instants after `start` and before `end` at which another segment begins."""
        return self.instants[bisect_right(self.instants, start) : bisect_left(self.instants, end)]


def marks_of(wanted: Iterable[Restrictions]) -> Marks | None:
    """Return what these restrictions look at; None where none of them needs the calendar."""
    looking = [each for each in wanted if each.on_calendar]
    if not looking:
        return None
    clocked = [each for each in looking if each.start_time is not None or each.end_time is not None]
    times = {each or _MIDNIGHT for one in clocked for each in (one.start_time, one.end_time)}
    dates = {each for one in looking for each in (one.start_date, one.end_date) if each is not None}
    days = {each.days for each in looking if each.days}
    return Marks(tuple(sorted(times)), tuple(sorted(dates)), tuple(sorted(days, key=sorted)))


class Calendar:
    """The days of one time zone, cut for some marks; days are kept, as the sessions of a day are many."""

    def __init__(self, marks: Marks, zone: tzinfo) -> None:
        self._marks, self._zone = marks, zone
        self._of_day = lru_cache(_REMEMBERED_DAYS)(self._cut_day)

    def course(self, start: datetime, end: datetime) -> Course:
        """Return the segments from `start` to `end`.

        Raises:
            CannotRate: when there are too many.
        """
        if end - start > LONGEST:
            raise CannotRate(f"the session is longer than {LONGEST.days} days")
        first, last = start.astimezone(UTC).toordinal(), end.astimezone(UTC).toordinal()
        if first == last:
            return self._of_day(first)
        if (last - first) * len(self._marks.times) > MOST_CHANGES:
            raise CannotRate("the session passes too many of its tariff's times of day")
        return _course(segment for day in range(first, last + 1) for segment in self._of_day(day).segments)

    def _cut_day(self, day: int) -> Course:
        """Return the segments of a day in UTC."""
        start = datetime.combine(date.fromordinal(day), _MIDNIGHT, UTC)
        instants = {start, *(each for each in self._candidates(start) if start < each < start + _DAY)}
        return _course(self._segment(each) for each in sorted(instants))

    def _candidates(self, start: datetime) -> Iterator[datetime]:
        """Return instants of a day, among them all at which its local clock passes a mark or is set."""
        before, first, last = ((start + number * _DAY).astimezone(self._zone) for number in (-1, 0, 1))
        dates = [first.date() + number * _DAY for number in range((last.date() - first.date()).days + 1)]
        # An hour that comes twice may be one of the day before.
        folds = (0,) if before.utcoffset() == last.utcoffset() else (0, 1)
        for clock, day, fold in product({_MIDNIGHT, *self._marks.times}, dates, folds):
            yield datetime.combine(day, clock, self._zone).replace(fold=fold).astimezone(UTC)
        if first.utcoffset() != last.utcoffset():
            yield self._change_between(start, start + _DAY)

    def _change_between(self, before: datetime, after: datetime) -> datetime:
        """Return the instant at which clocks are set: the local time may jump over a mark, or back behind one."""
        offset = before.astimezone(self._zone).utcoffset()
        while after - before > _SECOND:
            middle = before + (after - before) / 2
            if middle.astimezone(self._zone).utcoffset() == offset:
                before = middle
            else:
                after = middle
        # Clocks are set on whole seconds.
        return after.replace(microsecond=0)

    def _segment(self, began: datetime) -> Segment:
        local, (times, dates, days) = began.astimezone(self._zone), self._marks
        # Where no mark is at midnight, the last stretch of a day goes on into the next.
        clock = bisect_right(times, local.time()) % (len(times) + (_MIDNIGHT in times)) if times else 0
        state = clock, bisect_right(dates, local.date()), tuple(local.weekday() in each for each in days)
        return Segment(began, local, state)


def _course(segments: Iterable[Segment]) -> Course:
    """Return a course of segments, without the borders at which nothing changes."""
    kept: list[Segment] = []
    for segment in segments:
        if not kept:
            kept.append(segment._replace(ended=_NEVER))
        elif kept[-1].state != segment.state:
            kept[-1] = kept[-1]._replace(ended=segment.began)
            kept.append(segment._replace(ended=_NEVER))
    return Course(tuple(kept), [segment.began for segment in kept])


@lru_cache(_REMEMBERED_CALENDARS)
def calendar_of(marks: Marks, zone: tzinfo) -> Calendar:
    """Return the calendar of a time zone for these marks."""
    return Calendar(marks, zone)
