"""The authorization that a CDR names. OCPI mod_cdrs, CDR object: it repeats the reference that the home-CSP gave."""

from collections.abc import Iterator

from services.clearing.audit.cases import Case
from services.clearing.audit.claims import NOT_AVAILABLE, Claim, same
from services.clearing.audit.codes import Code
from services.clearing.audit.facts import AuthorizationFact, Source
from services.clearing.audit.findings import Finding, find

_ALLOWED = "ALLOWED"


def named(case: Case) -> Iterator[Finding]:
    """Find an authorization that nobody gave, that was denied, or that was for something else."""
    reference, authorization = case.claim.authorization_reference, case.facts.authorization
    if not reference:
        return
    if authorization is None:
        if Source.AUTHORIZATIONS in case.facts.sources:
            yield find(Code.AUTHORIZATION_NOT_FOUND, authorization=reference)
        return
    if authorization.result != _ALLOWED:
        yield find(Code.AUTHORIZATION_DENIED, authorization=reference, result=authorization.result)
    differences = "; ".join(_differences(case.claim, authorization))
    if differences:
        yield find(Code.AUTHORIZATION_MISMATCH, authorization=reference, differences=differences)


def _differences(claim: Claim, authorization: AuthorizationFact) -> Iterator[str]:
    """Yield each difference with both values, but for the user credential."""
    if claim.home_csp != authorization.home_csp:
        yield f"home-CSP {claim.home_csp}, not {authorization.home_csp}"
    if claim.credential is not None and claim.credential != authorization.pseudonym:
        yield "another user credential"
    place = authorization.location_id
    if place is not None and same(place) != same(claim.location_id):
        yield f"location {claim.location_id}, not {place}"
    allowed = {same(each) for each in authorization.evse_uids}
    if allowed and same(claim.evse_uid) not in allowed and claim.evse_uid != NOT_AVAILABLE:
        yield f"EVSE {claim.evse_uid}, not {', '.join(authorization.evse_uids)}"
    if claim.times_known and authorization.decided_at > claim.ended_at:
        yield f"given at {authorization.decided_at.isoformat()}, when the session was over"
