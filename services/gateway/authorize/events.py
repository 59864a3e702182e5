"""The events of an authorization that the gateway writes; their ids follow from the authorization's."""

from datetime import datetime
from typing import Final
from uuid import UUID

from schemas.models.authorization import AuthorizationAsked
from schemas.models.gateway import AuthorizationAnswered, AuthorizationConcluded, AuthorizationRequested
from services.core.ids import event_id
from services.gateway.authorize.credentials import Found
from services.gateway.authorize.question import Question
from services.gateway.authorize.replies import ReplyAddress
from services.gateway.authorize.telling import HomeAnswer
from services.runtime.events import Event, Received

REQUESTED: Final = "authorization.requested"
ANSWERED: Final = "authorization.answered"
CONCLUDED: Final = "authorization.concluded"
NO_ANSWER: Final = "NO_ANSWER"


def requested(
    authorization_id: UUID,
    question: Question,
    found: Found,
    address: ReplyAddress,
    *,
    now: datetime,
    deadline: datetime,
    correlation_id: str,
) -> Event:
    """Return the question as the authorization service reads it."""
    identity = event_id(authorization_id, REQUESTED)
    place = question.place
    value = AuthorizationRequested(
        event_id=identity,
        occurred_at=now,
        authorization_id=str(authorization_id),
        deadline=deadline,
        pseudonym=found.pseudonym,
        sealed=found.sealed,
        credential_type=found.type,
        visited_cso=question.visited_cso,
        home_csp=found.home_csp,
        service="CHARGING",
        location_id=place.location_id if place else None,
        evse_uids=list(place.evse_uids) if place else [],
        reply_partition=address.partition,
        reply_replica=address.replica,
    )
    return Event(identity, REQUESTED, found.pseudonym, value, now, correlation_id)


def answered(received: Received[AuthorizationAsked], home: HomeAnswer, now: datetime) -> Event:
    """Return what the home-CSP answered, with the whole question."""
    asked = received.value
    identity = event_id(asked.event_id, ANSWERED)
    context = asked.model_dump(exclude={"event_id", "occurred_at", "agreement_id", "agreement_version"})
    value = AuthorizationAnswered(
        **context,
        event_id=identity,
        occurred_at=now,
        answer=home.answer,
        failure=home.failure,
        authorization_reference=home.reference,
    )
    return Event(identity, ANSWERED, asked.pseudonym, value, now, received.correlation_id, received.traceparent)


def concluded(request: Event, told: str, reference: str | None, asked_at: datetime, now: datetime) -> Event:
    """Return what the CSO was told; `told` is NO_ANSWER where there was no decision in time."""
    question = request.value
    assert isinstance(question, AuthorizationRequested)  # noqa: S101 - made by `requested`
    identity = event_id(request.id, CONCLUDED)
    value = AuthorizationConcluded(
        event_id=identity,
        occurred_at=now,
        authorization_id=question.authorization_id,
        pseudonym=question.pseudonym,
        visited_cso=question.visited_cso,
        home_csp=question.home_csp,
        told=told,
        authorization_reference=reference,
        location_id=question.location_id,
        asked_at=asked_at,
    )
    return Event(identity, CONCLUDED, question.pseudonym, value, now, request.correlation_id)
