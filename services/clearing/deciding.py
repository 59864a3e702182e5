"""One CDR, decided: audit, verdict, booking, and the events that say so."""

from datetime import datetime

from msgspec.structs import replace

from services.clearing import ledger, records
from services.clearing.audit.engine import audit
from services.clearing.audit.facts import Facts
from services.clearing.audit.rules import AuditRules
from services.clearing.claims import SubmittedClaim
from services.clearing.records import Decision
from services.core.ids import event_id
from services.core.party import pair_key
from services.runtime.events import Event


def decide(claim: SubmittedClaim, facts: Facts, rules: AuditRules, now: datetime) -> Decision:
    """Return the first revision of a CDR: what was found, what follows, what is booked."""
    facts = replace(facts, now=now)
    audited = audit(claim, facts, rules)
    judged = audited.verdict
    booking = ledger.book(judged, claim.amounts)
    entries = ledger.entries(claim.cdr.visited_cso, claim.cdr.home_csp, booking.change.amount)
    return Decision(
        claim=claim,
        facts=facts,
        audit=audited,
        verdict=judged,
        booking=booking,
        entries=entries,
        now=now,
        revision=1,
        supersedes=None,
        cleared_id=event_id(claim.cdr.event_id, records.CDR_CLEARED, revision=1),
        posting_id=event_id(claim.cdr.event_id, records.LEDGER_POSTED, revision=1),
    )


def events(decision: Decision) -> list[Event]:
    """Return the events of a decision; a posting only where something is booked."""
    cdr, now = decision.claim.cdr, decision.now
    key = pair_key(cdr.visited_cso, cdr.cdr_id)
    sdr, current = records.sdr_cleared(decision), records.cdr_current(decision)
    said = [
        Event(decision.cleared_id, records.CDR_CLEARED, key, records.cdr_cleared(decision), now),
        Event(sdr.event_id, records.SDR_CLEARED, key, sdr, now),
        Event(current.event_id, records.CDR_CURRENT, key, current, now),
    ]
    if decision.entries:
        accounts, posted = pair_key(cdr.visited_cso, cdr.home_csp), records.ledger_posted(decision)
        said.append(Event(decision.posting_id, records.LEDGER_POSTED, accounts, posted, now))
    return said
