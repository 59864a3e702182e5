"""Reading conversations: at-least-once and soon, without the inbox; what is too late or unreadable is dropped."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain, groupby
from typing import Any, Final, TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.prometheus import KafkaPrometheusMiddleware

from services.core.errors import BadContent, Unavailable
from services.runtime import headers, metrics
from services.runtime.avro import UnknownSchemaAhead
from services.runtime.backoff import Backoff
from services.runtime.decoding import decoded
from services.runtime.events import Received
from services.runtime.kafka_options import client_options
from services.runtime.logs import library_logger, logger
from services.runtime.ports import Partition, Record
from services.runtime.service import Context, DirectSubscription
from services.runtime.settings import DirectSettings, KafkaSettings

_log = logger(__name__)

Batch: TypeAlias = Sequence[tuple[Received[Any], Mapping[str, str]]]
_STOP_SECONDS: Final = 5.0


class DirectHandling:
    """What is done with records once they are fetched; it knows no client."""

    def __init__(self, subscriptions: Iterable[DirectSubscription], context: Context, settings: DirectSettings) -> None:
        self._subscriptions = {each.topic: each for each in subscriptions}
        self._context = context
        self._settings = settings

    @property
    def topics(self) -> Collection[str]:
        """The topics that are read."""
        return self._subscriptions.keys()

    async def take(self, records: Iterable[tuple[Partition, Record]]) -> None:
        """Hand records to their topics' handlers, until each was handled or given up; never raises of itself."""
        for topic, group in groupby(sorted(records, key=_place), key=lambda each: each[0].topic):
            batch = [each for each in map(self._read, group) if each is not None]
            await self._deliver(self._subscriptions[topic], batch, self._settings.max_batch_tries)

    def _read(self, fetched: tuple[Partition, Record]) -> tuple[Received[Any], Mapping[str, str]] | None:
        partition, record = fetched
        if record.value is None:
            return None
        try:
            received = decoded(self._context.codec, partition, record, record.value)
        except (BadContent, UnknownSchemaAhead) as error:
            metrics.DIRECT_RECORDS.labels(partition.topic, "undecodable").inc()
            _log.warning("record dropped", topic=partition.topic, offset=record.offset, reason=error)
            return None
        return received, headers.read(record.headers)

    async def _deliver(self, subscription: DirectSubscription, batch: Batch, tries: int) -> None:
        """Try a batch as often as said (while something is away, until its deadlines), then each event by itself."""
        backoff = Backoff(self._settings.pause_min_seconds, self._settings.pause_max_seconds)
        while batch := self._in_time(subscription.topic, batch):
            try:
                await subscription.handle(self._context, batch)
            except Unavailable as error:
                _log.warning("batch waits", topic=subscription.topic, reason=error)
            except Exception:
                _log.exception("batch failed", topic=subscription.topic)
                tries -= 1
            else:
                metrics.DIRECT_RECORDS.labels(subscription.topic, "handled").inc(len(batch))
                return
            metrics.DIRECT_BATCH_FAILURES.labels(subscription.topic).inc()
            if tries <= 0:
                await self._divide(subscription, batch)
                return
            await asyncio.sleep(backoff.next_seconds())

    async def _divide(self, subscription: DirectSubscription, batch: Batch) -> None:
        if len(batch) > 1:
            for each in batch:
                await self._deliver(subscription, [each], 1)
            return
        event = batch[0][0]
        metrics.DIRECT_RECORDS.labels(event.topic, "given_up").inc()
        _log.error("record given up", topic=event.topic, partition=event.partition, offset=event.offset)

    def _in_time(self, topic: str, batch: Batch) -> Batch:
        now = self._context.clock()
        kept = [each for each in batch if not headers.is_expired(each[1], now)]
        if len(kept) < len(batch):
            metrics.DIRECT_RECORDS.labels(topic, "expired").inc(len(batch) - len(kept))
        return kept


def _place(fetched: tuple[Partition, Record]) -> tuple[Partition, int]:
    return fetched[0], fetched[1].offset


class DirectReader(ConsumerRebalanceListener):
    """Drives the handling with FastStream's subscriber, in the consumer group `roamwatt.<service>.direct`.

    FastStream gives one record as soon as there is one; what was fetched with it is taken along. (Its batch subscriber
    looks for records on a clock, which costs either time or processor.) Offsets are committed from time to time, after
    the handling: what lies between comes again after a crash.
    """

    def __init__(self, service: str, handling: DirectHandling, kafka: KafkaSettings, direct: DirectSettings) -> None:
        self._group = f"roamwatt.{service}.direct"
        self._handling = handling
        self._kafka = kafka
        self._direct = direct
        self._consumer: AIOKafkaConsumer | None = None
        self._handled: dict[TopicPartition, int] = {}
        self.running = False

    async def run(self) -> None:
        """Read until cancelled.

        Raises:
            Unavailable: when Kafka cannot be reached at the start; later outages are waited out.
        """
        broker = self._broker()
        try:
            await self._start(broker)
            self.running = True
            while True:
                await asyncio.sleep(self._direct.commit_milliseconds / 1000)
                await self._commit()
        finally:
            self.running = False
            await asyncio.wait([asyncio.ensure_future(self._stop(broker))], timeout=_STOP_SECONDS)

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Commit, so that the partitions' next owner repeats little."""
        await self._commit()
        for partition in revoked:
            self._handled.pop(partition, None)

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Begin where Kafka says."""

    def _broker(self) -> KafkaBroker:
        broker = KafkaBroker(
            self._kafka.bootstrap_servers.split(","),
            consumer_only=True,
            graceful_timeout=_STOP_SECONDS,
            apply_types=False,
            logger=library_logger(),
            middlewares=[KafkaPrometheusMiddleware(registry=metrics.REGISTRY)],
        )
        subscriber = broker.subscriber(
            *self._handling.topics,
            group_id=self._group,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            listener=self,
            parser=self._unread,
            decoder=_record_of,
            fetch_max_wait_ms=self._direct.fetch_max_wait_milliseconds,
            fetch_max_bytes=self._kafka.fetch_max_bytes,
            session_timeout_ms=self._kafka.session_timeout_milliseconds,
        )
        subscriber(self._consume)
        return broker

    async def _start(self, broker: KafkaBroker) -> None:
        try:
            await broker.connect()  # sets a builder of its own, which does not know our TLS and SASL options
            broker.config.broker_config.builder = partial(self._build, **client_options(self._kafka))
            await broker.start()
        except (KafkaError, OSError) as error:
            raise Unavailable(f"the direct consumer cannot start ({type(error).__name__})") from error

    def _build(self, **options: Any) -> AIOKafkaConsumer:
        self._consumer = AIOKafkaConsumer(**options)
        return self._consumer

    async def _stop(self, broker: KafkaBroker) -> None:
        await self._commit()
        self._handled.clear()
        await broker.stop()

    async def _unread(self, record: Any) -> KafkaMessage:
        """Hand a record on unread: no header and no body can fail before the handler."""
        consumer: Any = self._consumer
        return KafkaMessage(body=record.value or b"", raw_message=record, message_id="", consumer=consumer)

    async def _consume(self, first: Any) -> None:
        fetched = [first, *await self._rest()]
        await self._handling.take((Partition(each.topic, each.partition), _plain(each)) for each in fetched)
        for each in fetched:
            self._handled[TopicPartition(each.topic, each.partition)] = each.offset + 1

    async def _rest(self) -> Iterable[Any]:
        if self._consumer is None:
            return ()
        try:
            found = await self._consumer.getmany(timeout_ms=0, max_records=self._direct.max_batch_records)
        except KafkaError:  # the next look raises it again, in FastStream's loop, which waits then
            return ()
        return chain.from_iterable(found.values())

    async def _commit(self) -> None:
        if self._consumer is None:
            return
        assigned = self._consumer.assignment()
        offsets = {partition: offset for partition, offset in self._handled.items() if partition in assigned}
        if not offsets:
            return
        try:
            await self._consumer.commit(offsets)
        except (KafkaError, IllegalStateError) as error:
            _log.debug("offsets not committed; handled records may come again", reason=error)
            return
        self._handled = {place: offset for place, offset in self._handled.items() if offsets.get(place) != offset}


async def _record_of(message: KafkaMessage) -> Any:
    return message.raw_message


def _plain(record: Any) -> Record:
    return Record(record.offset, record.key, record.value, record.headers, record.timestamp)
