"""A CSO's question as OCPI puts it, and the home-CSP that it is for (OCPI 2.2.1 mod_tokens, POST)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from services.gateway.authorize.holders import Holder
from services.gateway.calls import Call
from services.gateway.ocpi import documents
from services.gateway.ocpi.envelope import OcpiError, Status
from services.gateway.ocpi.token_types import token_type
from services.gateway.partners.peers import Peer

_MAX_ID_CHARACTERS: Final = 36


@dataclass(frozen=True, slots=True)
class Place:
    """Where the driver wants to charge; no EVSEs means any of the location."""

    location_id: str
    evse_uids: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return it as OCPI's LocationReferences."""
        return {"location_id": self.location_id, "evse_uids": list(self.evse_uids)}


@dataclass(frozen=True, slots=True)
class Question:
    """What a CSO asks: may this credential be used here? Its text form never shows the uid."""

    visited_cso: str
    home_csp: str | None
    uid: str = field(repr=False)
    type: str
    place: Place | None


def read_question(call: Call, *, hub: str, max_depth: int) -> Question:
    """Return the question that a request puts.

    Without OCPI-to headers, or with the hub in them, the hub finds the home-CSP (open routing).

    Args:
        call: The token's uid is in its path, its type in its query (RFID where it is not said), LocationReferences or
            nothing in its body.
        hub: The hub's own party.
        max_depth: Of the body.

    Raises:
        OcpiError: when something is missing or cannot be used.
    """
    uid, asked, body = call.path["uid"], call.routing, call.body
    if not 0 < len(uid) <= _MAX_ID_CHARACTERS or not uid.isprintable():
        raise OcpiError(f"token_uid: 1 to {_MAX_ID_CHARACTERS} printable characters are needed")
    receiver = None if asked.receiver == hub else asked.receiver
    place = _place(documents.parse(body, max_depth)) if body.strip() not in {b"", b"null"} else None
    return Question(_visited_cso(call.peer, asked.sender), receiver, uid, token_type(call.query, call.version), place)


def choose_holder(holders: Sequence[Holder], counterparts: Collection[str]) -> Holder | None:
    """Return the contract that a card belongs to, among those that the CSO may know of.

    The same card may be known of several home-CSPs: one that has pushed it counts before one that merely was named
    with it in a session or CDR.

    Args:
        holders: Who is known to hold the card, with the token object where the CSO may see one.
        counterparts: The home-CSPs that the CSO has an agreement with.
    """
    seen = [holder for holder in holders if holder.home_csp in counterparts]
    return min(seen, key=lambda holder: (holder.token is None, holder.home_csp), default=None)


def _visited_cso(peer: Peer, sender: str | None) -> str:
    stations = sorted(party for party in peer.parties if peer.speaks_for(party, "CSO"))
    if sender is None and len(stations) == 1:
        return stations[0]
    if sender is None:
        raise OcpiError("OCPI-from headers are needed: which of your parties asks?")
    if sender not in stations:
        raise OcpiError(f"{sender} is not registered as a CPO", Status.CLIENT_ERROR)
    return sender


def _place(document: Mapping[str, Any]) -> Place:
    evses = document.get("evse_uids")
    found = [document.get("location_id"), *(evses if isinstance(evses, list) else [])]
    if not isinstance(evses, list | None) or not all(_is_id(each) for each in found):
        raise OcpiError(f"location_id and evse_uids: texts of 1 to {_MAX_ID_CHARACTERS} characters are needed")
    return Place(found[0] or "", tuple(str(each) for each in found[1:]))


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_ID_CHARACTERS
