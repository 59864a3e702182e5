"""A session cut into stretches in which the same elements apply from beginning to end."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final

from services.clearing.rating.borders import LONGEST, clock_borders, duration_borders, energy_borders, microseconds
from services.clearing.rating.matching import Moment
from services.clearing.rating.results import CannotRate
from services.clearing.rating.sessions import Period, Session
from services.clearing.rating.tariffs import ENERGY, PARKING_TIME, RESERVATION_TIME, TIME, Restrictions, Tariff
from services.core.money import EXACT, ZERO

MEASURED: Final = (ENERGY, TIME, PARKING_TIME, RESERVATION_TIME)
_TIMES: Final = (TIME, PARKING_TIME, RESERVATION_TIME)
_CHARGING: Final = (ENERGY, TIME, PARKING_TIME)
_CURRENTS: Final = ("MIN_CURRENT", "CURRENT", "MAX_CURRENT")
_POWERS: Final = ("MIN_POWER", "POWER", "MAX_POWER")
_MICROSECONDS: Final = Decimal(10**6)
_MICROSECOND: Final = timedelta(microseconds=1)
_HOUR: Final = Decimal(3600)
# Finer than any measurement, so that shares can be added without a digit getting lost.
_SHARE: Final = Decimal("1E-20")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a charging period.

    Attributes:
        period: Counted from 1.
        seconds: How long its whole period is.
        tariff: None where no tariff is relevant.
        volumes: Its share of what the period measured of ENERGY, TIME, PARKING_TIME and RESERVATION_TIME.
        charging: It belongs to the session; the other stretches are of a reservation alone.
        reserved: It belongs to a reservation.
        moment: Seconds are those of the session where it is charging, else those of the reservation.
    """

    period: int
    started_at: datetime
    ended_at: datetime
    seconds: Decimal
    tariff: Tariff | None
    volumes: Mapping[str, Decimal]
    charging: bool
    reserved: bool
    moment: Moment


@dataclass(frozen=True, slots=True)
class _Whole:
    number: int
    period: Period
    ended_at: datetime
    tariff: Tariff | None
    kwh_before: Decimal
    began: datetime
    charging: bool
    reserved: bool


def expired(session: Session) -> bool:
    """Say whether nobody used this reservation: no EVSE is named, or nothing but a reservation was measured."""
    used = {kind for period in session.periods for kind in MEASURED if period.volumes.get(kind)}
    return session.without_evse or used == {RESERVATION_TIME}


def stretches(session: Session, tariffs: Sequence[Tariff | None], zone: tzinfo | None) -> Iterator[Stretch]:
    """Cut a session; there is one tariff, or None, for each of its periods, which are in order of time.

    Raises:
        CannotRate: when the calendar matters and the session is longer than `LONGEST`.
    """
    clocks: dict[int, list[datetime]] = {}
    for whole in _wholes(session, tariffs):
        if whole.tariff is not None and id(whole.tariff) not in clocks:
            clocks[id(whole.tariff)] = _clocks(session, whole.tariff, zone)
        yield from _cut(whole, zone, clocks.get(id(whole.tariff), []))


def _clocks(session: Session, tariff: Tariff, zone: tzinfo | None) -> list[datetime]:
    """Return the instants at which the local clock passes a border of the tariff's, in order."""
    wanted = [each.restrictions for each in tariff.elements]
    if zone is None or not any(each.on_calendar for each in wanted):
        return []
    start, end = session.periods[0].started_at, max(session.ended_at, session.periods[-1].started_at)
    if end - start > LONGEST:
        raise CannotRate(f"the session is longer than {LONGEST.days} days")
    return sorted(clock_borders(wanted, zone, start, end))


def _wholes(session: Session, tariffs: Sequence[Tariff | None]) -> Iterator[_Whole]:
    periods, unused, kwh = session.periods, expired(session), ZERO
    began: datetime | None = None
    for number, (period, tariff) in enumerate(zip(periods, tariffs, strict=True), 1):
        reserved = unused or bool(period.volumes.get(RESERVATION_TIME))
        charging = not unused and (not reserved or any(period.volumes.get(kind) for kind in _CHARGING))
        if charging and began is None:
            began = period.started_at if number > 1 else session.started_at
        last = number == len(periods)
        ended_at = max(period.started_at, session.ended_at if last else periods[number].started_at)
        counted_from = began if began and charging else session.started_at
        yield _Whole(number, period, ended_at, tariff, kwh, counted_from, charging, reserved)
        kwh = EXACT.add(kwh, period.volumes.get(ENERGY, ZERO))


def _cut(whole: _Whole, zone: tzinfo | None, clocks: Sequence[datetime]) -> Iterator[Stretch]:
    span = microseconds(whole.ended_at - whole.period.started_at)
    currents, powers = _currents(whole.period), _powers(whole)
    shares: dict[str, Decimal] = {}
    before = Decimal(0)
    for after in (*sorted(_borders(whole, clocks)), Decimal(1)):
        began = _instant(whole, before)
        volumes = _shares(whole.period, shares, before, after)
        moment = Moment(
            local=None if zone is None else began.astimezone(zone),
            seconds=EXACT.divide(microseconds(began - whole.began), _MICROSECONDS),
            kwh=_middle(whole, before, after),
            currents=currents,
            powers=powers,
        )
        yield Stretch(
            whole.number,
            began,
            _instant(whole, after),
            EXACT.divide(span, _MICROSECONDS),
            whole.tariff,
            volumes,
            whole.charging,
            whole.reserved,
            moment,
        )
        before = after


def _borders(whole: _Whole, clocks: Sequence[datetime]) -> set[Decimal]:
    wanted: list[Restrictions] = [] if whole.tariff is None else [each.restrictions for each in whole.tariff.elements]
    start, end = whole.period.started_at, whole.ended_at
    instants = set(clocks[bisect_right(clocks, start) : bisect_left(clocks, end)])
    instants |= {instant for instant in duration_borders(wanted, whole.began) if start < instant < end}
    span = microseconds(end - start)
    parts = {EXACT.divide(microseconds(instant - start), span) for instant in instants}
    if whole.charging:
        parts |= energy_borders(wanted, whole.kwh_before, whole.period.volumes.get(ENERGY, ZERO))
    return parts


def _instant(whole: _Whole, part: Decimal) -> datetime:
    span = microseconds(whole.ended_at - whole.period.started_at)
    exact = EXACT.multiply(span, part).to_integral_value(context=EXACT)
    return whole.period.started_at + int(exact) * _MICROSECOND


def _shares(period: Period, taken: dict[str, Decimal], before: Decimal, after: Decimal) -> dict[str, Decimal]:
    """Return a stretch's shares; the last one takes what is left, so that the shares sum to the whole."""
    shares = {}
    for kind, volume in period.volumes.items():
        if kind not in MEASURED or not volume:
            continue
        if after == 1:
            share = EXACT.subtract(volume, taken.get(kind, ZERO))
        else:
            share = EXACT.multiply(volume, EXACT.subtract(after, before)).quantize(_SHARE, context=EXACT)
        taken[kind] = EXACT.add(taken.get(kind, ZERO), share)
        shares[kind] = share
    return shares


def _middle(whole: _Whole, before: Decimal, after: Decimal) -> Decimal:
    """Return the session's energy in the middle of a stretch: it may begin on a border, and V2G runs backwards."""
    part = EXACT.divide(EXACT.add(before, after), Decimal(2))
    return EXACT.add(whole.kwh_before, EXACT.multiply(whole.period.volumes.get(ENERGY, ZERO), part))


def _currents(period: Period) -> tuple[Decimal, ...]:
    given = tuple(period.volumes[kind] for kind in _CURRENTS if kind in period.volumes)
    return given or ((ZERO,) if _rests(period) else ())


def _powers(whole: _Whole) -> tuple[Decimal, ...]:
    """Return the figures given, or the mean; OCPI mod_cdrs, ChargingPeriod: no period goes on beyond a border."""
    volumes = whole.period.volumes
    given = tuple(volumes[kind] for kind in _POWERS if kind in volumes)
    if given or _rests(whole.period):
        return given or (ZERO,)
    seconds = EXACT.divide(microseconds(whole.ended_at - whole.period.started_at), _MICROSECONDS)
    hours = volumes.get(TIME) or EXACT.divide(seconds, _HOUR)
    if ENERGY not in volumes or hours <= 0:
        return ()
    return (EXACT.divide(volumes[ENERGY], hours),)


def _rests(period: Period) -> bool:
    return bool(period.volumes.get(PARKING_TIME)) and not period.volumes.get(TIME) and not period.volumes.get(ENERGY)


def measured_seconds(period: Period) -> Decimal:
    """Return how long a period is by what it measured."""
    hours = ZERO
    for kind in _TIMES:
        hours = EXACT.add(hours, period.volumes.get(kind, ZERO))
    return EXACT.multiply(hours, _HOUR)
