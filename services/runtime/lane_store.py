"""The relay's side of PostgreSQL: leases, views of a lane, prunings; each one statement."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.runtime.ports import Cursor, LaneView, Outgoing, Row
from services.runtime.postgres import by_statement, translated, unpack_headers

_TAKE = """
UPDATE "{schema}".relay_lane SET term = :term, expires_at = clock_timestamp() + make_interval(secs => :lease)
WHERE lane = :lane AND (term IS NULL OR expires_at < clock_timestamp()) RETURNING lane"""
_RENEW = """
UPDATE "{schema}".relay_lane SET expires_at = clock_timestamp() + make_interval(secs => :lease)
WHERE lane = :lane AND term = :term RETURNING lane"""
_RELEASE = """
UPDATE "{schema}".relay_lane SET term = NULL, expires_at = NULL WHERE lane = :lane AND term = :term RETURNING lane"""
_OPEN = """
UPDATE "{schema}".relay_lane SET confirmed = coalesce(confirmed, base)
WHERE lane = :lane AND term = :term RETURNING lane"""
_READ = """
SELECT d.cluster, d.halted, r.epoch, r.base, r.confirmed, o.sequence, o.nonce, o.event_id, o.topic, o.key,
       o.partition_key, o.headers, o.value
FROM "{schema}".relay_lane AS r CROSS JOIN "{schema}".deployment AS d
LEFT JOIN LATERAL (SELECT * FROM "{schema}".outbox WHERE lane = :lane AND sequence >= :sequence
                   ORDER BY sequence LIMIT :limit) AS o ON true
WHERE r.lane = :lane AND r.term = :term ORDER BY o.sequence"""
_PRUNE = """
WITH held AS (
    UPDATE "{schema}".relay_lane SET confirmed = :sequence
    WHERE lane = :lane AND term = :term AND confirmed <= :sequence AND EXISTS (
        SELECT FROM "{schema}".outbox WHERE lane = :lane AND sequence = :sequence AND nonce = :nonce)
    RETURNING lane),
gone AS (DELETE FROM "{schema}".outbox AS o USING held WHERE o.lane = held.lane AND o.sequence < :sequence)
SELECT lane FROM held"""
_HALT = """
UPDATE "{schema}".deployment SET halted = coalesce(halted, :reason) RETURNING halted"""
_WAITING = """
SELECT coalesce(sum(o.head - coalesce(r.confirmed, r.base)), 0)
FROM "{schema}".outbox_lane AS o JOIN "{schema}".relay_lane AS r USING (lane)"""


class PostgresLaneStore:
    """A `ports.LaneStore` over one service's schema."""

    def __init__(self, engine: AsyncEngine, schema: str, lease_seconds: float) -> None:
        self._engine, self._lease = by_statement(engine), lease_seconds
        named = {"take": _TAKE, "renew": _RENEW, "release": _RELEASE, "open": _OPEN, "read": _READ, "prune": _PRUNE}
        self._statements = {name: text(sql.format(schema=schema)) for name, sql in named.items()}
        self._statements |= {"halt": text(_HALT.format(schema=schema)), "waiting": text(_WAITING.format(schema=schema))}

    async def take(self, lane: int, term: UUID) -> bool:
        """Take the lease, if nobody holds it or it has expired."""
        return bool(await self._run("take", lane=lane, term=term, lease=self._lease))

    async def renew(self, lane: int, term: UUID) -> bool:
        """Prolong the lease; False when it is somebody else's."""
        return bool(await self._run("renew", lane=lane, term=term, lease=self._lease))

    async def release(self, lane: int, term: UUID) -> None:
        """Give the lease back, if it is still this term's."""
        await self._run("release", lane=lane, term=term)

    async def open(self, lane: int, term: UUID) -> bool:
        """Set `confirmed` to the lane's base, if it is unset; False when the lease is somebody else's."""
        return bool(await self._run("open", lane=lane, term=term))

    async def read(self, lane: int, term: UUID, sequence: int, limit: int) -> LaneView | None:
        """The lane from row `sequence` on, at most `limit` rows after it; None when the lease is somebody else's."""
        rows = await self._run("read", lane=lane, term=term, sequence=sequence, limit=limit + 1)
        return _view(lane, rows) if rows else None

    async def prune(self, lane: int, term: UUID, cursor: Cursor) -> bool:
        """Raise `confirmed` to the cursor and delete the rows before it; see `ports.LaneStore`."""
        bound: Mapping[str, Any] = {"sequence": cursor.sequence, "nonce": cursor.nonce}
        return bool(await self._run("prune", lane=lane, term=term, **bound))

    async def halt(self, reason: str) -> None:
        """Record that the service is stopped until an operator chooses."""
        await self._run("halt", reason=reason)

    async def waiting_rows(self) -> int:
        """Rows of all lanes that are not confirmed as published; for metrics."""
        return int((await self._run("waiting"))[0]["coalesce"])

    async def _run(self, statement: str, **bound: object) -> Sequence[RowMapping]:
        async with translated(), self._engine.connect() as connection:
            return (await connection.execute(self._statements[statement], bound)).mappings().all()


def _view(lane: int, rows: Sequence[RowMapping]) -> LaneView:
    first = rows[0]
    return LaneView(
        cluster=first["cluster"] or "",
        epoch=first["epoch"],
        base=first["base"],
        confirmed=first["confirmed"],
        halted=first["halted"],
        rows=[row_of(lane, row) for row in rows if row["sequence"] is not None],
    )


def row_of(lane: int, row: RowMapping) -> Row:
    """A row of the outbox as it lies in its table."""
    event = Outgoing(
        row["event_id"],
        row["topic"],
        bytes(row["key"]),
        bytes(row["partition_key"]),
        bytes(row["value"]),
        unpack_headers(bytes(row["headers"])),
    )
    return Row(lane, row["sequence"], bytes(row["nonce"]), event)
