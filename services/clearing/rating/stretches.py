"""Charging periods cut into stretches in which the same elements apply from beginning to end."""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Final, NamedTuple

from services.clearing.rating.borders import (
    MICROSECOND,
    MICROSECONDS,
    beyond,
    duration_borders,
    energy_borders,
    part_of,
)
from services.clearing.rating.calendars import Course, Segment
from services.clearing.rating.choosing import Choice
from services.clearing.rating.matching import Moment
from services.clearing.rating.plans import Plan
from services.clearing.rating.tariffs import ENERGY, PARKING_TIME, TIME
from services.clearing.rating.usage import Reading
from services.core.money import ZERO

_CURRENTS: Final = ("MIN_CURRENT", "CURRENT", "MAX_CURRENT")
_POWERS: Final = ("MIN_POWER", "POWER", "MAX_POWER")
_MICROSECONDS_OF_AN_HOUR: Final = Decimal(3_600_000_000)
_WHOLE: Final = Decimal(1)
_HALF: Final = Decimal("0.5")
# Finer than any measurement, so that shares can be added without a digit getting lost.
_SHARE: Final = Decimal("1E-20")
# OCPI types, number: hours have four decimals, and half of the last one is 0.18 s.
_HALF_DIGIT: Final = Decimal(180_000)


class Stretch(NamedTuple):
    """A part of a charging period: its share of what that measured, and what prices it."""

    started_at: datetime
    ended_at: datetime
    volumes: Mapping[str, Decimal]
    choices: tuple[Choice, ...]


class _Run(NamedTuple):
    """Choices that hold from an instant to a part of the period."""

    began: datetime
    until: Decimal
    choices: tuple[Choice, ...]


class Cutter:
    """Cuts the charging periods of one tariff in one session.

    Args:
        plan: Of the tariff.
        course: Where that looks at the calendar and the time zone is known.
    """

    def __init__(self, plan: Plan, course: Course | None) -> None:
        self._plan, self._bounds, self._course = plan, plan.bounds, course

    def whole(self, reading: Reading) -> tuple[Choice, ...] | None:
        """Return what prices all of a period; None where it may have to be cut."""
        durations, energies, start = self._bounds.durations, self._bounds.kwh, reading.started_at
        segment = None if self._course is None else self._course.at(start)
        if segment is not None and segment.ended < reading.ended_at:
            return None
        after = used = 0
        if durations:
            after = bisect_right(durations, start - reading.counted_from)
            if after < len(durations) and durations[after] < reading.ended_at - reading.counted_from:
                return None
        if energies:
            used = bisect_right(energies, reading.kwh)
            energy = reading.volumes.get(ENERGY)
            # V2G runs backwards, over bounds before the one that comes next.
            if energy is not None and (
                energy.is_signed() or (used < len(energies) and energies[used] < reading.kwh + energy)
            ):
                return None
        return self._choices(reading, segment, (after, used), self._levels(reading))

    def cut(self, reading: Reading) -> list[Stretch]:
        """Cut a period where other elements apply; a border at which the choices stay the same is nobody's."""
        found: list[Stretch] = []
        left, before, runs = dict(reading.volumes), ZERO, self._runs(reading)
        for run, following in pairwise(runs):
            part, before = run.until - before, run.until
            share = {kind: (volume * part).quantize(_SHARE) for kind, volume in reading.volumes.items()}
            for kind, volume in share.items():
                left[kind] -= volume
            found.append(Stretch(run.began, following.began, share, run.choices))
        # The last one takes what is left, so that all shares sum to the whole.
        found.append(Stretch(runs[-1].began, reading.ended_at, left, runs[-1].choices))
        return found

    def _runs(self, reading: Reading) -> list[_Run]:
        runs: list[_Run] = []
        lasts = (reading.ended_at - reading.started_at) // MICROSECOND
        levels, energy, before = self._levels(reading), reading.volumes.get(ENERGY, ZERO), ZERO
        for after in (*self._borders(reading, lasts), _WHOLE):
            began = reading.started_at + int((lasts * before).to_integral_value()) * MICROSECOND
            segment = None if self._course is None else self._course.at(began)
            after_bounds = bisect_right(self._bounds.durations, began - reading.counted_from)
            # Energy is looked at in the middle: a stretch may begin on a border, and V2G runs backwards.
            used_bounds = bisect_right(self._bounds.kwh, reading.kwh + energy * (before + after) * _HALF)
            chosen = self._choices(reading, segment, (after_bounds, used_bounds), levels)
            if runs and runs[-1].choices is chosen:
                runs[-1] = _Run(runs[-1].began, after, chosen)
            else:
                runs.append(_Run(began, after, chosen))
            before = after
        return runs

    def _borders(self, reading: Reading, lasts: int) -> list[Decimal]:
        """Return the parts of a period, between 0 and 1, after which another element may apply, in order."""
        bounds, start, end, since = self._bounds, reading.started_at, reading.ended_at, reading.counted_from
        passed = [] if self._course is None else [instant - start for instant in self._course.between(start, end)]
        if bounds.durations:
            passed += duration_borders(bounds, start - since, end - since)
        parts = [part_of(Decimal(each // MICROSECOND), Decimal(lasts)) for each in passed]
        if bounds.kwh and reading.wanted.charging and ENERGY in reading.volumes:
            parts += energy_borders(bounds, reading.kwh, reading.volumes[ENERGY])
        # Equal ones stand side by side, and there is nothing between them.
        return [part for part, _ in groupby(sorted(parts))]

    def _choices(
        self, reading: Reading, segment: Segment | None, sides: tuple[int, int], levels: Hashable
    ) -> tuple[Choice, ...]:
        """Return what prices a stretch.

        Args:
            reading: Its period.
            segment: Its place in the calendar.
            sides: How many bounds of duration and of energy it is beyond.
            levels: Between which bounds its current and power are.
        """
        state = segment and segment.state, sides, levels, reading.wanted
        found = self._plan.known(state)
        if found is None:
            seconds, kwh = beyond(self._bounds, *sides)
            moment = Moment(segment and segment.local, seconds, kwh, currents_of(reading), powers_of(reading))
            found = self._plan.choose(state, reading.wanted, moment)
        return found

    def _levels(self, reading: Reading) -> Hashable:
        currents, powers = self._bounds.currents, self._bounds.powers
        if not currents:
            return _side(powers, reading, _POWERS, powers_of) if powers else None
        return _side(currents, reading, _CURRENTS, currents_of), _side(powers, reading, _POWERS, powers_of)


def _side(
    bounds: Sequence[Decimal], reading: Reading, kinds: Sequence[str], figures: Callable[[Reading], Sequence[Decimal]]
) -> tuple[int, int] | None:
    """Return between which bounds the least and the highest figure of a period lie; None where there is no figure."""
    given = reading.given
    places = [bisect_right(bounds, given[kind]) for kind in kinds if kind in given]
    places = places or [bisect_right(bounds, figure) for figure in figures(reading)]
    return (min(places), max(places)) if places else None


def currents_of(reading: Reading) -> Sequence[Decimal]:
    """Return every figure that a period gives of the current, A; parking has none."""
    figures = [reading.given[kind] for kind in _CURRENTS if kind in reading.given]
    return figures or ((ZERO,) if _rests(reading) else ())


def powers_of(reading: Reading) -> Sequence[Decimal]:
    """Return every figure given of the power, kW, else the mean.

    OCPI mod_cdrs, ChargingPeriod: no period goes on beyond a border, so one figure is enough.
    """
    given = reading.given
    figures = [given[kind] for kind in _POWERS if kind in given]
    if figures or _rests(reading):
        return figures or (ZERO,)
    charged = _microseconds_charging(reading)
    # Multiplied first: 2 kWh in 40 minutes are 3 kW, not a little less.
    return (given[ENERGY] * _MICROSECONDS_OF_AN_HOUR / charged,) if ENERGY in given and charged > 0 else ()


def _microseconds_charging(reading: Reading) -> Decimal:
    """Return the TIME of a period, else its length.

    TIME is that length, or whole seconds, where only its rounding tells them apart.
    """
    lasts = Decimal((reading.ended_at - reading.started_at) // MICROSECOND)
    if TIME not in reading.volumes:
        return lasts
    charged = reading.volumes[TIME] * _MICROSECONDS_OF_AN_HOUR
    seconds = (charged / MICROSECONDS).to_integral_value() * MICROSECONDS
    return next((each for each in (lasts, seconds) if each and abs(charged - each) <= _HALF_DIGIT), charged)


def _rests(reading: Reading) -> bool:
    kinds = reading.wanted.kinds
    return PARKING_TIME in kinds and TIME not in kinds and ENERGY not in kinds
