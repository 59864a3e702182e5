"""The queue as an operator sees it, and what an operator may do with it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import any_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.core.errors import Conflict, NotFound
from services.gateway.settings import DeliverySettings
from services.gateway.tables import breakers, connections, deliveries, peers
from services.runtime import metrics
from services.runtime.service import Timer
from services.runtime.work import Work

_SHOWN = (
    *("delivery_id", "partner", "module", "owner", "object_id", "object_version", "state", "correlation_id"),
    *("queued_at", "due_at", "tries", "http_status", "ocpi_status", "last_error"),
)


async def list_deliveries(
    connection: AsyncConnection, partner: str | None, state: str | None, rows: int
) -> list[dict[str, Any]]:
    """Return what waits or is parked, the oldest first."""
    query = select(*(deliveries.c[name] for name in _SHOWN)).order_by(deliveries.c.queued_at).limit(rows)
    if partner is not None:
        query = query.where(deliveries.c.partner == partner)
    if state is not None:
        query = query.where(deliveries.c.state == state)
    return [dict(row) for row in (await connection.execute(query)).mappings()]


async def count_deliveries(connection: AsyncConnection) -> list[dict[str, Any]]:
    """Return how many deliveries there are, by partner and state."""
    d = deliveries.c
    oldest = func.min(d.queued_at).label("oldest_queued_at")
    query = select(d.partner, d.state, func.count().label("deliveries"), oldest).group_by(d.partner, d.state)
    rows = await connection.execute(query.order_by(d.partner, d.state))
    return [dict(row) for row in rows.mappings()]


def waiting_timer(settings: DeliverySettings) -> Timer:
    """Return the timer that shows in the metrics how much waits for whom."""

    async def act(work: Work) -> bool:
        counted = await count_deliveries(work.connection)
        metrics.DELIVERIES_WAITING.clear()
        for each in counted:
            if each["state"] == "WAITING":
                metrics.DELIVERIES_WAITING.labels(each["partner"]).set(each["deliveries"])
        return False

    return Timer("deliveries_waiting", settings.count_seconds, act)


async def list_connections(connection: AsyncConnection) -> Sequence[dict[str, Any]]:
    """Return every known party with its connection and its circuit breaker; never a token or its hash."""
    p, c, b = peers.c, connections.c, breakers.c
    query = (
        select(p.party, p.name, p.platform, p.status, p.roles, c.protocol, c.versions_url, c.endpoints)
        .add_columns(c.registered_at, c.updated_at, b.failures, b.retry_at, b.last_error)
        .add_columns(func.coalesce(p.party == any_(c.parties), False).label("registered"))
        .join(connections, c.platform == p.platform, isouter=True)
        .join(breakers, b.partner == p.party, isouter=True)
        .order_by(p.party)
    )
    return [dict(row) for row in (await connection.execute(query)).mappings()]


async def retry(work: Work, delivery_id: UUID) -> None:
    """Send a parked or waiting delivery at once.

    Raises:
        NotFound: when there is no such delivery (any more).
        Conflict: when it is being sent right now.
    """
    d = deliveries.c
    found = select(d.lease).where(d.delivery_id == delivery_id).with_for_update()
    row = (await work.connection.execute(found)).one_or_none()
    if row is None:
        raise NotFound("there is no such delivery; it may have been completed")
    if row[0] is not None:
        raise Conflict("this delivery is being sent right now")
    again = update(deliveries).where(d.delivery_id == delivery_id).values(state="WAITING", due_at=work.now)
    await work.connection.execute(again)
