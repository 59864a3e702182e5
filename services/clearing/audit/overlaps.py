"""What cannot be at the same time, or seldom is: two sessions of one connector, two of one credential."""

from collections.abc import Iterator

from services.clearing.audit.cases import Case
from services.clearing.audit.codes import Code
from services.clearing.audit.findings import Finding, find


def on_connector(case: Case) -> Iterator[Finding]:
    """Find the first other CDR that shares connector and time."""
    claim = case.claim
    for other in case.facts.neighbours:
        if other.connector is not None and other.connector == claim.connector and other.shares_time(claim):
            yield find(Code.CONNECTOR_OVERLAP, other=other.cdr_id)
            return


def on_credential(case: Case) -> Iterator[Finding]:
    """Find the first other CDR of the same credential and time elsewhere; OCPI does not forbid it."""
    claim = case.claim
    if claim.credential is None:
        return
    for other in case.facts.neighbours:
        elsewhere = None not in (other.connector, claim.connector) and other.connector != claim.connector
        if elsewhere and other.credential == claim.credential and other.shares_time(claim):
            yield find(Code.CREDENTIAL_OVERLAP, other=other.cdr_id)
            return
