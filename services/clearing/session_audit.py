"""Where a CDR differs from the session that it names."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from services.clearing.claims import NOT_AVAILABLE, Claim, same
from services.clearing.facts import SessionFact
from services.clearing.rules import AuditRules
from services.core.money import EXACT


def differences(claim: Claim, session: SessionFact, rules: AuditRules) -> list[str]:
    """Return each difference as a phrase with both values, never with a credential's; none for a CDR that fits."""
    return [*_state(session), *_place(claim, session), *_driver(claim, session), *_measures(claim, session, rules)]


def _state(session: SessionFact) -> Iterator[str]:
    if session.state == "INVALID":
        yield "the session is INVALID"
    elif not session.is_over:
        yield f"the session is still {session.state}"


def _place(claim: Claim, session: SessionFact) -> Iterator[str]:
    where = claim.cdr.location
    for name, claimed, tracked in (
        ("location", where.location_id, session.location_id),
        ("EVSE", where.evse_uid, session.evse_uid),
        ("connector", where.connector_id, session.connector_id),
    ):
        if same(claimed) != same(tracked) and claimed != NOT_AVAILABLE:
            yield f"{name} {claimed}, not {tracked}"


def _driver(claim: Claim, session: SessionFact) -> Iterator[str]:
    if claim.cdr.home_csp != session.home_csp:
        yield f"home-CSP {claim.cdr.home_csp}, not {session.home_csp}"
    if claim.cdr.pseudonym != session.pseudonym:
        yield "another user credential"


def _measures(claim: Claim, session: SessionFact, rules: AuditRules) -> Iterator[str]:
    tolerance = timedelta(seconds=float(rules.session_time_tolerance_seconds))
    yield from _time("start", claim.cdr.started_at, session.started_at, tolerance)
    if session.ended_at is not None:
        yield from _time("end", claim.cdr.ended_at, session.ended_at, tolerance)
    # A session that is not over has not got all its energy yet.
    if session.is_over and abs(EXACT.subtract(claim.energy, session.kwh)) > rules.session_energy_tolerance_kwh:
        yield f"{claim.energy.normalize():f} kWh, not {session.kwh.normalize():f} kWh"


def _time(name: str, claimed: datetime, tracked: datetime, tolerance: timedelta) -> Iterator[str]:
    if abs(claimed - tracked) > tolerance:
        yield f"{name} {claimed.isoformat()}, not {tracked.isoformat()}"
