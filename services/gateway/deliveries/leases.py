"""The queue as the dispatcher uses it: who has something due, leasing it, settling it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.arrays import Column, columns
from services.gateway.deliveries.breaker import Breaker
from services.gateway.deliveries.settlement import Attempt, Leased, Next, Settlement, is_over
from services.gateway.tables import breakers, cdr_addresses

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
        SELECT d.delivery_id, w.lease
        FROM unnest(CAST(:partner AS text[]), CAST(:lease_id AS uuid[]), CAST(:rows AS integer[]))
            AS w(partner, lease, rows)
        CROSS JOIN LATERAL (
        SELECT d.delivery_id FROM gateway.deliveries AS d
        WHERE d.partner = w.partner AND d.state = 'WAITING' AND d.due_at <= :now
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
        ORDER BY d.due_at LIMIT w.rows FOR UPDATE SKIP LOCKED
        ) AS d
    )
    UPDATE gateway.deliveries AS d SET lease = due.lease, due_at = :until
    FROM due WHERE d.delivery_id = due.delivery_id
    RETURNING d.delivery_id, d.partner, d.module, d.owner, d.object_id, d.object_version, d.sender,
        d.revision, d.correlation_id, d.queued_at, d.tries, d.kept, d.lease
    """
)
# Rows are locked in the order of keys, like all that write many; what is over for good goes in the same statement.
_END: Final = text(
    """
    WITH k AS (
        SELECT * FROM unnest(
            CAST(:delivery_id AS uuid[]), CAST(:lease AS uuid[]), CAST(:revision AS bigint[]), CAST(:over AS boolean[])
        ) AS k(delivery_id, lease, revision, over)
    ), locked AS MATERIALIZED (
        SELECT d.delivery_id, d.revision, k.over AND d.revision = k.revision AS over
        FROM gateway.deliveries AS d JOIN k USING (delivery_id, lease)
        ORDER BY d.partner, d.module, d.owner, d.object_id FOR UPDATE OF d
    ), gone AS (
        DELETE FROM gateway.deliveries AS d USING locked WHERE d.delivery_id = locked.delivery_id AND locked.over
    )
    SELECT delivery_id, revision FROM locked
    """
)
_DELETE: Final = text("DELETE FROM gateway.deliveries WHERE delivery_id = ANY (CAST(:gone AS uuid[]))")
LEASED: Final = tuple(each.name for each in fields(Leased))
"""The columns of a row that this replica may send."""


async def due_partners(connection: AsyncConnection, now: datetime) -> list[str]:
    """Return the partners that can be reached and have something due."""
    return list((await connection.execute(_DUE, {"now": now})).scalars())


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many rows of a partner are to be sent next, and the lease that they get."""

    partner: str
    lease_id: UUID
    rows: int


async def lease(
    connection: AsyncConnection, wanted: Sequence[Wanted], *, now: datetime, until: datetime
) -> dict[UUID, list[Leased]]:
    """Take some of what is due for partners, by lease, so that no other replica sends it before `until`."""
    values = columns(wanted, "partner", "lease_id", "rows")
    found: dict[UUID, list[Leased]] = defaultdict(list)
    for row in (await connection.execute(_LEASE, {**values, "now": now, "until": until})).mappings():
        found[row["lease"]].append(Leased(**{name: row[name] for name in LEASED}))
    return found


@dataclass(frozen=True, slots=True)
class Ended:
    """A row under a lease that comes to its end.

    Attributes:
        revision: Of the state that was sent.
        over: The row is to go, unless its revision is another one now.
    """

    delivery_id: UUID
    lease: UUID
    revision: int
    over: bool


async def end_leases(connection: AsyncConnection, ended: Sequence[Ended]) -> Mapping[UUID, int]:
    """Lock what is still under its lease, take out what is over, and return each row's revision now."""
    values = columns(ended, "delivery_id", "lease", "revision", "over")
    return {row[0]: row[1] for row in await connection.execute(_END, values)}


async def write_settlements(connection: AsyncConnection, settled: Sequence[tuple[Attempt, Settlement]]) -> None:
    """Write what became of locked rows, as far as they are not gone already."""
    gone = [
        attempt.row.delivery_id
        for attempt, settlement in settled
        if settlement.next is Next.DELETE and not is_over(attempt)
    ]
    if gone:
        await connection.execute(_DELETE, {"gone": Column(gone)})
    kept = [each for each in settled if each[1].next is not Next.DELETE]
    if kept:
        await connection.execute(_UPDATE, _values(kept))
    await _keep_addresses(connection, [attempt for attempt, settlement in settled if settlement.outcome == "DELIVERED"])


# What was not sent keeps what is known of its last try.
_UPDATE: Final = text(
    """
    UPDATE gateway.deliveries AS d SET lease = NULL, state = n.state, due_at = n.due_at, tries = n.tries,
        http_status = CASE WHEN n.was_sent THEN n.http_status ELSE d.http_status END,
        ocpi_status = CASE WHEN n.was_sent THEN n.ocpi_status ELSE d.ocpi_status END,
        last_error = CASE WHEN n.was_sent THEN n.last_error ELSE d.last_error END
    FROM unnest(
        CAST(:delivery_id AS uuid[]), CAST(:state AS text[]), CAST(:due_at AS timestamptz[]), CAST(:tries AS integer[]),
        CAST(:was_sent AS boolean[]), CAST(:http_status AS integer[]), CAST(:ocpi_status AS integer[]),
        CAST(:last_error AS text[])
    ) AS n(delivery_id, state, due_at, tries, was_sent, http_status, ocpi_status, last_error)
    WHERE d.delivery_id = n.delivery_id
    """
)


def _values(settled: Sequence[tuple[Attempt, Settlement]]) -> dict[str, list[Any]]:
    results = [attempt.result for attempt, _ in settled]
    return {
        "delivery_id": [attempt.row.delivery_id for attempt, _ in settled],
        "state": ["PARKED" if settlement.next is Next.PARK else "WAITING" for _, settlement in settled],
        "due_at": [settlement.due_at for _, settlement in settled],
        "tries": [settlement.tries for _, settlement in settled],
        "was_sent": [result is not None for result in results],
        "http_status": [result.http_status if result else None for result in results],
        "ocpi_status": [result.ocpi_status if result else None for result in results],
        "last_error": [result.message if result else None for result in results],
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
