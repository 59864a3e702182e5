"""Tariffs as CSOs push them and take them back (OCPI 2.2.1, mod_tariffs, Receiver interface)."""

from typing import Final

from services.gateway.calls import Call
from services.gateway.inbound.module import Module, Result
from services.gateway.inbound.reading import CSO, Desk, answer, check_identity, owner_in_url
from services.gateway.ocpi.envelope import Answer
from services.gateway.ocpi.mappings import mapping
from services.gateway.states import Push, removal
from services.runtime.grouping import Grouper

MODULE: Final = Module("tariffs")


class Tariffs:
    """The endpoints of pushed tariffs."""

    def __init__(self, desk: Desk, grouper: Grouper[Push, Result]) -> None:
        self._desk, self._grouper = desk, grouper

    async def put(self, call: Call) -> Answer:
        """Take a whole tariff."""
        owner, document = owner_in_url(call, CSO), self._desk.document(call)
        tariff = mapping(call.version, "tariffs").read(document)
        check_identity(document, owner, "id", call.path["object_id"])
        audience, partners = await self._desk.addressed(call, owner, CSO)
        push = Push(
            owner=owner,
            object_id=call.path["object_id"],
            document=document,
            body=call.body,
            last_updated=tariff["last_updated"],
            correlation_id=call.ids.correlation,
            version=call.version,
            wire=tariff,
            audience=audience,
            partners=partners,
            sender=self._desk.sender(call),
        )
        return answer(await self._grouper.submit(push))

    async def delete(self, call: Call) -> Answer:
        """Take note that a tariff is withdrawn; the row stays, so that its version goes on counting."""
        owner = owner_in_url(call, CSO)
        audience, partners = await self._desk.addressed(call, owner, CSO)
        push = removal(
            owner,
            call.path["object_id"],
            call.ids.correlation,
            call.version,
            audience=audience,
            partners=partners,
            sender=self._desk.sender(call),
        )
        return answer(await self._grouper.submit(push))
