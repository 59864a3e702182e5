"""What a conversation is about, and who speaks in it."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from services.gateway.ocpi.envelope import OcpiError
from services.gateway.ocpi.headers import Routing
from services.gateway.partners.peers import Peer


@dataclass(frozen=True, slots=True)
class Subject:
    """The ids that a conversation names, each as its owner writes it; None where it names none."""

    session_id: str | None = None
    location_id: str | None = None
    evse_uid: str | None = None
    connector_id: str | None = None
    reservation_id: str | None = None

    @property
    def name(self) -> str:
        """By what events are kept together: the session, else the EVSE, the location, the reservation."""
        return self.session_id or self.evse_uid or self.location_id or self.reservation_id or ""

    def pack(self) -> dict[str, Any]:
        """Return it as it lies in a table."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def unpack(cls, packed: dict[str, Any]) -> Self:
        """Return what was packed."""
        return cls(**packed)


def asking_party(peer: Peer, asked: Routing, role: str) -> str:
    """Return the party that a call is made for: the one in its OCPI-from headers, else the only one that it can be.

    No module is refused because of a role: the role only tells apart which party of several is meant.

    Raises:
        OcpiError: when the caller has several that could ask.
    """
    if asked.sender is not None:
        return asked.sender
    candidates = [party for party in sorted(peer.parties) if peer.speaks_for(party, role)] or sorted(peer.parties)
    if len(candidates) != 1:
        raise OcpiError("OCPI-from headers are needed: which of your parties asks?")
    return candidates[0]
