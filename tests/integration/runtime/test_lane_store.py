"""The relay's statements on a real PostgreSQL: a lane is read, opened and pruned by its owner alone."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from services.runtime import outbox
from services.runtime.lane_store import PostgresLaneStore
from services.runtime.migrate import begin
from services.runtime.ports import Cursor, Outgoing
from services.runtime.postgres import Lanes
from services.runtime.tables import RuntimeTables, runtime_tables

SCHEMA = "small"
OWNER, STRANGER = UUID(int=1), UUID(int=2)
NONCES = [bytes([number]) * 16 for number in range(1, 6)]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    yield made
    await made.dispose()


@pytest.fixture
async def tables(database: AsyncEngine) -> RuntimeTables:
    metadata = MetaData(schema=SCHEMA)
    found = runtime_tables(metadata, SCHEMA)
    async with database.begin() as connection:
        await connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
        await connection.run_sync(metadata.create_all)
        await connection.run_sync(lambda sync: begin(sync, found, 1))
    return found


@pytest.fixture
async def store(database: AsyncEngine, tables: RuntimeTables) -> PostgresLaneStore:
    """A lane of the owner's that is open and holds five rows."""
    nonces = iter(NONCES)
    events = [Outgoing(uuid4(), "t", b"k", b"k", b"v", ()) for _ in NONCES]
    async with database.begin() as connection:
        await outbox.write(Lanes(connection, tables, 100), events, 1, lambda: next(nonces))
    made = PostgresLaneStore(database, SCHEMA, 30)
    assert await made.take(0, OWNER)
    assert await made.open(0, OWNER)
    return made


async def held(store: PostgresLaneStore) -> list[int]:
    view = await store.read(0, OWNER, 0, 100)
    assert view is not None
    return [row.sequence for row in view.rows]


async def test_a_lane_is_read_from_its_cursor_on_by_its_owner_alone(store: PostgresLaneStore) -> None:
    view = await store.read(0, OWNER, 2, 2)
    assert view is not None
    assert [(row.sequence, row.nonce) for row in view.rows] == [(n, NONCES[n - 1]) for n in (2, 3, 4)]
    assert (view.epoch, view.base, view.confirmed, view.halted) == (1, 0, 0, None)
    assert await store.read(0, STRANGER, 2, 2) is None


async def test_pruning_keeps_the_cursors_own_row_and_raises_what_is_confirmed(store: PostgresLaneStore) -> None:
    assert await store.prune(0, OWNER, Cursor(1, 3, NONCES[2]))
    assert await held(store) == [3, 4, 5]
    view = await store.read(0, OWNER, 3, 1)
    assert view is not None
    assert view.confirmed == 3


@pytest.mark.parametrize(
    ("term", "cursor"),
    [
        (STRANGER, Cursor(1, 3, NONCES[2])),
        (OWNER, Cursor(1, 3, NONCES[3])),
        (OWNER, Cursor(1, 6, NONCES[2])),
    ],
)
async def test_nothing_is_pruned_by_a_stranger_or_where_the_cursors_row_is_another(
    store: PostgresLaneStore, term: UUID, cursor: Cursor
) -> None:
    assert not await store.prune(0, term, cursor)
    assert await held(store) == [1, 2, 3, 4, 5]


async def test_what_is_confirmed_never_falls(store: PostgresLaneStore) -> None:
    assert await store.prune(0, OWNER, Cursor(1, 4, NONCES[3]))
    assert not await store.prune(0, OWNER, Cursor(1, 3, NONCES[2]))
    assert await store.open(0, OWNER)
    view = await store.read(0, OWNER, 4, 1)
    assert view is not None
    assert view.confirmed == 4


async def test_a_lease_is_taken_when_it_is_free_and_kept_by_its_term_alone(store: PostgresLaneStore) -> None:
    assert not await store.take(0, STRANGER)
    assert not await store.renew(0, STRANGER)
    assert not await store.open(0, STRANGER)
    await store.release(0, STRANGER)
    assert await store.renew(0, OWNER)
    await store.release(0, OWNER)
    assert not await store.renew(0, OWNER)
    assert await store.take(0, STRANGER)


async def test_a_lease_that_has_run_out_is_taken_by_another(database: AsyncEngine, store: PostgresLaneStore) -> None:
    short = PostgresLaneStore(database, SCHEMA, 0)
    assert await short.renew(0, OWNER)
    assert await store.take(0, STRANGER)
    assert await store.read(0, OWNER, 0, 1) is None


async def test_the_first_reason_of_a_halt_stays(store: PostgresLaneStore) -> None:
    await store.halt("first")
    await store.halt("second")
    view = await store.read(0, OWNER, 0, 1)
    assert view is not None
    assert view.halted == "first"
