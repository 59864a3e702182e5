"""What was billed already: the same CDR again, another one for the same session, or one that looks the same."""

from collections.abc import Iterator
from datetime import timedelta

from services.clearing.audit.cases import Case
from services.clearing.audit.claims import Claim
from services.clearing.audit.codes import Code
from services.clearing.audit.facts import Neighbour
from services.clearing.audit.findings import Finding, find


def repeated(case: Case) -> Iterator[Finding]:
    """Find one other CDR for each kind of repetition; a CDR that was taken back may be sent anew."""
    if case.claim.credit:
        return
    found: set[Code] = set()
    for other in case.facts.neighbours:
        finding = _repetition(case, other)
        if finding is not None and finding.code not in found:
            found.add(finding.code)
            yield finding


def _repetition(case: Case, other: Neighbour) -> Finding | None:
    claim = case.claim
    if other.key == claim.key:
        return find(Code.CDR_ID_REPEATED, other=other.cdr_id, difference=_difference(claim, other))
    if claim.session is not None and other.session == claim.session:
        return find(Code.CDR_REPEATED, other=other.cdr_id, what=f"session {claim.session_id}")
    if claim.connector is None or other.connector != claim.connector:
        return None
    apart = abs(other.started_at - claim.started_at)
    if not apart and claim.credential is not None and other.credential == claim.credential:
        return find(Code.CDR_REPEATED, other=other.cdr_id, what="connector, credential and start")
    near = apart <= timedelta(minutes=case.rules.near_duplicate_minutes)
    if near and claim.energy and other.energy == claim.energy:
        return find(Code.CDR_NEAR_DUPLICATE, other=other.cdr_id, minutes=apart // timedelta(minutes=1))
    return None


def _difference(claim: Claim, other: Neighbour) -> str:
    differences = [
        name
        for name, ours, theirs in (
            ("time", (claim.started_at, claim.ended_at), (other.started_at, other.ended_at)),
            ("energy", claim.energy, other.energy),
            ("total", claim.amount, other.total),
        )
        if ours != theirs
    ]
    return f"with another {' and '.join(differences)}" if differences else "with the same time, energy and total"
