"""The session that a CDR names, and where the two differ."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from services.clearing.audit.cases import Case
from services.clearing.audit.claims import NOT_AVAILABLE, Claim, same
from services.clearing.audit.codes import Code
from services.clearing.audit.facts import SessionFact, Source
from services.clearing.audit.findings import Finding, find
from services.clearing.audit.rules import AuditRules


def named(case: Case) -> Iterator[Finding]:
    """Find a CDR that names no session, which OCPI allows (mod_cdrs, CDR object), or one that nobody reported."""
    if case.claim.session_id is None:
        yield find(Code.SESSION_NOT_NAMED)
    elif case.facts.session is None and Source.SESSIONS in case.facts.sources:
        yield find(Code.SESSION_NOT_FOUND, session=case.claim.session_id)


def differing(case: Case) -> Iterator[Finding]:
    """Find that the CDR tells something else than its session."""
    if case.facts.session is not None:
        found = differences(case.claim, case.facts.session, case.rules)
        if found:
            yield find(Code.SESSION_MISMATCH, session=case.claim.session_id, differences="; ".join(found))


def differences(claim: Claim, session: SessionFact, rules: AuditRules) -> list[str]:
    """Return each difference as a phrase with both values, never with a credential's; none for a CDR that fits."""
    return [*_state(session), *_place(claim, session), *_driver(claim, session), *_measures(claim, session, rules)]


def _state(session: SessionFact) -> Iterator[str]:
    if session.state == "INVALID":
        yield "the session is INVALID"
    elif not session.is_over:
        yield f"the session is still {session.state}"


def _place(claim: Claim, session: SessionFact) -> Iterator[str]:
    for name, claimed, tracked in (
        ("location", claim.location_id, session.location_id),
        ("EVSE", claim.evse_uid, session.evse_uid),
        ("connector", claim.connector_id, session.connector_id),
    ):
        if same(claimed) != same(tracked) and claimed != NOT_AVAILABLE:
            yield f"{name} {claimed}, not {tracked}"


def _driver(claim: Claim, session: SessionFact) -> Iterator[str]:
    if claim.home_csp != session.home_csp:
        yield f"home-CSP {claim.home_csp}, not {session.home_csp}"
    if claim.credential is not None and claim.credential != session.pseudonym:
        yield "another user credential"


def _measures(claim: Claim, session: SessionFact, rules: AuditRules) -> Iterator[str]:
    tolerance = timedelta(seconds=rules.session_time_tolerance_seconds)
    yield from _time("start", claim.started_at, session.started_at, tolerance)
    if session.ended_at is not None:
        yield from _time("end", claim.ended_at, session.ended_at, tolerance)
    # A session that is not over has not got all its energy yet.
    if session.is_over and abs(claim.energy - session.kwh) > rules.session_energy_tolerance_kwh:
        yield f"{claim.energy.normalize():f} kWh, not {session.kwh.normalize():f} kWh"


def _time(name: str, claimed: datetime, tracked: datetime, tolerance: timedelta) -> Iterator[str]:
    if abs(claimed - tracked) > tolerance:
        yield f"{name} {claimed.isoformat()}, not {tracked.isoformat()}"
