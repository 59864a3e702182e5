"""The real producer and cursor log under the relay: Kafka transactions through aiokafka."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from schemas.models.runtime import RelayCursor
from services.core.errors import Unavailable
from services.runtime.avro import Codec
from services.runtime.ports import Cursor, Partition, ProducerFailed, Row
from services.runtime.probe import Probe
from services.runtime.topics import partition_for

CURSORS: Final = "relay.cursors"
SERVICES: Final = ("registry", "authorization", "sessions", "clearing", "gateway")
_LOOK_BACK_RECORDS: Final = 64


def cursor_partition(service: str, lane: int) -> int:
    """The partition of `relay.cursors` that belongs to this lane alone.

    One lane per partition: another producer's open transaction would hide what this lane's former owner committed.
    """
    return lane * len(SERVICES) + SERVICES.index(service)


class LaneProducer:
    """A `ports.Producer`: one aiokafka producer with the lane's transactional id."""

    def __init__(
        self,
        options: Mapping[str, Any],
        service: str,
        lane: int,
        codec: Codec,
        *,
        transaction_timeout_milliseconds: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._service, self._lane, self._codec, self._clock = service, lane, codec, clock
        self._seconds = transaction_timeout_milliseconds / 1000
        self._partitions: dict[str, int] = {}
        self._producer = AIOKafkaProducer(
            **options,
            transactional_id=f"roamwatt.{service}.{lane}",
            transaction_timeout_ms=transaction_timeout_milliseconds,
            acks="all",
            max_batch_size=262_144,
        )

    async def start(self) -> None:
        """Fence the lane's former producers and end what they left open."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._producer.start()
        except (KafkaError, OSError, TimeoutError) as error:
            raise ProducerFailed(f"the producer did not start ({type(error).__name__})") from error

    async def publish(self, rows: Sequence[Row], cursor: Cursor) -> None:
        """Publish the rows and the cursor in one Kafka transaction, every send awaited.

        aiokafka commits a transaction in which a send was refused unless that send was awaited.
        """
        try:
            async with asyncio.timeout(self._seconds):
                await self._producer.begin_transaction()
                await self._send_all(rows, cursor)
                await self._producer.commit_transaction()
        except (KafkaError, OSError, TimeoutError, AssertionError, ValueError) as error:
            raise ProducerFailed(f"publishing failed ({type(error).__name__})") from error

    async def close(self) -> None:
        """Let go of the connection, within a bound; never raises."""
        await asyncio.wait([asyncio.ensure_future(self._producer.stop())], timeout=self._seconds)

    async def _send_all(self, rows: Sequence[Row], cursor: Cursor) -> None:
        try:
            sends = [await self._send(row) for row in rows]
            sends.append(await self._send_cursor(cursor))
            await asyncio.gather(*sends)
        except BaseException:
            await self._abort()
            raise

    async def _abort(self) -> None:
        """End what was begun, within a bound: aiokafka waits for ever where Kafka is away.

        Where that fails, the lane's next producer ends it at its start, or Kafka does after its time-out.
        """
        ending = asyncio.ensure_future(self._producer.abort_transaction())
        await asyncio.wait([ending], timeout=self._seconds)
        if not ending.cancel() and not ending.cancelled():
            ending.exception()

    async def _send(self, row: Row) -> "asyncio.Future[Any]":
        event = row.event
        if event.topic not in self._partitions:
            self._partitions[event.topic] = len(await self._producer.partitions_for(event.topic))
        partition = partition_for(event.partition_key, self._partitions[event.topic])
        return await self._producer.send(  # type: ignore[no-any-return]
            event.topic, event.value, key=event.key, partition=partition, headers=event.headers
        )

    async def _send_cursor(self, cursor: Cursor) -> "asyncio.Future[Any]":
        value = RelayCursor(
            event_id=uuid4(),
            occurred_at=self._clock(),
            service=self._service,
            lane=self._lane,
            epoch=cursor.epoch,
            sequence=cursor.sequence,
            nonce=cursor.nonce,
        )
        return await self._producer.send(  # type: ignore[no-any-return]
            CURSORS,
            self._codec.encode(CURSORS, value),
            key=f"{self._service}/{self._lane}/{cursor.epoch}".encode(),
            partition=cursor_partition(self._service, self._lane),
        )


class KafkaCursorLog:
    """A `ports.CursorLog`: reads a lane's last committed cursor."""

    def __init__(
        self, options: Mapping[str, Any], probe: Probe, service: str, codec: Codec, *, answer_seconds: float
    ) -> None:
        self._options, self._probe, self._service, self._codec = dict(options), probe, service, codec
        self._seconds = answer_seconds

    async def cluster(self) -> str:
        """The id of the Kafka cluster."""
        return await self._probe.cluster()

    async def bounds(self, partitions: Collection[Partition]) -> Mapping[Partition, tuple[int, int]]:
        """The first offset kept and the high watermark of each partition."""
        return await self._probe.bounds(partitions)

    async def read(self, lane: int) -> Cursor | None:
        """The last committed cursor up to the high watermark, whatever its epoch."""
        partition = Partition(CURSORS, cursor_partition(self._service, lane))
        first, end = (await self._probe.bounds([partition]))[partition]
        consumer = AIOKafkaConsumer(**self._options, isolation_level="read_committed", enable_auto_commit=False)
        tp = TopicPartition(*partition)
        try:
            async with asyncio.timeout(self._seconds):
                await consumer.start()
                consumer.assign([tp])
                return await self._last(consumer, tp, first, end)
        except TimeoutError as error:
            hidden = f"no end of {partition} within {self._seconds:g} s: is a transaction open?"
            raise Unavailable(f"the cursor of lane {lane} could not be read: {hidden}") from error
        except (KafkaError, OSError) as error:
            raise Unavailable(f"the cursor of lane {lane} could not be read ({type(error).__name__})") from error
        finally:
            await asyncio.wait([asyncio.ensure_future(consumer.stop())], timeout=self._seconds)

    async def _last(self, consumer: AIOKafkaConsumer, tp: TopicPartition, first: int, end: int) -> Cursor | None:
        """Look back from the end in growing steps, since a busy lane's log is long and its last cursor near the end."""
        back = _LOOK_BACK_RECORDS
        while True:
            begin = max(first, end - back)
            found = await self._forward(consumer, tp, begin, end)
            if found is not None or begin <= first:
                return found
            back *= 16

    async def _forward(self, consumer: AIOKafkaConsumer, tp: TopicPartition, begin: int, end: int) -> Cursor | None:
        """Read from `begin` to `end`; waits while a transaction is open below the end."""
        consumer.seek(tp, begin)
        found = None
        while await consumer.position(tp) < end:
            for record in (await consumer.getmany(tp, timeout_ms=100)).get(tp, ()):
                if record.offset < end and record.value is not None:
                    found = self._decoded(record.value)
        return found

    def _decoded(self, value: bytes) -> Cursor:
        cursor = self._codec.decode(CURSORS, value)
        assert isinstance(cursor, RelayCursor)  # noqa: S101
        return Cursor(cursor.epoch, cursor.sequence, cursor.nonce)
