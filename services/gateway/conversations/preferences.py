"""Charging preferences: a home-CSP sends its driver's to the CSO (OCPI 2.2.1 and 2.3.0, mod_sessions, Sender PUT)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.routing import Route

from services.gateway.calls import Call, Front, route
from services.gateway.conversations.finding import Finder
from services.gateway.conversations.profiles import session_in_path
from services.gateway.conversations.relay import SENDER, Hop, Relay
from services.gateway.conversations.subjects import Subject, asking_party
from services.gateway.conversations.telling import tell
from services.gateway.object_store import Row, current
from services.gateway.ocpi import documents
from services.gateway.ocpi.commands import CHARGING_PREFERENCES
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.envelope import Answer, Missing, Status
from services.gateway.ocpi.outgoing import to_wire
from services.gateway.ocpi.types import check
from services.gateway.ocpi.versions import Version
from services.gateway.vault import Purpose
from services.gateway.vault_store import Sealing, Vault
from services.runtime.postgres import translated

MODULE: Final = "sessions"
CAPABILITY: Final = "CHARGING_PREFERENCES_CAPABLE"


def lacks_preferences(session: Mapping[str, Any], location: Mapping[str, Any]) -> bool:
    """Tell whether a session is at an EVSE that takes no charging preferences, as far as its location says.

    Args:
        session: The session's object.
        location: The location's object; an EVSE that it does not list may have any capability.
    """
    wanted = str(session.get("evse_uid")).casefold()
    evses = [each for each in location.get("evses") or () if str(each.get("uid")).casefold() == wanted]
    return bool(evses) and CAPABILITY not in (evses[0].get("capabilities") or ())


class ChargingPreferences:
    """The endpoint `sender/sessions/{session_id}/charging_preferences`."""

    def __init__(self, engine: AsyncEngine, vault: Vault, max_depth: int, *, finder: Finder, relay: Relay) -> None:
        self._engine, self._vault, self._max_depth = engine, vault, max_depth
        self._finder, self._relay = finder, relay

    def routes(self, front: Front, version: Version) -> Sequence[Route]:
        """Return the route of one version."""
        path = f"{version.root}/sender/{MODULE}/{{session_id}}/charging_preferences"
        return [route(path, front, {"PUT": self.put}, version=version)]

    async def put(self, call: Call) -> Answer:
        """Relay preferences, unless the EVSE is known to take none.

        Raises:
            Missing: 404 with 2001, for an EVSE without the capability (mod_sessions, ChargingPreferencesResponse).
        """
        asker = asking_party(call.peer, call.routing, "CSP")
        document = documents.parse(call.body, self._max_depth)
        check(CHARGING_PREFERENCES, document)
        session_id = session_in_path(call.path["session_id"])
        found = await self._finder.station_operator(asker, call.routing, Subject(session_id=session_id))
        session = await self._finder.session(asker, found.party, session_id)
        if session is not None and await self._lacks(session, asker):
            raise Missing(f"the session's EVSE is not {CAPABILITY}", Status.INVALID)
        way = await self._relay.way(found.party, MODULE, SENDER)
        path = f"{quote(session_id, safe='')}/charging_preferences"
        hop = Hop("PUT", path, asker, call.ids.correlation, to_wire(call.body))
        return tell(await self._relay.send(way, hop), found.party, asker)

    async def _lacks(self, row: Row, asker: str) -> bool:
        async with translated(), self._engine.connect() as connection:
            sealing = Sealing(row.pseudonym or "", Purpose.SESSION, row.body)
            (body,) = await self._vault.unseal(connection, [sealing])
            session = None if body is None else _parsed(body)
            if session is None:
                return False
            place = str(session.get("location_id"))
            location = await current(connection, "locations", row.key.owner, place, partner=asker)
        return location is not None and not location.removed and lacks_preferences(session, _parsed(location.body))


def _parsed(body: bytes) -> Document:
    return documents.parse(body, documents.STORED_DEPTH)
