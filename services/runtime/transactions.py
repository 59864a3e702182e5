"""Works over PostgreSQL: the one database transaction in which a trigger changes a service's state."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.core.errors import TooLarge
from services.runtime import headers, outbox
from services.runtime.avro import Codec
from services.runtime.events import Event
from services.runtime.ports import Offset, Outgoing, Partition
from services.runtime.postgres import Lanes, Offsets, advisory, translated
from services.runtime.settings import OutboxSettings
from services.runtime.tables import RuntimeTables

Result = TypeVar("Result")

NONCE_BYTES = 16


def nonce() -> bytes:
    """A random nonce for an outbox row; no restore can repeat it."""
    return os.urandom(NONCE_BYTES)


@dataclass(frozen=True, slots=True)
class Encoder:
    """Turns an event into what the outbox holds, within Kafka's bound."""

    codec: Codec
    source: str
    max_event_bytes: int

    def encode(self, event: Event) -> Outgoing:
        """Encode one event.

        Raises:
            TooLarge: when Kafka would refuse it, which would block its lane for ever.
            services.core.errors.BadContent: when the value does not fit its schema.
        """
        value, key = self.codec.encode(event.topic, event.value), event.key.encode()
        if len(value) + len(key) > self.max_event_bytes:
            raise TooLarge(f"event {event.id} for {event.topic} has {len(value)} bytes (bound {self.max_event_bytes})")
        partition_key = key if event.partition_key is None else event.partition_key.encode()
        return Outgoing(event.id, event.topic, key, partition_key, value, headers.for_event(event, self.source))


class PostgresWork(Lanes):
    """One open transaction; a `services.runtime.work.Work` and a `ports.InboxTransaction`."""

    def __init__(
        self, connection: AsyncConnection, now: datetime, tables: RuntimeTables, encoder: Encoder, max_rows: int
    ) -> None:
        super().__init__(connection, tables, max_rows)
        self.connection, self.now = connection, now
        self._encoder, self._offsets = encoder, Offsets(tables)
        self._outgoing: list[Outgoing] = []
        self._when_committed: list[Callable[[], None]] = []

    def append(self, event: Event) -> None:
        """Add an event to what this transaction publishes; see `services.runtime.work.Work.append`."""
        self._outgoing.append(self._encoder.encode(event))

    def outgoing(self) -> Sequence[Outgoing]:
        """The events appended so far."""
        return self._outgoing

    def when_committed(self, act: Callable[[], None]) -> None:
        """Do this once the transaction is committed; see `services.runtime.work.Work.when_committed`."""
        self._when_committed.append(act)

    def committed(self) -> None:
        """Do what was to be done then."""
        for act in self._when_committed:
            act()

    async def advise(self, *names: str) -> None:
        """Take transaction-level advisory locks on these names, in one order for all."""
        if names:
            await self.connection.execute(*advisory(names))

    async def lock_offsets(self, partitions: Sequence[Partition]) -> Mapping[Partition, Offset]:
        """Lock the partitions' offset rows in order."""
        return await self._offsets.lock(self.connection, partitions)

    async def move_offsets(self, positions: Mapping[Partition, int]) -> None:
        """Write where each partition's next batch begins."""
        await self._offsets.move(self.connection, positions)


class PostgresTransactions:
    """Opens works over one service's schema: a `work.Transactions` and a `ports.InboxStore`."""

    def __init__(
        self,
        engine: AsyncEngine,
        tables: RuntimeTables,
        encoder: Encoder,
        *,
        clock: Callable[[], datetime],
        settings: OutboxSettings,
        on_appended: Callable[[int], None] = lambda _events: None,
    ) -> None:
        """Wire the transactions; `on_appended` is told how many events each commit made visible."""
        self._engine, self._tables, self._encoder = engine, tables, encoder
        self._clock, self._settings, self._on_appended = clock, settings, on_appended
        self._offsets = Offsets(tables)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[PostgresWork]:
        """Open a transaction that commits at the end of the block; database errors come out translated."""
        async with translated():
            async with self._engine.begin() as connection:
                work = PostgresWork(connection, self._clock(), self._tables, self._encoder, self._settings.max_rows)
                yield work
            work.committed()
            if work.outgoing():
                self._on_appended(len(work.outgoing()))

    async def run(self, act: Callable[[PostgresWork], Awaitable[Result]]) -> Result:
        """Run one act in one transaction; see `services.runtime.work.Transactions.run`."""
        async with self.begin() as work:
            result = await act(work)
            await outbox.write(work, work.outgoing(), self._settings.lanes, nonce)
        return result

    async def stored(self, partitions: Collection[Partition]) -> Mapping[Partition, Offset]:
        """The stored offsets of these partitions."""
        async with translated(), self._engine.connect() as connection:
            return await self._offsets.read(connection, partitions)

    async def stored_or_first(self, first: Mapping[Partition, Offset]) -> Mapping[Partition, Offset]:
        """The stored offsets of these partitions, created as given where there were none."""
        async with translated(), self._engine.begin() as connection:
            await self._offsets.create(connection, first)
            return await self._offsets.read(connection, first)
