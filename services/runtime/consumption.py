"""The consuming side of a service: FastStream drives the consumer, the inbox decides what is taken."""

import asyncio
import time
from collections.abc import Collection
from functools import partial
from typing import Any

from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.message import FAKE_CONSUMER
from faststream.prometheus import ConsumeAttrs, MetricsSettingsProvider, PrometheusMiddleware

from services.core.errors import Halted, RoamwattError, Unavailable
from services.runtime import logs, metrics
from services.runtime.handling import Handling
from services.runtime.inbox import Inbox
from services.runtime.kafka_options import client_options
from services.runtime.kafka_reader import KafkaReader, PartConsumer
from services.runtime.ports import Displaced, Part, Partition
from services.runtime.probe import Probe
from services.runtime.service import Service
from services.runtime.settings import RuntimeSettings
from services.runtime.transactions import PostgresTransactions, PostgresWork, nonce

_log = logs.logger(__name__)


class PartMetrics(MetricsSettingsProvider[Any]):
    """What FastStream's Prometheus middleware is told of a batch of parts."""

    messaging_system = "kafka"

    def get_consume_attrs_from_message(self, msg: Any) -> ConsumeAttrs:
        """The batch's size; a batch of several topics counts under its first."""
        parts: tuple[Part, ...] = msg.raw_message
        records = [record for part in parts for record in part.records]
        size = sum(len(record.value or b"") for record in records)
        return {"destination_name": parts[0].topic, "message_size": size, "messages_count": len(records)}

    def get_publish_destination_name_from_cmd(self, cmd: Any) -> str:
        """The topic that is published to; nothing is, through this broker."""
        return str(cmd.destination)


async def _raw(parts: tuple[Part, ...]) -> KafkaMessage:
    """Hand a batch on unread: no header and no body can fail before the handler."""
    return KafkaMessage(raw_message=parts, body=b"", consumer=FAKE_CONSUMER)


async def _undecoded(message: KafkaMessage) -> Any:
    return message.raw_message


class Consumption:
    """Reads a service's topics through its inbox."""

    def __init__(
        self,
        service: Service,
        settings: RuntimeSettings,
        probe: Probe,
        transactions: PostgresTransactions,
        handling: Handling,
    ) -> None:
        self._service, self._settings = service, settings
        self.inbox: Inbox[PostgresWork] = Inbox(
            reader=(reader := self._reader(probe)),
            store=transactions,
            take=handling.take,
            refuse=handling.refuse,
            admit=handling.admit,
            lanes=settings.outbox.lanes,
            nonce=nonce,
        )
        self._kafka = reader
        self._broker: KafkaBroker | None = None
        self._due = 0.0
        self._failures = 0
        self._running = False
        self._stopped: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Consume until cancelled; a broker that cannot be reached is tried again within bounds.

        Raises:
            services.core.errors.Halted: when the service was stopped for an operator's choice.
        """
        if not self._service.handlers:
            return
        while not self._running:
            try:
                self._broker = self._new_broker()
                await self._start(self._broker)
                self._running = True
            except (KafkaError, OSError) as error:
                _log.warning("consumer_retries", reason=type(error).__name__)
                await self.stop()
                await asyncio.sleep(self._settings.inbox.retry_min_seconds * 5)
        self._stopped = asyncio.get_running_loop().create_future()
        await self._stopped

    async def stop(self) -> None:
        """Finish the batch in hand and leave the group."""
        self._running = False
        broker, self._broker = self._broker, None
        if broker is not None:
            await asyncio.wait([asyncio.ensure_future(broker.stop())], timeout=self._settings.process.stop_seconds)

    def reasons(self) -> list[str]:
        """Why the inbox is not ready."""
        if not self._service.handlers:
            return []
        reasons = [] if self._running else ["the consumer has not started: is Kafka there?"]
        reasons += [f"{partition} waits: {reason}" for partition, reason in self.inbox.waiting.items()]
        return reasons + ([f"{self._failures} batches failed in a row"] if self._failures > 1 else [])

    def halted(self) -> str | None:
        """Why reading is stopped, wholly or of some partitions, until an operator chooses; None while it is not."""
        partitions = [f"{partition}: {reason}" for partition, reason in sorted(self.inbox.halted.items())]
        return self.inbox.stopped or "; ".join(partitions) or None

    def polling_age_seconds(self) -> float:
        """Time since the consumer last polled; 0 before it has started, and without topics to read."""
        return time.monotonic() - self._kafka.polled_at if self._running else 0.0

    def _reader(self, probe: Probe) -> KafkaReader:
        wait = self._settings.inbox.batch_wait_milliseconds
        return KafkaReader(probe, wait, between=self._between, assigned=self._assigned, failed=self._failed)

    def _new_broker(self) -> KafkaBroker:
        middleware = PrometheusMiddleware(
            settings_provider_factory=lambda _message: PartMetrics(), registry=metrics.REGISTRY
        )
        broker = KafkaBroker(
            self._settings.kafka.bootstrap_servers.split(","),
            consumer_only=True,
            middlewares=[middleware],
            logger=None,
        )
        subscriber = broker.subscriber(
            *self._service.handlers,
            batch=True,
            group_id=f"roamwatt.{self._service.name}",
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="none",
            isolation_level="read_committed",
            listener=self._kafka,
            parser=_raw,
            decoder=_undecoded,
            max_records=self._settings.inbox.max_batch_records,
            batch_timeout_ms=1,
            fetch_max_wait_ms=self._settings.kafka.fetch_max_wait_milliseconds,
            fetch_max_bytes=self._settings.kafka.fetch_max_bytes,
            session_timeout_ms=self._settings.kafka.session_timeout_milliseconds,
        )
        subscriber(self._consume)
        return broker

    async def _start(self, broker: KafkaBroker) -> None:
        await broker.connect()  # sets a builder, which is the one place to let a consumer class of our own in
        options = client_options(self._settings.kafka)
        broker.config.broker_config.builder = partial(PartConsumer, reader=self._kafka, **options)
        await broker.start()

    async def _consume(self, message: KafkaMessage) -> None:
        parts: tuple[Part, ...] = message.raw_message  # type: ignore[assignment]
        began = time.perf_counter()
        error = await self.inbox.process(parts)
        self._count(parts, error, time.perf_counter() - began)
        self._failures = 0 if error is None or isinstance(error, Displaced) else self._failures + 1
        if isinstance(error, Halted) and self._stopped is not None and not self._stopped.done():
            self._stopped.set_exception(error)
        if error is not None:
            self._failed(error)
            await asyncio.sleep(self._backoff_seconds())

    async def _between(self) -> None:
        """Between two batches: from time to time, or at once after a failure, compare positions with what is stored."""
        if time.monotonic() < self._due:
            return
        try:
            await self.inbox.reconcile()
            self._due = time.monotonic() + self._settings.inbox.reconcile_seconds
        except Unavailable as error:
            _log.warning("inbox_waits", reason=str(error))
            await asyncio.sleep(self._settings.inbox.retry_min_seconds)

    async def _assigned(self, partitions: Collection[Partition]) -> None:
        self._due = 0.0
        await self.inbox.seek(partitions)

    def _failed(self, error: Exception) -> None:
        self._due = 0.0
        if isinstance(error, RoamwattError):
            _log.warning("batch_dropped", reason=str(error), kind=type(error).__name__)
        else:
            _log.error("batch_failed", exc_info=error)

    def _backoff_seconds(self) -> float:
        inbox = self._settings.inbox
        return min(inbox.retry_max_seconds, inbox.retry_min_seconds * float(2 ** min(self._failures, 10)))

    def _count(self, parts: Collection[Part], error: Exception | None, seconds: float) -> None:
        outcome = "committed" if error is None else "dropped" if isinstance(error, Displaced) else "failed"
        metrics.INBOX_BATCHES.labels(outcome).inc()
        metrics.INBOX_BATCH_SECONDS.observe(seconds)
        metrics.INBOX_BATCH_RECORDS.observe(sum(len(part.records) for part in parts))
        if error is None:
            for part in parts:
                metrics.INBOX_RECORDS.labels(part.topic).inc(len(part.records))
