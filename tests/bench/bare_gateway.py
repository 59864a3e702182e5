"""What a push costs without a platform: the same HTTPS server and TLS, parse the JSON, one statement, answer.

A CDR's bytes are inserted, the status of an EVSE is updated. Commits are grouped by the same code and in the same sizes
as the gateway's. Run by `tests.bench` with the certificate files and the database's URL as arguments; prints its port.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

import jiter
import uvloop
from sqlalchemy import BigInteger, Column, Identity, LargeBinary, MetaData, Table, Text, insert, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from starlette.types import Receive, Scope, Send

from services.runtime.grouping import Grouper
from services.runtime.https import server
from services.runtime.settings import HttpsSettings
from services.runtime.work import Work

Result = TypeVar("Result")
metadata = MetaData(schema="bench")
bodies = Table(
    "bodies",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
statuses = Table(
    "statuses",
    metadata,
    Column("evse", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("last_updated", Text, nullable=False),
)
# As the first status of each is inserted, later ones are updates.
KEEP = text(
    "INSERT INTO bench.statuses SELECT DISTINCT ON (evse) evse, status, last_updated FROM unnest("
    "CAST(:evse AS text[]), CAST(:status AS text[]), CAST(:last_updated AS text[])) "
    "AS n(evse, status, last_updated) ORDER BY evse, last_updated DESC "
    "ON CONFLICT (evse) DO UPDATE SET status = excluded.status, last_updated = excluded.last_updated"
)
Status: TypeAlias = tuple[str, str, str]
MAX_BATCH_REQUESTS, MAX_QUEUE_REQUESTS = 256, 4_000
DONE = b'{"status_code":1000}'


@dataclass(frozen=True, slots=True)
class BareWork:
    """A transaction and nothing else."""

    connection: AsyncConnection
    now: datetime


class BareTransactions:
    """Opens and commits transactions."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def run(self, act: Callable[[Work], Awaitable[Result]]) -> Result:
        """Run one act in one transaction."""
        async with self._engine.begin() as connection:
            return await act(cast(Work, BareWork(connection, datetime.now(UTC))))


async def decide(work: Work, requests: Sequence[bytes]) -> Sequence[None]:
    """Insert the bytes of a group."""
    await work.connection.execute(insert(bodies), [{"body": each} for each in requests])
    return [None] * len(requests)


def application(
    grouper: Grouper[bytes, None], updates: Grouper[Status, None]
) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """The ASGI application."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        content = b""
        more = True
        while more:
            message = await receive()
            content += message.get("body", b"")
            more = message.get("more_body", False)
        parsed: Any = jiter.from_json(content, float_mode="decimal", catch_duplicate_keys=True)
        if scope["path"].startswith("/statuses/"):
            await updates.submit((scope["path"], parsed["status"], parsed["last_updated"]))
        elif parsed["id"]:
            await grouper.submit(content)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(DONE)).encode())]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": DONE})

    return app


async def keep(work: Work, requests: Sequence[Status]) -> Sequence[None]:
    """Update the statuses of a group."""
    names = ("evse", "status", "last_updated")
    await work.connection.execute(KEEP, dict(zip(names, map(list, zip(*requests, strict=True)), strict=True)))
    return [None] * len(requests)


async def serve(certificate_file: Path, key_file: Path, database_url: str) -> None:
    """Serve until killed."""
    engine = create_async_engine(database_url, pool_size=4)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS bench")
        await connection.run_sync(metadata.create_all)
    grouper: Grouper[bytes, None] = Grouper(
        BareTransactions(engine),
        decide,
        max_batch_requests=MAX_BATCH_REQUESTS,
        max_wait_milliseconds=0,
        max_queue_requests=MAX_QUEUE_REQUESTS,
    )
    updates: Grouper[Status, None] = Grouper(
        BareTransactions(engine),
        keep,
        max_batch_requests=MAX_BATCH_REQUESTS,
        max_wait_milliseconds=0,
        max_queue_requests=MAX_QUEUE_REQUESTS,
    )
    settings = HttpsSettings(certificate_file=certificate_file, key_file=key_file)
    running = server(application(grouper, updates), "127.0.0.1", 0, settings)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(grouper.run())
        tasks.create_task(updates.run())
        tasks.create_task(running.serve())
        await running.open.wait()
        print(running.port, flush=True)  # noqa: T201 - the caller reads it


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        uvloop.run(
            serve(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3].replace("postgresql://", "postgresql+psycopg://"))
        )
