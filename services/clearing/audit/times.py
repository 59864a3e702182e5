"""Start, end and duration of a session, and the claimed durations against them."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Final

from services.clearing.audit.cases import Case
from services.clearing.audit.codes import Code
from services.clearing.audit.findings import Finding, find
from services.core.money import ZERO

_SHOWN: Final = Decimal("0.0001")


def order_and_length(case: Case) -> Iterator[Finding]:
    """Find a session without a time, that ends before it starts, takes no time, or is too long."""
    claim, limit = case.claim, case.rules.longest_session_hours
    if not claim.times_known:
        yield find(Code.TIME_UNKNOWN, started=claim.started_at, ended=claim.ended_at)
    elif claim.ended_at < claim.started_at:
        yield find(Code.TIME_REVERSED, started=claim.started_at, ended=claim.ended_at)
    else:
        if claim.ended_at == claim.started_at:
            yield find(Code.TIME_ZERO, started=claim.started_at)
        hours = max(case.hours, claim.hours)
        if hours > limit:
            yield find(Code.TIME_IMPLAUSIBLE, hours=_shown(hours), limit=limit)


def against_clocks(case: Case) -> Iterator[Finding]:
    """Find a session that is not over yet, or was not when its CDR was written."""
    claim, now, updated_at = case.claim, case.facts.now, case.claim.updated_at
    if now is not None and claim.ended_at - now > timedelta(seconds=case.rules.future_tolerance_seconds):
        yield find(Code.TIME_IN_FUTURE, ended=claim.ended_at, now=now)
    if updated_at is not None and claim.ended_at - updated_at > case.rules.time_tolerance:
        yield find(Code.UPDATED_BEFORE_END, updated=updated_at, ended=claim.ended_at)


def totals(case: Case) -> Iterator[Finding]:
    """Find a total time that is not that from start to end, and parking time beyond it.

    OCPI mod_cdrs, CDR object: the total has charging and not charging in it. Whether the time of a reservation is in
    it too, the text does not say: both are right. One that nobody used may have no time at all.
    """
    claim, tolerance = case.claim, case.rules.time_tolerance_hours
    if claim.unreadable:
        return
    forward = claim.times_known and claim.ended_at >= claim.started_at
    if forward and all(abs(claim.hours - each) > tolerance for each in _right_totals(case)):
        yield find(Code.TIME_TOTAL_MISMATCH, claimed=_shown(claim.hours), lasted=_shown(case.hours))
    parking = claim.parking_hours
    if parking is not None and not -tolerance <= parking <= claim.hours + tolerance:
        yield find(Code.PARKING_TIME_IMPLAUSIBLE, parking=_shown(parking), hours=_shown(claim.hours))


def _right_totals(case: Case) -> Iterator[Decimal]:
    yield case.hours
    yield case.hours - case.claim.volumes.get("RESERVATION_TIME", ZERO)
    if not case.claim.is_charging:
        yield ZERO


def _shown(hours: Decimal) -> Decimal:
    return hours.quantize(_SHOWN)
