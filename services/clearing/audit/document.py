"""What could not be read of a CDR."""

from collections.abc import Iterator

from services.clearing.audit.cases import Case
from services.clearing.audit.codes import Code
from services.clearing.audit.findings import Finding, find


def numbers(case: Case) -> Iterator[Finding]:
    """Find what was wrong while the CDR was read, and numbers that cannot be held, or not as they came."""
    yield from case.claim.faults
    if case.claim.unreadable:
        yield find(Code.NUMBER_OUT_OF_RANGE, fields=", ".join(case.claim.unreadable))
    if case.claim.rounded:
        yield find(Code.NUMBER_OVER_PRECISE, fields=", ".join(case.claim.rounded))
