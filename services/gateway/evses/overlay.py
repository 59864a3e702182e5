"""A location's document and the states of its EVSEs that are newer than it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.core.clock import format_utc, parse_utc
from services.core.errors import BadContent
from services.gateway.ocpi import documents
from services.gateway.ocpi.bridging import is_carried
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.versions import VERSIONS, Version


@dataclass(frozen=True, slots=True)
class EvseState:
    """The state of one EVSE.

    Attributes:
        evse_key: Its uid in one case: ids compare without case (OCPI, types, CiString).
        version: Counts the changes of its status, from 1.
        ahead: Whether it is newer than what the location's document says.
        shown_from: The oldest version of OCPI that can show the EVSE, by name; empty where all can.
    """

    evse_key: str
    evse_uid: str
    evse_id: str | None
    status: str
    last_updated: datetime
    version: int = 1
    ahead: bool = False
    shown_from: str = ""


def states_of(location: Mapping[str, Any], undated: datetime, version: Version) -> dict[str, EvseState]:
    """Return the states that a checked location has in it, by key.

    Args:
        location: The document.
        undated: The date of an EVSE whose own cannot be read.
        version: The version of OCPI that the document is in.
    """
    found = {}
    for evse in location.get("evses") or ():
        key, uid = str(evse["uid"]).casefold(), str(evse["uid"])
        found[key] = EvseState(
            evse_key=key,
            evse_uid=uid,
            evse_id=evse.get("evse_id"),
            status=str(evse["status"]),
            last_updated=_date(evse.get("last_updated"), undated),
            shown_from=_shown_from(evse, version),
        )
    return found


def _shown_from(evse: Document, version: Version) -> str:
    able = [each.name for each in VERSIONS.values() if is_carried("evses", evse, version, each)]
    return "" if len(able) == len(VERSIONS) else able[0]


def laid_over(location: Document, states: Iterable[EvseState]) -> Document:
    """Return a location with newer states of its EVSEs; their dates move the location's own, never backwards."""
    newer = {state.evse_key: state for state in states}
    if not newer:
        return location
    evses = [_with(evse, newer.get(str(evse.get("uid")).casefold())) for evse in location.get("evses") or ()]
    newest = max(state.last_updated for state in newer.values())
    moved = newest > _date(location.get("last_updated"), newest)
    date = {"last_updated": format_utc(newest)} if moved else {}
    return {**location, "evses": evses, **date}


def overlaid(body: bytes, states: Sequence[EvseState]) -> bytes:
    """Return a stored location with newer states of its EVSEs; without any, the very bytes."""
    if not states:
        return body
    return documents.render(laid_over(documents.parse(body, documents.STORED_DEPTH), states))


def following(held: Mapping[str, EvseState], now: Mapping[str, EvseState]) -> list[EvseState]:
    """Return the states to be written once a location's document says what they are, with their versions.

    Args:
        held: As they are stored.
        now: As the document has them.
    """
    found = []
    for key, state in now.items():
        known = held.get(key)
        version = 1 if known is None else known.version + (known.status != state.status)
        successor = replace(state, version=version)
        if successor != known:
            found.append(successor)
    return found


def _with(evse: Document, state: EvseState | None) -> Document:
    if state is None:
        return evse
    return {**evse, "status": state.status, "last_updated": format_utc(state.last_updated)}


def _date(text: Any, otherwise: datetime) -> datetime:
    try:
        return parse_utc(str(text))
    except BadContent:
        return otherwise
