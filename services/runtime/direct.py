"""Publishing without the outbox, for conversations: at-least-once, acknowledged by all replicas, or refused in time."""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol, TypeAlias

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.core.errors import BadContent, Unavailable
from services.runtime import metrics
from services.runtime.backoff import Backoff
from services.runtime.events import Event
from services.runtime.kafka_options import client_options
from services.runtime.logs import logger
from services.runtime.ports import Outgoing
from services.runtime.settings import DirectSettings, KafkaSettings
from services.runtime.topics import partition_for

_log = logger(__name__)

# What a producer may raise of itself; each makes it unusable or of unknown state, so it is thrown away.
_FAILURES: Final = (KafkaError, OSError, TimeoutError)
_CLOSE_SECONDS: Final = 2.0


class Producer(Protocol):
    """What is used of aiokafka's producer."""

    async def start(self) -> None:
        """Connect."""

    async def stop(self) -> None:
        """Send what is left, then disconnect."""

    async def partitions_for(self, topic: str) -> set[int]:
        """The topic's partitions."""

    async def send_and_wait(
        self, topic: str, value: bytes, *, key: bytes, partition: int, headers: list[tuple[str, bytes]]
    ) -> Any:
        """Publish, and wait for the acknowledgement."""


Encode: TypeAlias = Callable[[Event], Outgoing]
MakeProducer: TypeAlias = Callable[[], Producer]


class DirectProducer:
    """Publishes events at once, outside any transaction; readers drop repeats by id.

    `run` keeps a producer alive: after any error the producer is thrown away and a new one is started, with waits
    that are bounded. While there is none, publishing fails at once rather than after the wait.
    """

    def __init__(self, settings: DirectSettings, encode: Encode, make: MakeProducer) -> None:
        """Prepare without connecting.

        Args:
            settings: Bounds.
            encode: Turns an event into bytes and headers; raises BadContent or TooLarge.
            make: Makes a producer that is not started.
        """
        self._settings = settings
        self._encode = encode
        self._make = make
        self._producer: Producer | None = None
        self._changed = asyncio.Event()
        self._away = False
        self._closing: set[asyncio.Future[None]] = set()

    @property
    def available(self) -> bool:
        """Whether a producer is there that has not failed."""
        return self._producer is not None

    async def run(self) -> None:
        """Keep a producer alive until cancelled."""
        backoff = Backoff(self._settings.restart_min_seconds, self._settings.restart_max_seconds)
        while True:
            producer = self._make()
            began = time.monotonic()
            try:
                await producer.start()
                await self._serve(producer)
            except _FAILURES as error:
                self._away = True
                _log.warning("the direct producer cannot start", reason=error)
            finally:
                self._producer = None
                await self._close(producer)
            metrics.DIRECT_PRODUCER_RESTARTS.inc()
            if time.monotonic() - began > self._settings.restart_max_seconds:
                backoff.reset()
            await asyncio.sleep(backoff.next_seconds())

    async def publish(
        self, event: Event, *, partition: int | None = None, headers: Iterable[tuple[str, bytes]] = ()
    ) -> None:
        """Publish one event and return once all in-sync replicas have it.

        Args:
            event: The event.
            partition: The partition; None, the one that the event's key says.
            headers: Headers besides those of CloudEvents.

        Raises:
            Unavailable: when Kafka did not acknowledge within the setting's wait; the event may be published yet.
            BadContent: when the event does not fit its schema, is too large, or the topic has no such partition.
        """
        record = self._encode(event)
        began = time.perf_counter()
        try:
            await self._send(record, partition, [*record.headers, *headers])
        except Unavailable:
            metrics.DIRECT_PUBLISH_FAILURES.labels(event.topic).inc()
            raise
        metrics.DIRECT_PUBLISHED.labels(event.topic).inc()
        metrics.DIRECT_PUBLISH_SECONDS.observe(time.perf_counter() - began)

    async def _serve(self, producer: Producer) -> None:
        self._producer, self._away = producer, False
        self._announce()
        while self._producer is producer:
            await self._changed.wait()

    async def _send(self, record: Outgoing, partition: int | None, headers: list[tuple[str, bytes]]) -> None:
        producer = None
        try:
            async with asyncio.timeout(self._settings.publish_wait_milliseconds / 1000):
                producer = await self._started()
                known = await producer.partitions_for(record.topic)
                await producer.send_and_wait(
                    record.topic,
                    record.value,
                    key=record.key,
                    partition=_choose(record, partition, known),
                    headers=headers,
                )
        except _FAILURES as error:
            self._throw_away(producer, error)
            raise Unavailable(f"Kafka did not take an event for {record.topic} in time") from error

    async def _started(self) -> Producer:
        while self._producer is None:
            if self._away:
                raise Unavailable("Kafka is away")
            await self._changed.wait()
        return self._producer

    def _throw_away(self, producer: Producer | None, error: BaseException) -> None:
        if producer is not None and self._producer is producer:
            _log.warning("the direct producer failed; a new one is started", reason=error)
            self._producer, self._away = None, True
            self._announce()

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _close(self, producer: Producer) -> None:
        """Stop a producer. One that Kafka does not answer goes on until its records expire; nobody waits for that."""
        stopping = asyncio.ensure_future(producer.stop())
        self._closing.add(stopping)
        stopping.add_done_callback(self._closing.discard)
        await asyncio.wait([stopping], timeout=_CLOSE_SECONDS)


def _choose(record: Outgoing, partition: int | None, known: set[int]) -> int:
    if partition is None:
        return partition_for(record.partition_key, len(known))
    if partition not in known:
        raise BadContent(f"{record.topic} has no partition {partition}")
    return partition


def kafka_producer(settings: KafkaSettings) -> Producer:
    """Return an idempotent producer that waits for nothing: a conversation's event goes out at once."""
    producer: Producer = AIOKafkaProducer(
        **client_options(settings),
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        max_request_size=settings.max_request_bytes,
    )
    return producer
