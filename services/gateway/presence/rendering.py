"""What a partner is told of another party: the newest state at the time of sending."""

from collections.abc import Mapping, Sequence
from functools import partial
from uuid import UUID

from sqlalchemy import any_, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.deliveries.settlement import Leased
from services.gateway.deliveries.turns import Rendered, Writer
from services.gateway.ocpi.versions import Version
from services.gateway.presence.visible import Client, seen_by
from services.gateway.tables import connections


async def read_clients(connection: AsyncConnection, rows: Sequence[Leased]) -> Mapping[UUID, Writer]:
    """Return what writes each row, all of one partner; the object is the party in a role (`object_id`)."""
    c = connections.c
    query = select(c.parties, func.now()).where(literal(rows[0].partner) == any_(c.parties))
    found = (await connection.execute(query)).first()
    if found is None:
        return {}
    wanted = {(row.owner, row.object_id) for row in rows}
    seen = await seen_by(connection, found[0], wanted, found[1])
    known = {row.delivery_id: seen.get((row.owner, row.object_id)) for row in rows}
    return {delivery_id: partial(_write, client) for delivery_id, client in known.items() if client is not None}


def _write(client: Client, _version: Version) -> Rendered:
    return Rendered("PUT", client.party.replace("-", "/"), client.body())
