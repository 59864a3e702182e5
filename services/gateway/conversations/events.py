"""The events of commands; their ids follow from the command's."""

from datetime import datetime
from typing import Final
from uuid import UUID

from schemas.models.gateway import CommandRequested, CommandResulted
from services.core.ids import event_id
from services.gateway.conversations.commands import Command
from services.gateway.conversations.conversation import Conversation
from services.gateway.conversations.outcomes import Outcome
from services.runtime.events import Event

REQUESTED: Final = "command.requested"
RESULTED: Final = "command.resulted"
MODULE: Final = "commands"


def requested(
    conversation: Conversation, command: Command, protocol: str, *, pseudonym: str | None, sealed: bytes | None
) -> Event:
    """Return that a home-CSP asks for a remote act.

    Args:
        conversation: The conversation that the command begins.
        command: The command.
        protocol: What the home-CSP speaks.
        pseudonym: Of the credential that it names, with the command sealed under the key of that one's contract.
        sealed: The sealed command.
    """
    subject, identity = conversation.subject, event_id(conversation.id, REQUESTED)
    value = CommandRequested(
        event_id=identity,
        occurred_at=conversation.asked_at,
        command_id=str(conversation.id),
        command=command.kind,
        visited_cso=conversation.answerer,
        home_csp=conversation.asker,
        subject=subject.name,
        **subject.pack(),
        reserved_until=command.reserved_until,
        authorization_reference=command.reference,
        pseudonym=pseudonym,
        credential_type=command.credential.type if command.credential else None,
        protocol=protocol,
        sealed=sealed,
    )
    return Event(identity, REQUESTED, _key(conversation), value, value.occurred_at, conversation.correlation_id)


def responded(conversation: Conversation, outcome: Outcome, due_at: datetime | None, now: datetime) -> Event:
    """Return what the CSO's system said at once; `due_at` is until when it promised a result."""
    return _resulted(
        conversation,
        event_id(conversation.id, RESULTED),
        now,
        stage="RESPONSE",
        result=outcome.result,
        failure=outcome.failure,
        ocpi_status=outcome.ocpi_status,
        result_due_at=due_at,
    )


def resulted(conversation: Conversation, ordinal: int, result: str, now: datetime) -> Event:
    """Return what came of a command at the charging station; a reservation may have several results, from 1."""
    return _resulted(
        conversation, event_id(conversation.id, RESULTED, ordinal=ordinal), now, stage="RESULT", result=result
    )


def no_result(conversation: Conversation, now: datetime) -> Event:
    """Return that no result came in the time that the CSO had promised; one may still come later."""
    identity = event_id(conversation.id, RESULTED, revision=1)
    return _resulted(conversation, identity, now, stage="RESULT", failure="NO_RESULT")


def _resulted(
    conversation: Conversation,
    identity: UUID,
    now: datetime,
    *,
    stage: str,
    result: str | None = None,
    failure: str | None = None,
    ocpi_status: int | None = None,
    result_due_at: datetime | None = None,
) -> Event:
    value = CommandResulted(
        event_id=identity,
        occurred_at=now,
        command_id=str(conversation.id),
        command=conversation.act,
        visited_cso=conversation.answerer,
        home_csp=conversation.asker,
        subject=conversation.subject.name,
        reservation_id=conversation.subject.reservation_id,
        stage=stage,
        result=result,
        failure=failure,
        ocpi_status=ocpi_status,
        result_due_at=result_due_at,
    )
    return Event(identity, RESULTED, _key(conversation), value, now, conversation.correlation_id)


def _key(conversation: Conversation) -> str:
    return f"{conversation.answerer}|{conversation.subject.name}"
