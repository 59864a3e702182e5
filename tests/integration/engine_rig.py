"""A small service over the real engine, Kafka and PostgreSQL: it notes each delivery and posts an entry for it."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Column, Executable, MetaData, Table, Text, create_engine, select, text

from schemas.models.clearing import LedgerEntry, LedgerPosted
from schemas.models.gateway import DeliveryCompleted
from services.runtime import topics
from services.runtime.avro import Codec
from services.runtime.engine import Engine
from services.runtime.events import Event, Received
from services.runtime.migrate import begin
from services.runtime.service import Service
from services.runtime.settings import KafkaSettings, RuntimeSettings
from services.runtime.tables import runtime_tables
from services.runtime.work import Work
from tests.support.cluster import Cluster
from tests.support.waiting import eventually

SPACE = UUID(int=63119)
SOURCE, TARGET = "delivery.completed", "ledger.posted"
CODEC = Codec()


def clock() -> datetime:
    """The time of the machine."""
    return datetime.now(UTC)


def delivery(name: str) -> DeliveryCompleted:
    """An event to take in; `name` may hold what the database refuses."""
    now = clock()
    return DeliveryCompleted(
        event_id=uuid5(SPACE, name),
        occurred_at=now,
        delivery_id=name,
        partner="NL-ABC",
        module="cdrs",
        object_id=name,
        object_version=1,
        outcome="DELIVERED",
        tries=1,
        queued_at=now,
        completed_at=now,
    )


def posting(name: str, now: datetime) -> Event:
    """The event that each effect causes."""
    entries = [LedgerEntry(account="a", amount=Decimal(1)), LedgerEntry(account="b", amount=Decimal(-1))]
    event_id = uuid5(SPACE, f"posting {name}")
    value = LedgerPosted(
        event_id=event_id,
        occurred_at=now,
        posting_id=name,
        visited_cso="NL-ABC",
        home_csp="DE-XYZ",
        cdr_id=name,
        revision=1,
        currency="EUR",
        entries=entries,
        booked_at=now,
    )
    return Event(event_id, TARGET, name, value, occurred_at=now)


@dataclass
class Rig:
    """One deployment of the small service: its schema, its settings, and any number of replicas."""

    cluster: Cluster
    database_url: str
    name: str
    folder: Path
    lanes: int = 1
    effects: Table = field(init=False)
    metadata: MetaData = field(init=False)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    _going: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._going.set()
        self.metadata = MetaData(schema=self.name)
        self.effects = Table("effects", self.metadata, Column("name", Text, primary_key=True))
        key = X25519PrivateKey.generate().public_key()
        (self.folder / "key.pem").write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    @property
    def settings(self) -> RuntimeSettings:
        """Settings with short waits."""
        return RuntimeSettings(
            kafka={"bootstrap_servers": self.cluster.bootstrap_servers, "session_timeout_milliseconds": 6000},
            database={"url": self.database_url},
            dead_letters={"public_key_file": self.folder / "key.pem"},
            outbox={"lanes": self.lanes},
            relay={"lease_seconds": 2, "prune_seconds": 0.1, "retry_min_seconds": 0.05, "retry_max_seconds": 1},
            inbox={"reconcile_seconds": 0.5, "max_batch_records": 50},
        )

    def prepare(self) -> None:
        """Create the schema."""
        engine = create_engine(self.settings.database.url)
        with engine.begin() as connection:
            connection.execute(text(f'CREATE SCHEMA "{self.name}"'))
            tables = runtime_tables(self.metadata, self.name)
            self.metadata.create_all(connection)
            begin(connection, tables, self.lanes)
        engine.dispose()

    async def new_kafka(self) -> None:
        """Lose Kafka with all it held; an empty one with the product's topics is at the same address."""
        for act in (self.cluster.kafka.stop, self.cluster.kafka.wipe, self.cluster.kafka.start):
            await asyncio.to_thread(act)
        await create_topics(self.cluster)

    async def forget_records(self) -> None:
        """Let retention take all that is on the source topic."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.cluster.bootstrap_servers)
        await admin.start()
        try:
            (topic,) = await admin.describe_topics([SOURCE])
            everything = {
                TopicPartition(SOURCE, each["partition"]): RecordsToDelete(-1) for each in topic["partitions"]
            }
            await admin.delete_records(everything)
        finally:
            await admin.close()

    def hold(self) -> None:
        """Let batches wait, with all their locks, from now on; `held` is set when the first one does."""
        self._going.clear()

    def let_go(self) -> None:
        """Let them go on."""
        self._going.set()

    async def somebody_waits_for_a_lock(self) -> bool:
        """Whether a transaction waits for another one."""
        query = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        return bool(await asyncio.to_thread(self._found, text(query)))

    async def handle(self, work: Work, events: Sequence[Received[DeliveryCompleted]]) -> None:
        """Note each delivery, and post it."""
        if not self._going.is_set():
            self.held.set()
            await self._going.wait()
        await work.connection.execute(self.effects.insert(), [{"name": e.value.delivery_id} for e in events])
        for event in events:
            work.append(posting(event.value.delivery_id, work.now))

    def replica(self) -> Engine:
        """A replica, not started."""
        service = Service(self.name, self.settings, self.metadata, {SOURCE: self.handle})
        return Engine(service, self.settings, CODEC, clock=clock)

    @asynccontextmanager
    async def running(self, replicas: int = 1) -> AsyncIterator[list[Engine]]:
        """Replicas that run inside the block."""
        engines = [self.replica() for _ in range(replicas)]
        for engine in engines:
            await engine.start()
        try:
            yield engines
        finally:
            await asyncio.gather(*(engine.stop() for engine in engines))

    def effects_now(self) -> list[str]:
        """What was noted, committed."""
        return self._found(select(self.effects))

    def _found(self, query: Executable) -> list[Any]:
        engine = create_engine(self.settings.database.url)
        with engine.connect() as connection:
            found = [value for (value,) in connection.execute(query)]
        engine.dispose()
        return found

    async def send(self, values: Sequence[bytes | str]) -> None:
        """Put records on the source topic: events by name, or bytes as they are."""
        producer = AIOKafkaProducer(bootstrap_servers=self.cluster.bootstrap_servers, acks="all")
        await producer.start()
        try:
            for value in values:
                body = value if isinstance(value, bytes) else CODEC.encode(SOURCE, delivery(value))
                await producer.send_and_wait(SOURCE, body, key=uuid4().bytes.hex().encode())
        finally:
            await producer.stop()

    async def published(self, topic: str = TARGET) -> list[Any]:
        """What stands on a topic now, committed, up to its end."""
        consumer = AIOKafkaConsumer(
            topic,
            bootstrap_servers=self.cluster.bootstrap_servers,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
        )
        await consumer.start()
        try:
            found = []
            while not await self._at_end(consumer):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += [CODEC.decode(topic, record.value or b"") for record in records]
            return found
        finally:
            await consumer.stop()

    async def posted(self) -> list[str]:
        """Names of the deliveries posted, in no order."""
        return sorted(value.posting_id for value in await self.published())

    async def has_posted(self, names: Collection[str]) -> bool:
        """Whether all of these were posted."""
        return set(names) <= set(await self.posted())

    @staticmethod
    async def _at_end(consumer: AIOKafkaConsumer) -> bool:
        ends = await consumer.end_offsets(list(consumer.assignment()))
        return bool(ends) and all([await consumer.position(tp) >= end for tp, end in ends.items()])


async def create_topics(cluster: Cluster) -> None:
    """Create the product's own topics."""
    await topics.create(KafkaSettings(bootstrap_servers=cluster.bootstrap_servers))


async def empty_topics(cluster: Cluster) -> None:
    """Create the product's own topics, without what a test before left on them."""
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers)
    await admin.start()
    try:
        left = [name for name in await admin.list_topics() if not name.startswith("__")]
        if left:
            await admin.delete_topics(left)
            await eventually(lambda: _are_gone(admin, left), what="the topics to be deleted")
    finally:
        await admin.close()
    await create_topics(cluster)


async def _are_gone(admin: AIOKafkaAdminClient, names: Collection[str]) -> bool:
    return not set(names).intersection(await admin.list_topics())
