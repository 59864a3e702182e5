"""The real database under inbox, outbox and relay: PostgreSQL through SQLAlchemy Core and psycopg 3."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import cast

import psycopg
from pydantic_core import from_json, to_json
from sqlalchemy import TextClause, bindparam, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from services.core.errors import BadContent, Halted, RoamwattError, Unavailable
from services.runtime.ports import Offset, Outgoing, Partition, Row
from services.runtime.settings import DatabaseSettings
from services.runtime.tables import RuntimeTables

_COLUMNS = "lane, sequence, nonce, event_id, topic, key, partition_key, headers, value"
_TYPES = ("int2", "int8", "bytea", "uuid", "text", "bytea", "bytea", "bytea", "bytea")


def engine(settings: DatabaseSettings, name: str) -> AsyncEngine:
    """Open a pool of sessions, each with time-outs that free a dead machine's locks."""
    return create_async_engine(
        settings.url,
        hide_parameters=True,
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_wait_seconds,
        connect_args={
            "application_name": f"roamwatt-{name}",
            "connect_timeout": settings.connect_timeout_seconds,
            "options": session_options(settings),
            "keepalives": 1,
            "keepalives_idle": settings.tcp_keepalives_idle_seconds,
            "keepalives_interval": settings.tcp_keepalives_interval_seconds,
            "keepalives_count": settings.tcp_keepalives_count,
            "tcp_user_timeout": settings.tcp_user_timeout_milliseconds,
        },
    )


def by_statement(pool: AsyncEngine) -> AsyncEngine:
    """Return the same pool for single statements: each is a transaction, without two messages more around it."""
    return pool.execution_options(isolation_level="AUTOCOMMIT")


def session_options(settings: DatabaseSettings) -> str:
    """Return what the server is told of each session: when to give up a statement, a lock, or a client that is gone.

    The keepalives of `engine` are the client's; these are the server's, which alone can free a dead machine's locks.
    """
    told = {
        "idle_in_transaction_session_timeout": int(settings.idle_in_transaction_session_timeout_seconds * 1000),
        "statement_timeout": int(settings.statement_timeout_seconds * 1000),
        "lock_timeout": int(settings.lock_timeout_seconds * 1000),
        "tcp_keepalives_idle": settings.tcp_keepalives_idle_seconds,
        "tcp_keepalives_interval": settings.tcp_keepalives_interval_seconds,
        "tcp_keepalives_count": settings.tcp_keepalives_count,
        "tcp_user_timeout": settings.tcp_user_timeout_milliseconds,
        "timezone": "UTC",
    }
    return " ".join(f"-c {name}={value}" for name, value in told.items())


def translate(error: Exception) -> RoamwattError | None:
    """What a database error means: refused by its content (SQLSTATE classes 22 and 23), or not available now.

    None for what is neither: a fault of the program.
    """
    original = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(original, "sqlstate", None) or ""
    if state[:2] in {"22", "23"} or isinstance(original, psycopg.DataError | UnicodeEncodeError):
        return BadContent(f"the database refuses the content ({state or type(original).__name__})")
    if state[:2] in {"08", "25", "40", "53", "55", "57", "58"} or isinstance(
        original, psycopg.OperationalError | psycopg.InterfaceError | PoolTimeout | OSError
    ):
        return Unavailable(f"the database is not available ({state or type(original).__name__})")
    return None


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Raise what `translate` makes of database errors inside the block."""
    try:
        yield
    except (SQLAlchemyError, psycopg.Error, OSError, UnicodeEncodeError) as error:
        meant = translate(error)
        if meant is None:
            raise
        raise meant from error


def pack_headers(headers: Sequence[tuple[str, bytes]]) -> bytes:
    """Headers as they lie in the outbox."""
    return to_json(headers)


def unpack_headers(packed: bytes) -> list[tuple[str, bytes]]:
    """The headers that `pack_headers` packed."""
    return [(name, value.encode()) for name, value in from_json(packed)]


class Lanes:
    """The outbox's side of one open transaction."""

    def __init__(self, connection: AsyncConnection, tables: RuntimeTables, max_rows: int) -> None:
        self._connection, self._schema, self._max_rows = connection, str(tables.outbox.schema), max_rows

    async def advance(self, lane: int, rows: int) -> int:
        """Lock the lane, reserve numbers, return the first; see `ports.LaneTable`."""
        statement = text(
            f'UPDATE "{self._schema}".outbox_lane AS o SET head = o.head + :rows '  # noqa: S608
            f'FROM "{self._schema}".relay_lane AS r WHERE o.lane = :lane AND r.lane = o.lane '
            "RETURNING o.head, o.head - coalesce(r.confirmed, r.base)"
        )
        found = (await self._connection.execute(statement, {"lane": lane, "rows": rows})).one()
        if found[1] > self._max_rows:
            raise Unavailable(f"the outbox is full: {found[1]} rows wait in lane {lane} (bound {self._max_rows})")
        return int(found[0]) - rows + 1

    async def insert(self, rows: Sequence[Row]) -> None:
        """Copy the rows into the outbox."""
        raw = await self._connection.get_raw_connection()
        driver = cast("psycopg.AsyncConnection", raw.driver_connection)
        copy_in = f'COPY "{self._schema}".outbox ({_COLUMNS}) FROM STDIN (FORMAT BINARY)'
        async with driver.cursor() as cursor, cursor.copy(copy_in.encode()) as copy:
            copy.set_types(_TYPES)
            for lane, sequence, nonce, event in rows:
                await copy.write_row((lane, sequence, nonce, *_columns(event)))


def _columns(event: Outgoing) -> tuple[object, ...]:
    packed = pack_headers(event.headers)
    return event.event_id, event.topic, event.key, event.partition_key, packed, event.value


class Offsets:
    """The inbox's stored offsets."""

    def __init__(self, tables: RuntimeTables) -> None:
        self._table, self._deployment = tables.inbox_offset, tables.deployment

    async def read(self, connection: AsyncConnection, partitions: Collection[Partition]) -> dict[Partition, Offset]:
        """The stored offsets of these partitions."""
        t = self._table.c
        query = select(t.topic, t.partition, t.position, t.log).where(tuple_(t.topic, t.partition).in_(partitions))
        rows = await connection.execute(query) if partitions else ()
        return {Partition(topic, number): Offset(position, log) for topic, number, position, log in rows}

    async def create(self, connection: AsyncConnection, first: Mapping[Partition, Offset]) -> None:
        """Create the offsets that are not there yet."""
        rows = [
            {"topic": p.topic, "partition": p.number, "position": o.position, "log": o.log} for p, o in first.items()
        ]
        await connection.execute(insert(self._table).values(rows).on_conflict_do_nothing())

    async def lock(self, connection: AsyncConnection, partitions: Sequence[Partition]) -> dict[Partition, Offset]:
        """Lock the partitions' rows in order; see `ports.InboxTransaction.lock_offsets`."""
        t = self._table.c
        halted = select(self._deployment.c.halted).scalar_subquery()
        query = (
            select(t.topic, t.partition, t.position, t.log, halted)
            .where(tuple_(t.topic, t.partition).in_(partitions))
            .order_by(t.topic, t.partition)
            .with_for_update(of=self._table)
        )
        rows = (await connection.execute(query)).all()
        if rows and rows[0][4]:
            raise Halted(rows[0][4])
        return {Partition(topic, number): Offset(position, log) for topic, number, position, log, _ in rows}

    async def move(self, connection: AsyncConnection, positions: Mapping[Partition, int]) -> None:
        """Write where the next batch of each partition begins."""
        t = self._table
        statement = (
            update(t)
            .where(t.c.topic == bindparam("t"), t.c.partition == bindparam("p"))
            .values(position=bindparam("end"))
        )
        await connection.execute(statement, [{"t": p.topic, "p": p.number, "end": end} for p, end in positions.items()])


def advisory(names: Sequence[str]) -> tuple[TextClause, dict[str, list[str]]]:
    """The statement that takes transaction-level advisory locks on names, in the order of their keys."""
    statement = text(
        "SELECT pg_advisory_xact_lock(k) FROM (SELECT DISTINCT hashtextextended(n, 0) AS k "
        "FROM unnest(CAST(:names AS text[])) AS n ORDER BY k) AS keys"
    )
    return statement, {"names": list(names)}
