"""A session made ready to be rated: its periods in order of time, and what they measure in all."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Final, NamedTuple

from services.clearing.rating.results import CannotRate
from services.clearing.rating.sessions import Period, Session
from services.clearing.rating.tariffs import ENERGY, PARKING_TIME, RESERVATION_TIME, TIME
from services.core.money import ZERO, OutOfRange

LOOSE_SECONDS: Final = 60
"""How far measured time may be from clock time where the price depends on the clock, or time is priced."""

_OF_SESSIONS: Final = (ENERGY, TIME, PARKING_TIME)
_MEASURED: Final = (*_OF_SESSIONS, RESERVATION_TIME)
_LEVELS: Final = frozenset(
    {"CURRENT", "MAX_CURRENT", "MIN_CURRENT", "POWER", "MAX_POWER", "MIN_POWER", "STATE_OF_CHARGE"}
)
_KNOWN: Final = frozenset(_MEASURED) | _LEVELS | {"FLAT", "ENERGY_IMPORT", "ENERGY_EXPORT"}
_LOOSE: Final = timedelta(seconds=LOOSE_SECONDS)
_LOOSE_HOURS: Final = Decimal(LOOSE_SECONDS) / 3600
_BEYOND: Final = Decimal(10) ** 20


class Reading(NamedTuple):
    """A charging period and what it measured.

    Attributes:
        volumes: Of ENERGY, TIME, PARKING_TIME and RESERVATION_TIME, in that order; only what is not 0.
        kinds: The dimensions of these volumes.
        hours: Its length by what it measured.
    """

    period: Period
    volumes: Mapping[str, Decimal]
    kinds: tuple[str, ...]
    hours: Decimal


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used.

    Attributes:
        readings: In order of time, and at least one: a flat price needs no measurement.
        given: The dimensions that some period gives, whatever the volume.
        unused: Nobody used this reservation.
    """

    session: Session
    readings: Sequence[Reading]
    given: frozenset[str]
    unused: bool


def usage_of(session: Session) -> Usage:
    """Return a session made ready.

    Raises:
        CannotRate: when a period measures what neither version of OCPI knows, or a negative time.
        services.core.money.OutOfRange: when a volume does not fit decimal(28,8).
    """
    given: set[str] = set()
    used: set[str] = set()
    readings = []
    for period in sorted(session.periods, key=attrgetter("started_at")) or [Period(session.started_at, {})]:
        reading = _reading(period)
        given.update(period.volumes)
        used.update(reading.kinds)
        readings.append(reading)
    if not given <= _KNOWN:
        raise CannotRate(f"a period measures {min(given - _KNOWN)[:40]}")
    unused = session.without_evse or used == {RESERVATION_TIME}
    return Usage(session, readings, frozenset(given), unused)


def _reading(period: Period) -> Reading:
    measured, volumes, hours = period.volumes, {}, ZERO
    for kind in _MEASURED:
        volume = measured.get(kind)
        if not volume:
            continue
        if not -_BEYOND < volume < _BEYOND:
            raise OutOfRange("number does not fit decimal(28,8)")
        if kind != ENERGY:
            if volume < 0:
                raise CannotRate(f"a period measures a negative {kind}")
            hours += volume
        volumes[kind] = volume
    return Reading(period, volumes, tuple(volumes), hours)


def check_measured(usage: Usage, priced: Container[str]) -> None:
    """Refuse a session whose periods lack what its tariffs price and the CDR's totals have.

    Raises:
        CannotRate: with the dimension that lacks.
    """
    if usage.unused:
        if any(kind in reading.volumes for reading in usage.readings for kind in _OF_SESSIONS):
            raise CannotRate("no EVSE was used, and yet a period measures energy or time")
        return
    totals = usage.session.totals
    for kind in _OF_SESSIONS:
        lacks = kind in priced and kind not in usage.given and totals.get(kind)
        # What `total_parking_time` counts need not be PARKING_TIME, so time lacks only where no period has it.
        if lacks and (kind == ENERGY or _lacks_time(usage, totals)):
            raise CannotRate(f"no period measures {kind}")


def _lacks_time(usage: Usage, totals: Mapping[str, Decimal]) -> bool:
    total = totals.get(TIME, ZERO) + totals.get(PARKING_TIME, ZERO)
    return total - sum(reading.hours for reading in usage.readings) > _LOOSE_HOURS


def check_inside(usage: Usage) -> None:
    """Refuse a session with periods outside of it: nobody knows when they were.

    Raises:
        CannotRate: with the period.
    """
    first, last = usage.session.started_at - _LOOSE, usage.session.ended_at + _LOOSE
    for number, reading in enumerate(usage.readings, 1):
        if not first <= reading.period.started_at <= last:
            raise CannotRate(f"period {number} begins outside of the session")
