"""Whether an element's restrictions hold in a stretch of a session: yes, no, or it cannot be told.

OCPI mod_tariffs, TariffRestrictions: each is checked by itself and all must hold.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from services.clearing.rating.figures import figure
from services.clearing.rating.tariffs import ALWAYS, Restrictions

_MIDNIGHT: Final = time(0)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Moment(NamedTuple):
    """What restrictions look at; it is the same for all of a stretch.

    Attributes:
        local: Local time at its beginning; None where the time zone is not known.
        seconds: Since the session (or the reservation) began.
        kwh: Energy of the session until the middle of the stretch.
        currents: Every figure that its period gives of the current, A.
        powers: Every figure that its period gives of the power, kW.
    """

    local: datetime | None
    seconds: Decimal
    kwh: Decimal
    currents: Sequence[Decimal]
    powers: Sequence[Decimal]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why an element does not apply; where not `certain`, why nobody can say whether it does."""

    reason: str
    certain: bool = True


def mismatch(restrictions: Restrictions, moment: Moment) -> Mismatch | None:
    """Return why an element does not apply, None where it does; what surely fails beats what cannot be told."""
    if restrictions is ALWAYS:
        return None
    unsure: Mismatch | None = None
    for found in _mismatches(restrictions, moment):
        if found.certain:
            return found
        unsure = unsure or found
    return unsure


def _mismatches(wanted: Restrictions, moment: Moment) -> Iterator[Mismatch]:
    for reason in wanted.unreadable:
        yield Mismatch(reason, certain=False)
    if wanted.on_calendar:
        yield from _calendar(wanted, moment.local)
    yield from _counter(moment.kwh, wanted.min_kwh, wanted.max_kwh, "kWh")
    yield from _counter(moment.seconds, wanted.min_duration, wanted.max_duration, "s")
    yield from _level(moment.currents, wanted.min_current, wanted.max_current, "A", "current")
    yield from _level(moment.powers, wanted.min_power, wanted.max_power, "kW", "power")


def _calendar(wanted: Restrictions, local: datetime | None) -> Iterator[Mismatch]:
    if local is None:
        yield Mismatch("the time zone of the location is not known", certain=False)
        return
    if not _within(local.time(), wanted.start_time, wanted.end_time):
        yield _only(wanted.start_time or _MIDNIGHT, wanted.end_time or _MIDNIGHT)
    if wanted.days and local.weekday() not in wanted.days:
        yield Mismatch("only on " + ", ".join(_DAYS[day] for day in sorted(wanted.days)))
    if wanted.start_date is not None and local.date() < wanted.start_date:
        yield Mismatch(f"only from {wanted.start_date.isoformat()} on")
    if wanted.end_date is not None and local.date() >= wanted.end_date:
        yield Mismatch(f"only before {wanted.end_date.isoformat()}")


@lru_cache(maxsize=4096)
def _only(begin: time, end: time) -> Mismatch:
    return Mismatch(f"only from {begin:%H:%M} to {end:%H:%M}")


def _within(now: time, start: time | None, end: time | None) -> bool:
    begin, until = start or _MIDNIGHT, end or _MIDNIGHT
    if begin < until:
        return begin <= now < until
    # Midnight as the end is that of the same day; any other end that is not after the start is of the next day.
    return now >= begin or now < until


def _counter(value: Decimal, least: Decimal | None, below: Decimal | None, unit: str) -> Iterator[Mismatch]:
    if least is not None and value < least:
        yield Mismatch(f"only from {figure(least)} {unit} on")
    if below is not None and value >= below:
        yield Mismatch(f"only before {figure(below)} {unit}")


def _level(
    values: Sequence[Decimal], least: Decimal | None, below: Decimal | None, unit: str, what: str
) -> Iterator[Mismatch]:
    for bound, less in ((least, False), (below, True)):
        if bound is None:
            continue
        sides = {value < bound for value in values}
        if not sides:
            yield Mismatch(f"the {what} is not known", certain=False)
        elif len(sides) > 1:
            yield Mismatch(f"the {what} was both below {figure(bound)} {unit} and not", certain=False)
        elif less not in sides:
            yield Mismatch(f"only {'below' if less else 'from'} {figure(bound)} {unit}")
