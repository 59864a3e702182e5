"""The queue as an operator sees it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Boolean, ColumnElement, any_, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.deliveries.waiting import Reach, hindrance, why
from services.gateway.presence.tables import presence
from services.gateway.settings import DeliverySettings
from services.gateway.tables import breakers, connections, deliveries, peers
from services.runtime import metrics
from services.runtime.service import Timer
from services.runtime.work import Work

_SHOWN: Final = (
    *("delivery_id", "partner", "module", "owner", "object_id", "object_version", "state", "correlation_id"),
    *("queued_at", "due_at", "tries", "http_status", "ocpi_status", "last_error"),
)
_BEHIND: Final[ColumnElement[bool]] = literal_column(
    "EXISTS (SELECT 1 FROM gateway.deliveries e WHERE e.partner = deliveries.partner "
    "AND e.module = CASE deliveries.module WHEN 'evses' THEN 'locations' ELSE 'cdrs' END "
    "AND e.owner = deliveries.owner AND lower(e.object_id) = lower(deliveries.after_object_id))",
    Boolean,
).label("behind")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries are meant; None: whichever."""

    partner: str | None = None
    module: str | None = None
    state: str | None = None

    def conditions(self) -> list[Any]:
        """Return them as conditions on the queue."""
        columns = {"partner": self.partner, "module": self.module, "state": self.state}
        return [deliveries.c[name] == value for name, value in columns.items() if value is not None]


async def list_deliveries(
    connection: AsyncConnection, wanted: Wanted, rows: int, now: datetime
) -> list[dict[str, Any]]:
    """Return what waits or is parked, the oldest first, and why."""
    d = deliveries.c
    columns = [*(d[name] for name in _SHOWN), d.lease, d.after_object_id, _BEHIND]
    query = select(*columns).where(*wanted.conditions()).order_by(d.queued_at, d.delivery_id).limit(rows)
    found = [dict(row) for row in (await connection.execute(query)).mappings()]
    reached = await reach(connection, {row["partner"] for row in found})
    return [
        {name: row[name] for name in _SHOWN} | {"why": why(row, reached.get(row["partner"], Reach()), now)}
        for row in found
    ]


async def count_deliveries(connection: AsyncConnection, wanted: Wanted | None = None) -> list[dict[str, Any]]:
    """Return how many deliveries there are, by partner and state."""
    d = deliveries.c
    oldest = func.min(d.queued_at).label("oldest_queued_at")
    query = select(d.partner, d.state, func.count().label("deliveries"), oldest).group_by(d.partner, d.state)
    rows = await connection.execute(query.where(*(wanted or Wanted()).conditions()).order_by(d.partner, d.state))
    return [dict(row) for row in rows.mappings()]


async def totals(connection: AsyncConnection, wanted: Wanted, now: datetime) -> list[dict[str, Any]]:
    """Return how many deliveries there are, by partner and state, and what keeps everything from a partner."""
    counted = await count_deliveries(connection, wanted)
    reached = await reach(connection, {each["partner"] for each in counted})
    for each in counted:
        found = reached.get(each["partner"], Reach())
        each |= {"hindrance": hindrance(each["partner"], found, now), "partner_error": found.last_error}
    return counted


async def reach(connection: AsyncConnection, partners: Collection[str]) -> dict[str, Reach]:
    """Return how these partners can be reached, so far as they are known."""
    p, c, b, r = peers.c, connections.c, breakers.c, presence.c
    query = (
        select(p.party, p.status, func.coalesce(p.party == any_(c.parties), False), b.retry_at, b.last_error)
        .join(connections, c.platform == p.platform, isouter=True)
        .join(breakers, b.partner == p.party, isouter=True)
        .join(presence, r.platform == p.platform, isouter=True)
        .where(p.party.in_(sorted(partners)))
    )
    # Of a breaker that has closed the last error is history.
    return {
        party: Reach(status, registered, retry_at, last_error if retry_at else None)
        for party, status, registered, retry_at, last_error in await connection.execute(query)
    }


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
    p, c, b, r = peers.c, connections.c, breakers.c, presence.c
    query = (
        select(p.party, p.name, p.platform, p.status, p.roles, c.protocol, c.versions_url, c.endpoints)
        .add_columns(c.registered_at, c.updated_at, b.failures, b.retry_at, b.last_error, r.heard_at, r.offline_since)
        .add_columns(func.coalesce(p.party == any_(c.parties), False).label("registered"))
        .join(connections, c.platform == p.platform, isouter=True)
        .join(breakers, b.partner == p.party, isouter=True)
        .join(presence, r.platform == p.platform, isouter=True)
        .order_by(p.party)
    )
    return [dict(row) for row in (await connection.execute(query)).mappings()]
