"""A partner's object between the wire and the store: what was pushed, and the state it leads to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.versions import Version
from services.gateway.settings import InboundSettings
from services.gateway.vault import Credential

_LIMITS: Final = InboundSettings()
_EVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Push:
    """One push of a partner: read and authorized, before it is compared with what we hold.

    Attributes:
        owner: Whose object it is, `CC-PPP`.
        object_id: Its id as the owner wrote it.
        document: The body as parsed; of a whole object, of a part of it, or of the fields to change.
        body: The body as received.
        last_updated: The owner's date of it.
        correlation_id: Of the conversation.
        version: The version of OCPI that it came in.
        wire: The checked wire model of a whole object; None for a part or a change, which is checked when it is merged.
        audience: The only partner it is for; empty for every partner.
        partners: Who gets it, where that does not follow from the object itself.
        sender: Who stands in the OCPI-from headers on its way to them; empty: its owner.
        agreed: The home-CSPs with which the owner has an agreement, for what concerns one of them.
        part: EVSE uid and connector id, where only that part of a location is pushed.
        patch: Only fields that change are given.
        credential: Whose contract it is about; None where it is about none, or the held state has to tell.
        removal: The owner takes the object back.
        of_version: The only state of ours that a removal is for; 0: whatever we hold.
        pulled: We asked for it; the owner did not push it.
        undated: Its owner did not date it: `last_updated` is the time of its arrival.
    """

    owner: str
    object_id: str
    document: Document = field(repr=False)
    body: bytes = field(repr=False)
    last_updated: datetime
    correlation_id: str
    version: Version
    wire: Any = field(default=None, repr=False)
    audience: str = ""
    partners: tuple[str, ...] = ()
    sender: str = ""
    agreed: frozenset[str] = frozenset()
    part: tuple[str, ...] = ()
    patch: bool = False
    credential: Credential | None = None
    removal: bool = False
    of_version: int = 0
    pulled: bool = False
    undated: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether it replaces what we hold."""
        return not self.patch and not self.part and not self.removal


def removal(
    owner: str,
    object_id: str,
    correlation_id: str,
    version: Version,
    *,
    partners: tuple[str, ...],
    audience: str = "",
    sender: str = "",
    of_version: int = 0,
    pulled: bool = False,
) -> Push:
    """Return that an owner takes an object back; see `Push`. It has no date of its own: the state keeps the owner's."""
    return Push(
        owner=owner,
        object_id=object_id,
        document={},
        body=b"",
        last_updated=_EVER,
        correlation_id=correlation_id,
        version=version,
        audience=audience,
        partners=partners,
        sender=sender,
        removal=True,
        of_version=of_version,
        pulled=pulled,
    )


@dataclass(frozen=True, slots=True)
class Merged:
    """A whole object after a push, and the date that the push must not be older than.

    Attributes:
        held_date: When what the push changes was last updated; of a part the part's own date. None: it is new.
    """

    document: Document
    wire: Any
    held_date: datetime | None


@dataclass(frozen=True, slots=True)
class State:
    """A new state of an object, from which its event is made.

    Attributes:
        version: Of the row, from 1.
        protocol: The version of OCPI that the wire model and the body are in, by name.
        wire: The checked wire model.
        pseudonym: Of the credential that it is about; empty where it is about none.
        receiver: The home-CSP of a session or a CDR; else empty.
        sealed: The body, sealed under the contract's key; empty where it is about none.
        body: The object as JSON where it is about no contract; else empty.
        limits: Bounds of what is worked out to make the event.
    """

    owner: str
    object_id: str
    audience: str
    receiver: str
    version: int
    removed: bool
    last_updated: datetime
    wire: Mapping[str, Any] = field(repr=False)
    pseudonym: str
    sealed: bytes = field(repr=False)
    correlation_id: str
    protocol: str
    body: bytes = field(default=b"", repr=False)
    limits: InboundSettings = _LIMITS
