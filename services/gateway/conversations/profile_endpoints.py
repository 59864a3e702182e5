"""Charging profiles, both interfaces (OCPI 2.2.1 and 2.3.0, mod_charging_profiles).

A home-CSP, or a smart charging provider with an agreement, asks a CSO for the active profile, sets one or clears it;
the CSO answers at once and sends the result to our response URL. A CSO tells the other side when the active profile
changes. Who may set a profile on a session is for its CSO to decide: it may have a contract with a provider that has
not sold the session (mod_charging_profiles, Smart Charging Topologies).
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final
from urllib.parse import quote

from starlette.routing import Route

from services.gateway.calls import Call, Front, route
from services.gateway.conversations.finding import Finder
from services.gateway.conversations.opening import Opener, Request
from services.gateway.conversations.profiles import check_duration, check_profile, in_body, in_query, session_in_path
from services.gateway.conversations.relay import RECEIVER, SENDER, Hop, Relay
from services.gateway.conversations.subjects import Subject, asking_party
from services.gateway.conversations.telling import tell
from services.gateway.ocpi import documents
from services.gateway.ocpi.commands import ACTIVE_CHARGING_PROFILE
from services.gateway.ocpi.envelope import Answer, OcpiError
from services.gateway.ocpi.outgoing import to_wire
from services.gateway.ocpi.types import check
from services.gateway.ocpi.versions import Version

MODULE: Final = "chargingprofiles"


class ChargingProfiles:
    """The endpoints of charging profiles."""

    def __init__(self, hub: str, max_depth: int, *, finder: Finder, relay: Relay, opener: Opener) -> None:
        self._hub, self._max_depth = hub, max_depth
        self._finder, self._relay, self._opener = finder, relay, opener

    def routes(self, front: Front, version: Version) -> Sequence[Route]:
        """Return the routes of one version."""
        asked = {"GET": self.active, "PUT": self.set, "DELETE": self.clear}
        path = f"{MODULE}/{{session_id}}"
        return [
            route(f"{version.root}/receiver/{path}", front, asked, version=version),
            route(f"{version.root}/sender/{path}", front, {"PUT": self.changed}, version=version),
        ]

    async def active(self, call: Call) -> Answer:
        """Relay a request for the profile that is active; the profile itself comes as a result."""
        if call.routing.receiver == self._hub:
            raise OcpiError("a GET is never broadcast: name the CPO in the OCPI-to headers, or leave them out")
        check_duration(call.query)
        return await self._ask(call, call.query.get("response_url"), partial(in_query, query=call.query))

    async def set(self, call: Call) -> Answer:
        """Relay a profile that is to be followed."""
        document = documents.parse(call.body, self._max_depth)
        check_profile(document)
        return await self._ask(call, document.get("response_url"), partial(in_body, document=document))

    async def clear(self, call: Call) -> Answer:
        """Relay that a profile is to be followed no longer."""
        return await self._ask(call, call.query.get("response_url"), partial(in_query, query=call.query))

    async def changed(self, call: Call) -> Answer:
        """Relay a CSO's news of the active profile to who has set one."""
        document = documents.parse(call.body, self._max_depth)
        check(ACTIVE_CHARGING_PROFILE, document)
        asker = asking_party(call.peer, call.routing, "CSO")
        session_id = session_in_path(call.path["session_id"])
        found = await self._finder.service_provider(asker, call.routing, session_id)
        way = await self._relay.way(found.party, MODULE, SENDER)
        path = quote(session_id, safe="")
        hop = Hop("PUT", path, asker, call.ids.correlation, to_wire(call.body))
        return tell(await self._relay.send(way, hop), found.party, asker)

    async def _ask(self, call: Call, response_url: object, render: Callable[..., tuple[str, bytes | None]]) -> Answer:
        asker = asking_party(call.peer, call.routing, "CSP")
        session_id = session_in_path(call.path["session_id"])
        subject = Subject(session_id=session_id)
        found = await self._finder.station_operator(asker, call.routing, subject)
        return await self._opener.ask(
            Request(
                asker=asker,
                way=await self._relay.way(found.party, MODULE, RECEIVER),
                act=call.method,
                method=call.method,
                subject=subject,
                response_url=response_url,
                correlation_id=call.ids.correlation,
                render=lambda ours: render(session_id, ours=ours),
            )
        )
