"""Sessions as CSOs push them (OCPI 2.2.1, mod_sessions, Receiver interface)."""

from datetime import datetime
from typing import Any

from services.gateway.calls import Call
from services.gateway.inbound.module import Module, Result
from services.gateway.inbound.reading import CSO, Desk, answer, at_most, check_identity, owner_in_url
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.envelope import Answer
from services.gateway.ocpi.v2_2_1 import wire
from services.gateway.ocpi.v2_2_1.sessions import check_session, merge, session_event
from services.gateway.ocpi.v2_2_1.tokens import credential_of
from services.gateway.ocpi.v2_2_1.types import check, owner_of
from services.gateway.states import Merged, Push
from services.gateway.vault import Credential, Purpose
from services.runtime.grouping import Grouper


def module(max_periods: int) -> Module:
    """Return how sessions are decided; a session may have so many charging periods."""

    def merged(push: Push, held: Document | None) -> Merged:
        result = merge(push, held)
        at_most(result.wire, "charging_periods", max_periods)
        return result

    return Module("sessions", session_event, merge=merged, receiver=receiver_of, purpose=Purpose.SESSION)


def receiver_of(content: Any) -> str:
    """Return the home-CSP that a session or a CDR names by its token."""
    token: wire.CdrToken = content["cdr_token"]
    return owner_of(token["country_code"], token["party_id"])


class Sessions:
    """The endpoints of pushed sessions."""

    def __init__(self, desk: Desk, grouper: Grouper[Push, Result]) -> None:
        self._desk, self._grouper = desk, grouper

    async def put(self, call: Call) -> Answer:
        """Take a whole session."""
        owner, document = owner_in_url(call, CSO), self._desk.document(call)
        session = check_session(document)
        at_most(session, "charging_periods", self._desk.settings.max_charging_periods)
        return await self._push(call, owner, document, session["last_updated"], session)

    async def patch(self, call: Call) -> Answer:
        """Take the changed fields of a session and its new charging periods."""
        owner, document = owner_in_url(call, CSO), self._desk.document(call)
        return await self._push(call, owner, document, check(wire.PATCH, document)["last_updated"], None)

    async def _push(
        self, call: Call, owner: str, document: Document, last_updated: datetime, session: wire.Session | None
    ) -> Answer:
        check_identity(document, owner, "id", call.path["object_id"])
        agreed = frozenset(await self._desk.counterparts(owner, CSO))
        credential = _credential(document)
        self._desk.check_receiver(call, owner, agreed, credential.home_csp if credential else None)
        push = Push(
            owner=owner,
            object_id=call.path["object_id"],
            document=document,
            body=call.body,
            last_updated=last_updated,
            correlation_id=call.ids.correlation,
            wire=session,
            agreed=agreed,
            patch=session is None,
            credential=credential,
        )
        return answer(await self._grouper.submit(push))


def _credential(document: Document) -> Credential | None:
    """Return the credential that a session names; a change names one only where another token took over."""
    token = document.get("cdr_token")
    return None if token is None else credential_of(check(wire.CDR_TOKEN, token))
