"""A session cut into stretches in which the same elements apply from beginning to end."""

from bisect import bisect_right
from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from services.clearing.rating.borders import (
    MICROSECOND,
    MICROSECONDS,
    duration_borders,
    energy_borders,
    is_uncut,
    side,
)
from services.clearing.rating.calendars import Course, Segment
from services.clearing.rating.choosing import Choice, Wanted
from services.clearing.rating.matching import Moment
from services.clearing.rating.plans import Plan
from services.clearing.rating.tariffs import ENERGY, PARKING_TIME, RESERVATION_TIME, TIME
from services.clearing.rating.usage import Reading, Usage
from services.core.money import ZERO

_MICROSECONDS_OF_AN_HOUR: Final = Decimal(3_600_000_000)
_WHOLE: Final = Decimal(1)
_HALF: Final = Decimal("0.5")
# Finer than any measurement, so that shares can be added without a digit getting lost.
_SHARE: Final = Decimal("1E-20")


class Stretch(NamedTuple):
    """A part of a charging period: its share of what that measured, and what prices it."""

    started_at: datetime
    ended_at: datetime
    volumes: Mapping[str, Decimal]
    choices: tuple[Choice, ...]


class Looks(NamedTuple):
    """When in a session a stretch is: of which segment, after how many microseconds, and after which energy, kWh."""

    segment: Segment | None
    lasted: int
    kwh: Decimal


class Whole(NamedTuple):
    """A charging period in its place.

    Attributes:
        number: Counted from 1.
        microseconds: How long it is.
        plan: Of its tariff.
        kwh: Energy of the session until its beginning.
        counted_from: When the session began, or the reservation that it belongs to.
    """

    number: int
    reading: Reading
    started_at: datetime
    ended_at: datetime
    microseconds: int
    plan: Plan
    kwh: Decimal
    counted_from: datetime
    wanted: Wanted


def wholes(usage: Usage, plans: Sequence[Plan]) -> Iterator[Whole]:
    """Return the periods of a session, each with the plan in the same place."""
    session, readings, unused, kwh = usage.session, usage.readings, usage.unused, ZERO
    ends = [*(reading.period.started_at for reading in readings[1:]), session.ended_at]
    counted_from, began = session.started_at, False
    for number, (reading, plan, end) in enumerate(zip(readings, plans, ends, strict=True), 1):
        start, kinds = reading.period.started_at, reading.kinds
        reserved = unused or RESERVATION_TIME in kinds
        charging = not unused and (not reserved or len(kinds) > 1)
        if charging and not began:
            began, counted_from = True, start if number > 1 else counted_from
        ended_at = max(start, end)
        since = counted_from if charging else session.started_at
        lasts = (ended_at - start) // MICROSECOND
        wanted = Wanted(kinds, charging, reserved, unused)
        yield Whole(number, reading, start, ended_at, lasts, plan, kwh, since, wanted)
        if ENERGY in kinds:
            kwh += reading.volumes[ENERGY]


def stretches(whole: Whole, course: Course | None) -> list[Stretch]:
    """Cut a period; there is a course where its tariff looks at the calendar and the time zone is known."""
    bounds, start, volumes = whole.plan.bounds, whole.started_at, whole.reading.volumes
    segment = None if course is None else course.at(start)
    lasted = (start - whole.counted_from) // MICROSECOND if bounds.microseconds else 0
    energy = volumes.get(ENERGY, ZERO) if bounds.kwh and whole.wanted.charging else ZERO
    if (
        (segment is None or whole.ended_at <= segment.ended)
        and is_uncut(bounds.microseconds, lasted, lasted + whole.microseconds)
        and is_uncut(bounds.kwh, whole.kwh, whole.kwh + energy)
    ):
        # V2G runs backwards, and so below the bound at which it may begin.
        looks = Looks(segment, lasted, whole.kwh if energy >= 0 else whole.kwh + energy)
        return [Stretch(start, whole.ended_at, volumes, _choices(whole, looks))]
    return _cut(whole, course, lasted)


def _cut(whole: Whole, course: Course | None, lasted: int) -> list[Stretch]:
    """Cut a period where other elements apply; a border at which the choices stay the same is nobody's."""
    found: list[Stretch] = []
    left, began = dict(whole.reading.volumes), whole.started_at
    for before, after, chosen in _runs(whole, course, lasted):
        ended = whole.ended_at if after == _WHOLE else _instant(whole, after)
        found.append(Stretch(began, ended, _share(whole.reading.volumes, left, before, after), chosen))
        began = ended
    return found


def _runs(whole: Whole, course: Course | None, lasted: int) -> list[tuple[Decimal, Decimal, tuple[Choice, ...]]]:
    """Return the parts of a period, from and to, with their choices."""
    runs: list[tuple[Decimal, Decimal, tuple[Choice, ...]]] = []
    before, energy = ZERO, whole.reading.volumes.get(ENERGY, ZERO)
    for after in (*sorted(_borders(whole, course, lasted)), _WHOLE):
        passed = int((whole.microseconds * before).to_integral_value())
        segment = None if course is None else course.at(whole.started_at + passed * MICROSECOND)
        # Energy is looked at in the middle: a stretch may begin on a border, and V2G runs backwards.
        kwh = whole.kwh + energy * (before + after) * _HALF
        chosen = _choices(whole, Looks(segment, lasted + passed, kwh))
        if runs and runs[-1][2] == chosen:
            runs[-1] = runs[-1][0], after, chosen
        else:
            runs.append((before, after, chosen))
        before = after
    return runs


def _instant(whole: Whole, part: Decimal) -> datetime:
    return whole.started_at + int((whole.microseconds * part).to_integral_value()) * MICROSECOND


def _borders(whole: Whole, course: Course | None, lasted: int) -> set[Decimal]:
    """Return the parts of a period, between 0 and 1, after which another element may apply."""
    bounds, start, volumes = whole.plan.bounds, whole.started_at, whole.reading.volumes
    instants = () if course is None else course.between(start, whole.ended_at)
    passed = [(instant - start) // MICROSECOND for instant in instants]
    passed += duration_borders(bounds, lasted, lasted + whole.microseconds)
    parts = {Decimal(each) / whole.microseconds for each in passed}
    if whole.wanted.charging and ENERGY in volumes:
        parts.update(energy_borders(bounds, whole.kwh, volumes[ENERGY]))
    return parts


def _share(
    volumes: Mapping[str, Decimal], left: dict[str, Decimal], before: Decimal, after: Decimal
) -> dict[str, Decimal]:
    """Return a stretch's share; the last one takes what is left, so that the shares sum to the whole."""
    if after == _WHOLE:
        return left
    share = {kind: (volume * (after - before)).quantize(_SHARE) for kind, volume in volumes.items()}
    for kind, volume in share.items():
        left[kind] -= volume
    return share


def _choices(whole: Whole, looks: Looks) -> tuple[Choice, ...]:
    """Return what prices a stretch: looked up by the side of each bound on which it is."""
    plan, bounds = whole.plan, whole.plan.bounds
    segment, lasted, kwh = looks
    state: Hashable = (
        segment and segment.state,
        bisect_right(bounds.microseconds, lasted),
        bisect_right(bounds.kwh, kwh),
        side(bounds.currents, currents_of(whole)) if bounds.currents else None,
        side(bounds.powers, powers_of(whole)) if bounds.powers else None,
        whole.wanted,
    )
    found = plan.known(state)
    if found is not None:
        return found
    local, currents, powers = segment and segment.local, currents_of(whole), powers_of(whole)
    return plan.choose(state, whole.wanted, Moment(local, lasted / MICROSECONDS, kwh, currents, powers))


def currents_of(whole: Whole) -> Sequence[Decimal]:
    """Return every figure that a period gives of the current, A; parking has none."""
    return _figures(whole, "MIN_CURRENT", "CURRENT", "MAX_CURRENT") or ((ZERO,) if _rests(whole) else ())


def powers_of(whole: Whole) -> Sequence[Decimal]:
    """Return every figure given of the power, kW, else the mean.

    OCPI mod_cdrs, ChargingPeriod: no period goes on beyond a border, so one figure is enough.
    """
    figures = _figures(whole, "MIN_POWER", "POWER", "MAX_POWER")
    if figures or _rests(whole):
        return figures or (ZERO,)
    measured = whole.reading.volumes
    hours = measured.get(TIME) or whole.microseconds / _MICROSECONDS_OF_AN_HOUR
    if ENERGY not in whole.reading.period.volumes or hours <= 0:
        return ()
    return (measured.get(ENERGY, ZERO) / hours,)


def _figures(whole: Whole, least: str, mean: str, most: str) -> Sequence[Decimal]:
    given = whole.reading.period.volumes
    low, middle, high = given.get(least), given.get(mean), given.get(most)
    if middle is None and low is not None and high is not None:
        return (low, high) if low != high else (low,)
    return [each for each in (low, middle, high) if each is not None]


def _rests(whole: Whole) -> bool:
    kinds = whole.reading.kinds
    return PARKING_TIME in kinds and TIME not in kinds and ENERGY not in kinds
