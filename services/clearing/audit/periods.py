"""The charging periods: their order, their times, and what they measure. OCPI mod_cdrs, ChargingPeriod."""

from collections.abc import Hashable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final

from services.clearing.audit.cases import Case, Lasting, is_longer
from services.clearing.audit.codes import Code
from services.clearing.audit.findings import Finding, find
from services.clearing.rating.sessions import Period
from services.core.money import ZERO

_TIMES: Final = ("TIME", "PARKING_TIME", "RESERVATION_TIME")
_OF_CDRS: Final = frozenset({"ENERGY", "MAX_CURRENT", "MIN_CURRENT", "MAX_POWER", "MIN_POWER", *_TIMES})
_OF_SESSIONS: Final = frozenset({"CURRENT", "ENERGY_EXPORT", "ENERGY_IMPORT", "POWER", "STATE_OF_CHARGE"})
_SHOWN: Final = Decimal("0.0001")


def order(case: Case) -> Iterator[Finding]:
    """Find that there is no period, one that is out of order, and one that is there twice."""
    periods = case.claim.used.periods
    if not periods:
        yield find(Code.PERIODS_MISSING)
    for number, (before, period) in enumerate(pairwise(periods), 2):
        if period.started_at < before.started_at:
            yield find(Code.PERIODS_UNORDERED, period=number, began=period.started_at)
            break
    if any(period.started_at <= before.started_at for before, period in pairwise(periods)):
        yield from _repeated(periods)


def _repeated(periods: Sequence[Period]) -> Iterator[Finding]:
    seen: dict[Hashable, int] = {}
    for number, period in enumerate(periods, 1):
        first = seen.setdefault(_content(period), number)
        if first != number and period.volumes:
            yield find(Code.PERIOD_REPEATED, first=first, second=number)
            return


def _content(period: Period) -> Hashable:
    return period.started_at, period.tariff_id, frozenset(period.volumes.items())


def within_session(case: Case) -> Iterator[Finding]:
    """Find a period that is not within the session, and a session that begins without one."""
    claim, tolerance = case.claim, case.rules.time_tolerance
    if not case.periods or not claim.times_known:
        return
    started, ended, first = claim.started_at, claim.ended_at, case.periods[0].period.started_at
    for each in case.periods:
        began = each.period.started_at
        if started - began > tolerance or began - ended > tolerance:
            numbers = {"period": each.number, "began": began}
            yield find(Code.PERIOD_OUTSIDE_SESSION, started=started, ended=ended, **numbers)
            break
    if first - started > tolerance and first <= ended:
        yield find(Code.PERIODS_GAP, began=first, started=started)


def measured_times(case: Case) -> Iterator[Finding]:
    """Find periods that measure more time than they last, less than none, or more than the total in all.

    Less is no fault: OCPI has no dimension for the time in which a car wants power and gets none.
    """
    claim, tolerance = case.claim, case.rules.time_tolerance_hours
    volumes = claim.volumes
    kinds = [kind for kind in _TIMES if kind in volumes]
    if claim.times_known and claim.ended_at >= claim.started_at:
        yield from _longer_than_it_lasts(case.periods, kinds, case.rules.time_tolerance)
    yield from _negative(case.periods, kinds)
    measured = volumes.get("TIME", ZERO) + volumes.get("PARKING_TIME", ZERO)
    if not claim.unreadable and measured > claim.hours + tolerance:
        yield find(Code.PERIODS_TIME_MISMATCH, measured=_shown(measured), hours=_shown(claim.hours))


def _longer_than_it_lasts(periods: Sequence[Lasting], kinds: Sequence[str], tolerance: timedelta) -> Iterator[Finding]:
    for each in periods:
        measured = ZERO
        for kind in kinds:
            measured += each.period.volumes.get(kind, ZERO)
        if is_longer(measured, each.lasts + tolerance):
            # One that begins after the session lasts no time, rather than less than none.
            numbers = {"lasts": _shown(max(ZERO, each.hours)), "measured": _shown(measured)}
            yield find(Code.PERIOD_TIME_IMPLAUSIBLE, period=each.number, **numbers)
            return


def _negative(periods: Sequence[Lasting], kinds: Sequence[str]) -> Iterator[Finding]:
    for each in periods:
        for kind in kinds:
            volume = each.period.volumes.get(kind, ZERO)
            if volume < ZERO:
                yield find(Code.PERIOD_VOLUME_NEGATIVE, period=each.number, dimension=kind, volume=volume)
                return


def dimensions(case: Case) -> Iterator[Finding]:
    """Find dimensions that OCPI does not have, or has for sessions only (mod_cdrs, CdrDimensionType)."""
    unknown = case.claim.volumes.keys() - _OF_CDRS
    for kind in sorted(unknown):
        code = Code.DIMENSION_OF_SESSION if kind in _OF_SESSIONS else Code.DIMENSION_UNKNOWN
        number = next(each.number for each in case.periods if kind in each.period.volumes)
        yield find(code, period=number, dimension=kind)


def _shown(hours: Decimal) -> Decimal:
    return hours.quantize(_SHOWN)
