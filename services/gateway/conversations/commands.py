"""A command as a home-CSP sends it, and as it goes on to the CSO (OCPI 2.2.1 and 2.3.0, mod_commands)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from services.core.clock import milliseconds
from services.core.errors import BadContent
from services.gateway.conversations.subjects import Subject
from services.gateway.ocpi import documents
from services.gateway.ocpi.commands import COMMANDS
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.envelope import Missing, OcpiError
from services.gateway.ocpi.outgoing import to_wire
from services.gateway.ocpi.types import check, owner_of
from services.gateway.vault import Credential

SERVICE_NEEDED: Final = {"START_SESSION": "CHARGING", "RESERVE_NOW": "RESERVATION"}
"""What the agreement between the two must cover, where a command begins something."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes:
        kind: Its CommandType.
        credential: Whom it is for; None where it names no token.
        reserved_until: When a reservation ends.
        document: The body as parsed, with the asker's own `response_url`.
    """

    kind: str
    subject: Subject
    credential: Credential | None = field(repr=False)
    reserved_until: datetime | None
    reference: str | None
    document: Document = field(repr=False)


def read_command(kind: str, document: Document, asker: str, latest: datetime) -> Command:
    """Return the command that a body holds.

    Args:
        kind: From the URL.
        document: The body.
        asker: The home-CSP.
        latest: When a reservation may end at the latest.

    Raises:
        Missing: 404, when there is no such command.
        OcpiError: 2001, when something is missing or wrong, or the token is not the asker's own.
    """
    adapter = COMMANDS.get(kind)
    if adapter is None:
        raise Missing(f"the commands are {', '.join(sorted(COMMANDS))}")
    found = check(adapter, document)
    subject = Subject(**{name: found.get(name) for name in Subject.__dataclass_fields__})
    if subject.connector_id and not subject.evse_uid:
        raise OcpiError("evse_uid: is needed where connector_id is given")
    credential = None if "token" not in found else _own_credential(found["token"], asker)
    until = _reserved_until(found, latest)
    return Command(kind, subject, credential, until, found.get("authorization_reference"), document)


def outgoing_body(document: Document, response_url: str) -> bytes:
    """Return a body as it goes to the next hop: with the response URL of this one, all else as it came."""
    return to_wire(documents.render({**document, "response_url": response_url}))


def sealed_body(document: Document) -> bytes:
    """Return what is kept of a command, sealed: all but the response URL, which opens the asker's system."""
    return documents.render({name: value for name, value in document.items() if name != "response_url"})


def _own_credential(token: dict[str, Any], asker: str) -> Credential:
    owner = owner_of(token["country_code"], token["party_id"])
    if owner != asker:
        raise OcpiError(f"token: country_code and party_id name {owner}; only tokens of {asker} may be used")
    return Credential(owner, token["type"], token["uid"])


def _reserved_until(found: dict[str, Any], latest: datetime) -> datetime | None:
    if "expiry_date" not in found:
        return None
    try:
        until = milliseconds(found["expiry_date"])
    except BadContent:
        raise OcpiError("expiry_date: must be a DateTime such as 2015-06-29T20:39:09Z") from None
    if until > latest:
        raise OcpiError(f"expiry_date: no reservation may end after {latest:%Y-%m-%d}")
    return until


def remembered_until(until: datetime, now: datetime, margin_seconds: float) -> datetime:
    """Return how long a reservation's CSO is remembered: beyond its end, for what comes of it."""
    return max(until, now) + timedelta(seconds=margin_seconds)
