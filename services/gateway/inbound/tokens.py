"""Tokens as home-CSPs push them (OCPI 2.2.1, mod_tokens, Receiver interface)."""

from typing import Final

from services.gateway.calls import Call
from services.gateway.inbound.module import Module, Result
from services.gateway.inbound.reading import CSP, Desk, answer, change_of, check_identity, owner_in_url
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.envelope import Answer, OcpiError
from services.gateway.ocpi.mappings import mapping
from services.gateway.ocpi.token_types import token_type
from services.gateway.states import Push
from services.gateway.vault import Credential, Purpose
from services.runtime.grouping import Grouper

MODULE: Final = Module("tokens", purpose=Purpose.TOKEN, by_pseudonym=True)


class Tokens:
    """The endpoints of pushed tokens."""

    def __init__(self, desk: Desk, grouper: Grouper[Push, Result]) -> None:
        self._desk, self._grouper = desk, grouper

    async def put(self, call: Call) -> Answer:
        """Take a whole token."""
        owner, document = owner_in_url(call, CSP), self._desk.document(call)
        objects = mapping(call.version, "tokens")
        token = objects.read(document)
        check_identity(document, owner, "uid", call.path["object_id"])
        if call.query.get("type", token["type"]) != token["type"]:
            raise OcpiError("type: is not the one in the URL")
        audience, partners = await self._desk.addressed(call, owner, CSP)
        push = Push(
            owner=owner,
            object_id="",
            document=document,
            body=call.body,
            last_updated=token["last_updated"],
            correlation_id=call.ids.correlation,
            version=call.version,
            wire=token,
            audience=audience,
            partners=partners,
            sender=self._desk.sender(call),
            credential=objects.credential(token),
        )
        return answer(await self._grouper.submit(push))

    async def patch(self, call: Call) -> Answer:
        """Take the changed fields of a token."""
        owner, document = owner_in_url(call, CSP), self._desk.document(call)
        dated = change_of(call, "tokens", document)
        check_identity(document, owner, "uid", call.path["object_id"])
        audience, partners = await self._desk.addressed(call, owner, CSP)
        push = Push(
            owner=owner,
            object_id="",
            document=document,
            body=call.body,
            last_updated=dated["last_updated"],
            correlation_id=call.ids.correlation,
            version=call.version,
            audience=audience,
            partners=partners,
            sender=self._desk.sender(call),
            patch=True,
            credential=Credential(owner, _type(call, document), call.path["object_id"]),
        )
        return answer(await self._grouper.submit(push))


def _type(call: Call, document: Document) -> str:
    named = token_type(call.query, call.version)
    if document.get("type", named) != named:
        raise OcpiError("type: is not the one in the URL, which is RFID where it has none")
    return named
