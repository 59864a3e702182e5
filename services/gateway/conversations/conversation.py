"""One conversation whose end comes later: who asked whom, and where the result is to go."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from services.gateway.conversations.subjects import Subject

RESULTS: Final = "results"


@dataclass(frozen=True, slots=True)
class Conversation:
    """One request that is relayed, and whose result comes to a response URL of ours.

    Attributes:
        module: commands or chargingprofiles.
        act: The command, or the method of a request for a charging profile.
        asker: Who gets the result, `CC-PPP`.
        answerer: Who may give it.
        url: The asker's own response URL.
        due_at: Until when a result is promised.
        expires_at: When no result is taken any more.
    """

    id: UUID
    module: str
    act: str
    asker: str
    answerer: str
    subject: Subject
    url: str = field(repr=False)
    correlation_id: str
    asked_at: datetime
    due_at: datetime
    expires_at: datetime


def new_key() -> str:
    """Return what makes a response URL of ours unguessable: 32 random bytes."""
    return secrets.token_urlsafe(32)


def key_hash(key: str) -> bytes:
    """Return what is stored of it, so that who reads the table cannot call the URL."""
    return sha256(key.encode()).digest()


def response_url(public_url: str, root: str, module: str, key: str) -> str:
    """Return the response URL that the asked party is given, in the version that it speaks."""
    return f"{public_url}{root}/sender/{module}/{RESULTS}/{key}"


def secret_name(conversation_id: UUID, what: str) -> str:
    """Return the name under which something of a conversation is sealed."""
    return f"conversation/{conversation_id}/{what}"
