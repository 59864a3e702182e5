"""A session made ready to be rated: its periods in order of time, and what they measure in all."""

from collections.abc import Container, Iterator, Mapping, Sequence, Set
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Final, NamedTuple

import msgspec

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
_BEGAN: Final = attrgetter("started_at")
_new: Final = tuple.__new__


class Wanted(NamedTuple):
    """What a stretch needs prices for.

    Attributes:
        kinds: The dimensions that it measures, of ENERGY, TIME, PARKING_TIME and RESERVATION_TIME, in that order.
        charging: It belongs to the session; the other stretches are of a reservation alone.
        reserved: It belongs to a reservation.
        unused: Nobody used the reservation.
    """

    kinds: tuple[str, ...]
    charging: bool
    reserved: bool
    unused: bool


class Reading(NamedTuple):
    """A charging period in its place.

    Attributes:
        number: Counted from 1.
        given: All that it says, by dimension.
        volumes: What it measured of ENERGY, TIME, PARKING_TIME and RESERVATION_TIME, in that order; not what is 0.
        hours: Its length by what it measured.
        kwh: Energy of the session until its beginning.
        counted_from: When the session began, or the reservation that it belongs to.
    """

    number: int
    tariff_id: str | None
    started_at: datetime
    ended_at: datetime
    given: Mapping[str, Decimal]
    volumes: Mapping[str, Decimal]
    hours: Decimal
    kwh: Decimal
    counted_from: datetime
    wanted: Wanted


class Usage(msgspec.Struct, frozen=True):
    """What was used.

    Attributes:
        readings: In order of time, and at least one: a flat price needs no measurement.
        given: The dimensions that some period gives, whatever the volume.
        unused: Nobody used this reservation.
    """

    session: Session
    readings: Sequence[Reading]
    given: Set[str]
    unused: bool


def usage_of(session: Session) -> Usage:
    """Return a session made ready.

    Raises:
        CannotRate: when a period measures what neither version of OCPI knows, or a negative time.
        services.core.money.OutOfRange: when a volume does not fit decimal(28,8).
    """
    periods = sorted(session.periods, key=_BEGAN) or [Period(session.started_at, {})]
    given = {kind for period in periods for kind in period.volumes}
    if not given <= _KNOWN:
        raise CannotRate(f"a period measures {min(given - _KNOWN)[:40]}")
    unused = session.without_evse or (RESERVATION_TIME in given and _is_reservation(periods))
    return Usage(session, list(_readings(session, periods, unused=unused)), given, unused)


def _is_reservation(periods: Sequence[Period]) -> bool:
    used = {kind for period in periods for kind in _MEASURED if period.volumes.get(kind)}
    return used == {RESERVATION_TIME}


def _readings(session: Session, periods: Sequence[Period], *, unused: bool) -> Iterator[Reading]:
    counted_from, began, kwh = session.started_at, False, ZERO
    ends = [*(period.started_at for period in periods[1:]), session.ended_at]
    for number, (period, end) in enumerate(zip(periods, ends, strict=True), 1):
        start, (volumes, hours) = period.started_at, _measured(period.volumes)
        wanted = _wanted(tuple(volumes), unused)
        if wanted.charging and not began:
            began, counted_from = True, counted_from if number == 1 else start
        since = counted_from if wanted.charging else session.started_at
        ended = end if end > start else start
        # As the call of its class, and three times as fast; there is one for each period.
        yield _new(
            Reading, (number, period.tariff_id, start, ended, period.volumes, volumes, hours, kwh, since, wanted)
        )
        if ENERGY in volumes:
            kwh += volumes[ENERGY]


def _measured(given: Mapping[str, Decimal]) -> tuple[Mapping[str, Decimal], Decimal]:
    """Return the volumes of a period, and its hours by them."""
    volumes, hours = {}, ZERO
    for kind in _MEASURED:
        volume = given.get(kind)
        if volume:
            if not -_BEYOND < volume < _BEYOND:
                raise OutOfRange("number does not fit decimal(28,8)")
            if kind != ENERGY:
                if volume < 0:
                    raise CannotRate(f"a period measures a negative {kind}")
                hours = hours + volume if hours else volume
            volumes[kind] = volume
    return volumes, hours


# There are but so many sets of dimensions.
@lru_cache(maxsize=64)
def _wanted(kinds: tuple[str, ...], unused: bool) -> Wanted:
    reserved = unused or RESERVATION_TIME in kinds
    return Wanted(kinds, not unused and (not reserved or len(kinds) > 1), reserved, unused)


def check_measured(usage: Usage, priced: Container[str]) -> None:
    """Refuse a session whose periods lack what its tariffs price and the CDR's totals have.

    Energy lacks too where there are totals and none of energy: nobody knows that there was none.

    Raises:
        CannotRate: with the dimension that lacks.
    """
    if usage.unused:
        if any(kind in reading.volumes for reading in usage.readings for kind in _OF_SESSIONS):
            raise CannotRate("no EVSE was used, and yet a period measures energy or time")
        return
    totals = usage.session.totals
    for kind in _OF_SESSIONS:
        lacks = kind in priced and kind not in usage.given and totals.get(kind, bool(totals) and kind == ENERGY)
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
    for reading in usage.readings:
        if not first <= reading.started_at <= last:
            raise CannotRate(f"period {reading.number} begins outside of the session")
