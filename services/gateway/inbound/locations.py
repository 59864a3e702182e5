"""Locations, EVSEs and connectors as CSOs push them (OCPI 2.2.1, mod_locations, Receiver interface)."""

from collections.abc import Mapping
from typing import Any

from services.gateway.calls import Call
from services.gateway.evses.updates import Decided, is_status
from services.gateway.inbound.module import Module, Result
from services.gateway.inbound.reading import CSO, Desk, answer, at_most, change_of, check_identity, owner_in_url
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.envelope import Answer
from services.gateway.ocpi.mappings import mapping
from services.gateway.states import Push
from services.runtime.grouping import Grouper


def module(max_evses: int) -> Module:
    """Return how locations are decided; a location may have so many EVSEs."""

    def bounds(location: Mapping[str, Any]) -> None:
        at_most(location, "evses", max_evses)

    return Module("locations", bounds, with_evses=True)


class Locations:
    """The endpoints of pushed locations."""

    def __init__(self, desk: Desk, grouper: Grouper[Push, Result], statuses: Grouper[Push, Decided]) -> None:
        self._desk, self._grouper, self._statuses = desk, grouper, statuses

    async def put(self, call: Call) -> Answer:
        """Take a whole location, EVSE or connector."""
        owner, part = owner_in_url(call, CSO), _part(call)
        document, objects = self._desk.document(call), mapping(call.version, "locations")
        content = (objects.read, *objects.parts)[len(part)](document)
        if not part:
            check_identity(document, owner, "id", call.path["object_id"])
            at_most(content, "evses", self._desk.settings.max_evses)
        return await self._push(call, owner, document, content, patch=False)

    async def patch(self, call: Call) -> Answer:
        """Take the changed fields of a location, EVSE or connector."""
        owner, part = owner_in_url(call, CSO), _part(call)
        document = self._desk.document(call)
        if not part:
            check_identity(document, owner, "id", call.path["object_id"])
        return await self._push(call, owner, document, change_of(call, "locations", document), patch=True)

    async def _push(
        self, call: Call, owner: str, document: Document, content: Mapping[str, Any], *, patch: bool
    ) -> Answer:
        audience, partners = await self._desk.addressed(call, owner, CSO)
        push = Push(
            owner=owner,
            object_id=call.path["object_id"],
            document=document,
            body=call.body,
            last_updated=content["last_updated"],
            correlation_id=call.ids.correlation,
            version=call.version,
            wire=content,
            audience=audience,
            partners=partners,
            sender=self._desk.sender(call),
            part=_part(call),
            patch=patch,
        )
        decided = await self._statuses.submit(push) if patch and is_status(push.part, document) else None
        return answer(decided or await self._grouper.submit(push))


def _part(call: Call) -> tuple[str, ...]:
    return tuple(call.path[name] for name in ("evse_uid", "connector_id") if name in call.path)
