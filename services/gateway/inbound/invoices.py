"""Invoice reconciliation records as whoever issues invoices pushes them (OCPI 2.3.0, mod_invoice_reconciliation).

Each is for one partner: the one that the OCPI-to headers name or, without them, the one that the CDRs are shared with.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.gateway.calls import Call
from services.gateway.inbound.module import Module, Result
from services.gateway.inbound.reading import (
    CSO,
    CSP,
    Desk,
    answer,
    at_most,
    check_identity,
    owner_in_url,
    unknown_receiver,
)
from services.gateway.object_store import audiences
from services.gateway.ocpi.envelope import Answer, Missing, OcpiError, Status
from services.gateway.ocpi.mappings import mapping
from services.gateway.ocpi.modules import INVOICES
from services.gateway.ocpi.types import owner_of
from services.gateway.states import Push, removal
from services.runtime.grouping import Grouper
from services.runtime.postgres import translated

MODULE: Final = Module(INVOICES)
# By the primary key alone: who issues is the CDRs' CSO, or the home-CSP of some of its partners' CDRs.
_SHARED_WITH: Final = text(
    "SELECT DISTINCT CASE WHEN c.owner = :issuer THEN c.receiver ELSE c.owner END FROM gateway.cdrs c "
    "WHERE c.owner = ANY(CAST(:owners AS text[])) AND c.object_key = ANY(CAST(:keys AS text[])) "
    "AND (c.owner = :issuer OR c.receiver = :issuer) LIMIT 2"
)


@dataclass(frozen=True, slots=True)
class Invoices:
    """The endpoints of pushed invoice reconciliation records."""

    desk: Desk
    engine: AsyncEngine
    grouper: Grouper[Push, Result]

    async def post(self, call: Call) -> Answer:
        """Take a new record; one that is known is taken as by PUT."""
        document = self.desk.document(call)
        record = mapping(call.version, INVOICES).read(document)
        issuer = owner_of(record["country_code"], record["party_id"])
        if not call.peer.speaks_for(issuer, CSO) and not call.peer.speaks_for(issuer, CSP):
            raise OcpiError(f"country_code, party_id: {issuer} is not one of your parties")
        return await self._push(call, issuer, record["id"], record, document)

    async def put(self, call: Call) -> Answer:
        """Take a record as it is now."""
        issuer, document = owner_in_url(call, CSO, CSP), self.desk.document(call)
        record = mapping(call.version, INVOICES).read(document)
        check_identity(document, issuer, "id", call.path["object_id"])
        return await self._push(call, issuer, call.path["object_id"], record, document)

    async def delete(self, call: Call) -> Answer:
        """Take note that a record was an error; the row stays, so that its version goes on counting."""
        issuer, record_id = owner_in_url(call, CSO, CSP), call.path["object_id"]
        async with translated(), self.engine.connect() as connection:
            known = await audiences(connection, INVOICES, issuer, record_id)
        receiver = sole_receiver(call, self.desk.hub, known)
        if receiver not in known:
            raise Missing("there is no such object")
        push = removal(issuer, record_id, call.ids.correlation, call.version, audience=receiver, partners=(receiver,))
        return answer(await self.grouper.submit(push))

    async def _push(self, call: Call, issuer: str, record_id: str, record: Any, document: dict[str, Any]) -> Answer:
        at_most(record, "cdrs", self.desk.settings.max_invoice_cdrs)
        agreed = await self.desk.counterparts(issuer, CSO, CSP)
        receiver = call.routing.receiver
        if receiver is None or receiver == self.desk.hub:
            receiver = await partner_of_cdrs(self.engine, issuer, agreed, record["cdrs"])
        if receiver not in agreed:
            raise unknown_receiver(issuer, receiver)
        push = Push(
            owner=issuer,
            object_id=record_id,
            document=document,
            body=call.body,
            last_updated=record["last_updated"],
            correlation_id=call.ids.correlation,
            version=call.version,
            wire=record,
            audience=receiver,
            partners=(receiver,),
        )
        return answer(await self.grouper.submit(push))


async def partner_of_cdrs(engine: AsyncEngine, issuer: str, agreed: Collection[str], cdr_ids: Sequence[str]) -> str:
    """Return the partner that an issuer shares these CDRs with; raises as `chosen`."""
    async with translated(), engine.connect() as connection:
        return chosen(await shared_with(connection, issuer, agreed, cdr_ids))


async def shared_with(
    connection: AsyncConnection, issuer: str, agreed: Collection[str], cdr_ids: Sequence[str]
) -> list[str]:
    """Return the parties that an issuer shares these CDRs with, at most two of them.

    Args:
        issuer: The CSO that sent them, or the home-CSP that got them.
        agreed: Who it has an agreement with.
        cdr_ids: Ids are compared without case; those that are not known tell nothing.
    """
    keys = [each.casefold() for each in cdr_ids]
    values = {"issuer": issuer, "owners": [issuer, *agreed], "keys": keys}
    return sorted((await connection.execute(_SHARED_WITH, values)).scalars())


def chosen(shared: Sequence[str]) -> str:
    """Return the partner that a record is for, out of those that its CDRs are shared with.

    Raises:
        OcpiError: 4001 when none of them is known, 2001 when they are shared with more than one.
    """
    if len(shared) > 1:
        raise OcpiError(f"cdrs: are shared with more than one partner ({', '.join(shared)}); an invoice is for one")
    if not shared:
        raise OcpiError(
            "cdrs: none of them is known here; name the receiver in the OCPI-to headers", Status.UNKNOWN_RECEIVER
        )
    return shared[0]


def sole_receiver(call: Call, hub: str, known: Sequence[str]) -> str:
    """Return for whom the record is that a request without a body means: who is addressed, or the only one there is.

    Args:
        call: The request.
        hub: The platform's own party, which is no partner.
        known: For whom there are records of this id.

    Raises:
        OcpiError: 2001, when there are several and nobody is addressed.
    """
    addressed = call.routing.receiver
    if addressed is not None and addressed != hub:
        return addressed
    if len(known) > 1:
        raise OcpiError("there are records of this id for several partners: name one in the OCPI-to headers")
    return known[0] if known else ""
