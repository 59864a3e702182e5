"""No connector serves two sessions at once."""

from collections.abc import Iterator

from services.clearing.audit.cases import Case
from services.clearing.audit.codes import Code
from services.clearing.audit.findings import Finding, find


def on_connector(case: Case) -> Iterator[Finding]:
    """Find the first other CDR that shares connector and time."""
    claim = case.claim
    if claim.connector is None:
        return
    for other in case.facts.neighbours:
        if other.connector == claim.connector and other.shares_time(claim):
            yield find(Code.CONNECTOR_OVERLAP, other=other.cdr_id)
            return
