"""The queue as the dispatcher uses it: who has something due, leasing it, settling it."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.deliveries.breaker import Breaker
from services.gateway.deliveries.settlement import Attempt, Leased, Next, Settlement
from services.gateway.tables import breakers, cdr_addresses, deliveries

# Only partners that can be reached at all: what waits for one that has not registered yet costs nothing.
_DUE: Final = text(
    """
    SELECT p.party FROM gateway.peers AS p
    JOIN gateway.connections AS c ON c.platform = p.platform AND p.party = ANY (c.parties)
    WHERE p.status IN ('INVITED', 'ACTIVE') AND EXISTS (
        SELECT 1 FROM gateway.deliveries AS d
        WHERE d.partner = p.party AND d.state = 'WAITING' AND d.due_at <= :now
    )
    """
)
# A credit CDR stays where it is while its CDR is in the queue in any state (OCPI 2.2.1 mod_cdrs, Credit CDRs), and so
# does an EVSE's status while the whole location is; a location waits for statuses of its EVSEs that are under way.
_LEASE: Final = text(
    """
    WITH due AS (
        SELECT d.delivery_id FROM gateway.deliveries AS d
        WHERE d.partner = :partner AND d.state = 'WAITING' AND d.due_at <= :now
        AND (d.module <> 'cdrs' OR d.after_object_id IS NULL OR NOT EXISTS (
            SELECT 1 FROM gateway.deliveries AS e
            WHERE e.module = 'cdrs' AND e.partner = d.partner AND e.owner = d.owner
            AND lower(e.object_id) = lower(d.after_object_id)
        ))
        AND (d.module <> 'evses' OR NOT EXISTS (
            SELECT 1 FROM gateway.deliveries AS e
            WHERE e.module = 'locations' AND e.partner = d.partner AND e.owner = d.owner
            AND e.object_id = d.after_object_id
        ))
        AND (d.module <> 'locations' OR NOT EXISTS (
            SELECT 1 FROM gateway.deliveries AS e
            WHERE e.module = 'evses' AND e.partner = d.partner AND e.owner = d.owner
            AND e.after_object_id = d.object_id AND e.lease IS NOT NULL AND e.due_at > :now
        ))
        ORDER BY d.due_at LIMIT :rows FOR UPDATE SKIP LOCKED
    )
    UPDATE gateway.deliveries AS d SET lease = :lease, due_at = :until
    FROM due WHERE d.delivery_id = due.delivery_id
    RETURNING d.delivery_id, d.partner, d.module, d.owner, d.object_id, d.object_version, d.sender,
        d.revision, d.correlation_id, d.queued_at, d.tries, d.kept
    """
)
LEASED: Final = tuple(each.name for each in fields(Leased))
"""The columns of a row that this replica may send."""
_KEY: Final = (deliveries.c.partner, deliveries.c.module, deliveries.c.owner, deliveries.c.object_id)


async def due_partners(connection: AsyncConnection, now: datetime) -> list[str]:
    """Return the partners that can be reached and have something due."""
    return list((await connection.execute(_DUE, {"now": now})).scalars())


async def lease(
    connection: AsyncConnection, partner: str, *, lease_id: UUID, now: datetime, until: datetime, rows: int
) -> list[Leased]:
    """Take some of what is due for a partner, so that no other replica sends it before `until`."""
    values = {"partner": partner, "lease": lease_id, "now": now, "until": until, "rows": rows}
    found = (await connection.execute(_LEASE, values)).mappings().all()
    return [Leased(**{name: row[name] for name in LEASED}) for row in found]


async def lock_leased(connection: AsyncConnection, lease_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Lock what is still leased under this id, in the order of keys, and return each row's revision now."""
    d = deliveries.c
    query = (
        select(d.delivery_id, d.revision)
        .where(d.delivery_id.in_(ids), d.lease == lease_id)
        .order_by(*_KEY)
        .with_for_update()
    )
    return {row[0]: row[1] for row in await connection.execute(query)}


async def write_settlements(connection: AsyncConnection, settled: Sequence[tuple[Attempt, Settlement]]) -> None:
    """Write what became of locked rows."""
    gone = [attempt.row.delivery_id for attempt, settlement in settled if settlement.next is Next.DELETE]
    if gone:
        await connection.execute(delete(deliveries).where(deliveries.c.delivery_id.in_(gone)))
    kept = [_values(*each) for each in settled if each[1].next is not Next.DELETE]
    if kept:
        await connection.execute(_UPDATE, kept)
    await _keep_addresses(connection, [attempt for attempt, settlement in settled if settlement.outcome == "DELIVERED"])


_UPDATE: Final = (
    update(deliveries)
    .where(deliveries.c.delivery_id == bindparam("id"))
    .values(
        lease=None,
        **{name: bindparam(f"new_{name}") for name in ("state", "due_at", "tries", "http_status", "ocpi_status")},
        last_error=bindparam("new_last_error"),
    )
)


def _values(attempt: Attempt, settlement: Settlement) -> dict[str, Any]:
    result = attempt.result
    return {
        "id": attempt.row.delivery_id,
        "new_state": "PARKED" if settlement.next is Next.PARK else "WAITING",
        "new_due_at": settlement.due_at,
        "new_tries": settlement.tries,
        "new_http_status": result.http_status if result else None,
        "new_ocpi_status": result.ocpi_status if result else None,
        "new_last_error": result.message if result else None,
    }


async def _keep_addresses(connection: AsyncConnection, delivered: Sequence[Attempt]) -> None:
    rows = {
        (each.row.partner, each.row.owner, each.row.object_id): each.address
        for each in delivered
        if each.row.module == "cdrs" and each.address
    }
    if rows:
        values = [{"partner": k[0], "owner": k[1], "cdr_id": k[2], "url": url} for k, url in sorted(rows.items())]
        statement = insert(cdr_addresses).values(values)
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=["partner", "owner", "cdr_id"], set_={"url": statement.excluded.url}
            )
        )


async def write_breaker(
    connection: AsyncConnection, partner: str, breaker: Breaker, last_error: str | None, now: datetime
) -> None:
    """Show a partner's breaker to operators; each replica goes by what it saw itself."""
    values = {"failures": breaker.failures, "retry_at": breaker.retry_at, "last_error": last_error, "updated_at": now}
    statement = insert(breakers).values(partner=partner, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["partner"], set_=values))
