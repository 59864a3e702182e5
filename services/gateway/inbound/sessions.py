"""Sessions as CSOs push them (OCPI 2.2.1, mod_sessions, Receiver interface)."""

from collections.abc import Mapping
from typing import Any

from services.gateway.calls import Call
from services.gateway.inbound.module import Module, Result
from services.gateway.inbound.reading import CSO, Desk, answer, at_most, change_of, check_identity, owner_in_url
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.envelope import Answer
from services.gateway.ocpi.mappings import mapping
from services.gateway.ocpi.types import owner_of
from services.gateway.states import Push
from services.gateway.vault import Purpose
from services.runtime.grouping import Grouper


def module(max_periods: int) -> Module:
    """Return how sessions are decided; a session may have so many charging periods."""

    def bounds(session: Mapping[str, Any]) -> None:
        at_most(session, "charging_periods", max_periods)

    return Module("sessions", bounds, receiver=receiver_of, purpose=Purpose.SESSION)


def receiver_of(content: Any) -> str:
    """Return the home-CSP that a session or a CDR names by its token."""
    token = content["cdr_token"]
    return owner_of(token["country_code"], token["party_id"])


class Sessions:
    """The endpoints of pushed sessions."""

    def __init__(self, desk: Desk, grouper: Grouper[Push, Result]) -> None:
        self._desk, self._grouper = desk, grouper

    async def put(self, call: Call) -> Answer:
        """Take a whole session."""
        owner, document = owner_in_url(call, CSO), self._desk.document(call)
        session = mapping(call.version, "sessions").read(document)
        at_most(session, "charging_periods", self._desk.settings.max_charging_periods)
        return await self._push(call, owner, document, session, patch=False)

    async def patch(self, call: Call) -> Answer:
        """Take the changed fields of a session and its new charging periods."""
        owner, document = owner_in_url(call, CSO), self._desk.document(call)
        return await self._push(call, owner, document, change_of(call, "sessions", document), patch=True)

    async def _push(
        self, call: Call, owner: str, document: Document, content: Mapping[str, Any], *, patch: bool
    ) -> Answer:
        check_identity(document, owner, "id", call.path["object_id"])
        agreed = await self._desk.charged(owner, content.get("start_date_time"))
        credential = mapping(call.version, "sessions").credential(content)
        self._desk.check_receiver(call, owner, agreed, credential)
        push = Push(
            owner=owner,
            object_id=call.path["object_id"],
            document=document,
            body=call.body,
            last_updated=content["last_updated"],
            correlation_id=call.ids.correlation,
            version=call.version,
            wire=content,
            agreed=agreed,
            patch=patch,
            credential=credential,
        )
        return answer(await self._grouper.submit(push))
