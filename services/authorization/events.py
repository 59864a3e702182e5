"""What the authorization service says: events that follow from a question and what was decided about it."""

from datetime import datetime
from typing import Any, Final

from schemas.models.authorization import AuthorizationAsked, AuthorizationDecided, Fact
from schemas.models.gateway import AuthorizationRequested
from services.authorization.domain import Ask, Decided, Question
from services.core.ids import event_id
from services.runtime.events import Event, Received

DECIDED: Final = "authorization.decided"
ASKED: Final = "authorization.asked"
REPLIES: Final = "gateway.replies"


def asked(received: Received[Any], ask: Ask, now: datetime) -> Event:
    """Return the event that has the gateway ask the home-CSP; it carries the whole question."""
    request: AuthorizationRequested = received.value
    identity = event_id(request.event_id, ASKED)
    value = AuthorizationAsked(
        event_id=identity,
        occurred_at=now,
        authorization_id=request.authorization_id,
        deadline=request.deadline,
        pseudonym=request.pseudonym,
        sealed=request.sealed,
        credential_type=request.credential_type,
        visited_cso=request.visited_cso,
        home_csp=ask.home_csp,
        service=request.service,
        location_id=request.location_id,
        evse_uids=request.evse_uids,
        reply_partition=request.reply_partition,
        reply_replica=request.reply_replica,
        agreement_id=ask.agreement_id,
        agreement_version=ask.agreement_version,
    )
    return Event(identity, ASKED, request.pseudonym, value, now, received.correlation_id, received.traceparent)


def decided(received: Received[Any], decision: Decided) -> tuple[Event, Event]:
    """Return the decision for everybody, and the same as the reply to the replica that waits for it.

    Both have ids derived from the question, so that a question that comes again has the same ones.
    """
    question: Question = received.value
    value = AuthorizationDecided(
        event_id=event_id(question.event_id, DECIDED),
        occurred_at=decision.decided_at,
        authorization_id=question.authorization_id,
        pseudonym=question.pseudonym,
        visited_cso=question.visited_cso,
        home_csp=decision.home_csp,
        result=decision.result.value,
        decided_by=decision.decided_by.value,
        authorization_reference=decision.authorization_reference,
        facts=[Fact(kind=fact.kind, id=fact.id, version=fact.version) for fact in decision.facts],
        decided_at=decision.decided_at,
        reply_partition=question.reply_partition,
        reply_replica=question.reply_replica,
    )
    trace = (received.correlation_id, received.traceparent)
    said = Event(value.event_id, DECIDED, question.pseudonym, value, decision.decided_at, *trace)
    reply = Event(
        event_id(question.event_id, REPLIES), REPLIES, question.authorization_id, value, decision.decided_at, *trace
    )
    return said, reply
