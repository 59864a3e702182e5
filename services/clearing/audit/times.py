"""Start, end and duration of a session."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from services.clearing.audit.cases import Case
from services.clearing.audit.codes import Code
from services.clearing.audit.findings import Finding, find
from services.core.money import EXACT

_MICROSECOND: Final = timedelta(microseconds=1)
_MICROSECONDS_OF_AN_HOUR: Final = Decimal(3_600_000_000)
_SHOWN: Final = Decimal("0.01")


def hours_between(start: datetime, end: datetime) -> Decimal:
    """Return the hours from one time to another; negative where the other comes first."""
    # Integer division: a timedelta's own seconds are floats.
    return EXACT.divide(Decimal((end - start) // _MICROSECOND), _MICROSECONDS_OF_AN_HOUR)


def order_and_length(case: Case) -> Iterator[Finding]:
    """Find a session that ends before it starts, or that is too long."""
    claim, limit = case.claim, case.rules.longest_session_hours
    if claim.ended_at < claim.started_at:
        yield find(Code.TIME_REVERSED, started=claim.started_at, ended=claim.ended_at)
        return
    hours = max(hours_between(claim.started_at, claim.ended_at), claim.hours)
    if hours > limit:
        yield find(Code.TIME_IMPLAUSIBLE, hours=hours.quantize(_SHOWN, context=EXACT), limit=limit)
