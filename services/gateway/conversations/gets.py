"""GETs to a named party, where we do not hold what is asked for: its own system is asked, at once.

State is served from what is held here, so a GET to a named party (transport_and_format, Party to Party via Hub) reaches
that party only for an object that it has not published, such as a location that is not on any map. What it answers is
for the asker alone and is not kept.
"""

from dataclasses import replace
from typing import Final
from urllib.parse import quote

from services.gateway.calls import Call, Endpoint
from services.gateway.conversations.finding import Finder
from services.gateway.conversations.relay import SENDER, Hop, Relay, Way
from services.gateway.conversations.subjects import Subject, asking_party
from services.gateway.conversations.telling import tell
from services.gateway.deliveries.requests import PartnerAnswer
from services.gateway.ocpi.bridging import convert, is_carried
from services.gateway.ocpi.envelope import Answer, Missing, OcpiError, Status
from services.gateway.ocpi.versions import Version

MODULE: Final = "locations"
_STEPS: Final = (("object_id", MODULE), ("evse_uid", "evses"), ("connector_id", "connectors"))


class NamedGets:
    """Asks owners for what is not held here."""

    def __init__(self, hub: str, *, finder: Finder, relay: Relay) -> None:
        self._hub, self._finder, self._relay = hub, finder, relay

    def or_relayed(self, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint of one location that asks its owner, named in the OCPI-to headers, for what is missing."""

        async def get(call: Call) -> Answer:
            try:
                return await endpoint(call)
            except Missing as missing:
                if call.routing.receiver in {None, self._hub}:
                    raise
                return await self._ask(call, missing)

        return get

    async def _ask(self, call: Call, missing: Missing) -> Answer:
        asker = asking_party(call.peer, call.routing, "CSP")
        found = await self._finder.station_operator(asker, call.routing, Subject())
        way = await self._way(found.party, missing)
        path = "/".join(quote(call.path[name], safe="") for name, _ in _STEPS if name in call.path)
        answer = await self._relay.send(way, Hop("GET", path, asker, call.ids.correlation))
        part, source = part_of(call), way.connection.version
        if isinstance(answer.data, dict) and not is_carried(part, answer.data, source, call.version):
            raise missing
        return tell(_bridged(answer, part, source, call.version), found.party, asker)

    async def _way(self, party: str, missing: Missing) -> Way:
        try:
            return await self._relay.way(party, MODULE, SENDER)
        except OcpiError as error:
            if error.status == Status.HUB_ERROR:
                # It cannot be asked: what it has published is all that there is.
                raise missing from None
            raise


def part_of(call: Call) -> str:
    """Return what a path leads to, as `convert` calls it: a location, an EVSE or a connector."""
    return [part for name, part in _STEPS if name in call.path][-1]


def _bridged(answer: PartnerAnswer, part: str, source: Version, target: Version) -> PartnerAnswer:
    if not isinstance(answer.data, dict) or answer.result.ocpi_status != Status.SUCCESS:
        return answer
    try:
        return replace(answer, data=convert(part, answer.data, source, target))
    except OcpiError:
        raise OcpiError(f"the answer is no object of {source.name}", Status.HUB_ERROR) from None
