"""Locations, EVSEs and connectors as CSOs push them (OCPI 2.2.1, mod_locations, Receiver interface)."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter

from services.gateway.calls import Call
from services.gateway.inbound.module import Module, Result
from services.gateway.inbound.reading import CSO, Desk, answer, at_most, check_identity, owner_in_url
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.envelope import Answer
from services.gateway.ocpi.v2_2_1 import wire
from services.gateway.ocpi.v2_2_1.locations import location_event, merge
from services.gateway.ocpi.v2_2_1.types import check
from services.gateway.states import Merged, Push
from services.runtime.grouping import Grouper

_MODELS: Final[tuple[TypeAdapter[Any], ...]] = (wire.LOCATION, wire.EVSE, wire.CONNECTOR)


def module(max_evses: int) -> Module:
    """Return how locations are decided; a location may have so many EVSEs."""

    def merged(push: Push, held: Document | None) -> Merged:
        result = merge(push, held)
        at_most(result.wire, "evses", max_evses)
        return result

    return Module("locations", location_event, merge=merged)


class Locations:
    """The endpoints of pushed locations."""

    def __init__(self, desk: Desk, grouper: Grouper[Push, Result]) -> None:
        self._desk, self._grouper = desk, grouper

    async def put(self, call: Call) -> Answer:
        """Take a whole location, EVSE or connector."""
        owner, part = owner_in_url(call, CSO), _part(call)
        document = self._desk.document(call)
        content = check(_MODELS[len(part)], document)
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
        dated = check(wire.PATCH, document)
        return await self._push(call, owner, document, {**dated}, patch=True)

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
            wire=content,
            audience=audience,
            partners=partners,
            sender=self._desk.sender(call),
            part=_part(call),
            patch=patch,
        )
        return answer(await self._grouper.submit(push))


def _part(call: Call) -> tuple[str, ...]:
    return tuple(call.path[name] for name in ("evse_uid", "connector_id") if name in call.path)
