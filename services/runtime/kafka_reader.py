"""The real consumer under the inbox: aiokafka, with each part stamped where its records are fetched."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError

from services.core.errors import Unavailable
from services.runtime.ports import Gap, Offset, Part, Partition, Record
from services.runtime.probe import Probe


class PartConsumer(AIOKafkaConsumer):
    """An aiokafka consumer that yields parts.

    A stamp belongs to one assignment: after a rebalance nothing is given out of a partition until it was sought anew,
    whether or not the rebalance listener was called. `getmany` drains aiokafka's buffer and stamps without letting
    anything else run in between, so a stamp cannot be overtaken by a seek.
    """

    def __init__(self, *topics: str, reader: "KafkaReader", **options: Any) -> None:
        super().__init__(*topics, **options)  # type: ignore[no-untyped-call]
        self._reader = reader
        self._starts: dict[TopicPartition, tuple[object, Offset]] = {}
        self._known_connections: frozenset[object] = frozenset()
        reader.attach(self)

    async def getmany(  # type: ignore[override]
        self, *partitions: TopicPartition, timeout_ms: float = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[Part]]:
        """The next parts, at most one a partition, in place of the records themselves."""
        await self._reader.between_batches()
        try:
            fetched = await super().getmany(
                *partitions, timeout_ms=self._reader.wait_milliseconds, max_records=max_records
            )
        except NoOffsetForPartitionError:  # one that is halted or not sought yet: others go on, reconciling seeks it
            await asyncio.sleep(self._reader.wait_milliseconds / 1000)
            return {}
        except KafkaError as error:
            if isinstance(error, OffsetOutOfRangeError):  # sought anew, it is halted with its reason
                self.forget(error.args[0])
            self._reader.failed(error)
            await asyncio.sleep(self._reader.wait_milliseconds / 1000)
            return {}
        parts = [part for tp, records in fetched.items() if (part := self._stamped(tp, records)) is not None]
        if parts and not await self._knows_the_log():
            return {}
        return {TopicPartition(*part.partition): [part] for part in parts if part.start.log == self._reader.log}

    def next_start(self, tp: TopicPartition) -> Offset | None:
        """Where the next part of this partition begins; None while it is not sought in this assignment."""
        assignment, start = self._starts.get(tp, (None, None))
        return start if assignment is not None and assignment is self._assignment() else None

    def seek_stamped(self, tp: TopicPartition, position: int, log: str) -> None:
        """Fetch from here on, and say so of the part that begins here."""
        try:
            self.seek(tp, position)  # type: ignore[no-untyped-call]
        except IllegalStateError:  # no longer assigned
            return
        self._starts[tp] = self._assignment(), Offset(position, log)

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Drop what comes of these partitions until they are sought again."""
        for tp in partitions:
            self._starts.pop(tp, None)

    def gaps(self) -> Iterable[Gap]:
        """Where the position is past the stamp: all records before it were given out, so there is none between."""
        assignment = self._assignment()
        for tp, (of, start) in self._starts.items():
            is_current = assignment is not None and of is assignment
            state = assignment.state_value(tp) if is_current else None
            if state is not None and state.has_valid_position and state.position > start.position:
                yield Gap(Partition(*tp), start, state.position)

    def step_over(self, gap: Gap) -> None:
        """Let the next part begin after a gap, unless its partition was sought anew meanwhile."""
        tp = TopicPartition(*gap.partition)
        if self.next_start(tp) == gap.start:
            self._starts[tp] = self._starts[tp][0], Offset(gap.end, gap.start.log)

    async def _knows_the_log(self) -> bool:
        """Learn, after a fetch, which cluster it came from; False, and all forgotten, where that cannot be learnt.

        One connection has one broker behind it, so this is asked only where connections are others than before. It is
        asked after the fetch: the cluster that was sought and still answers is the one that was read from meanwhile.
        """
        connections = frozenset(self._client._conns.values())
        if connections and connections == self._known_connections:
            return True
        try:
            await self._reader.refresh_log()
        except Unavailable as error:
            self.forget(list(self._starts))
            self._reader.failed(error)
            return False
        self._known_connections = connections
        return True

    def _assignment(self) -> Any:
        subscription = self._subscription.subscription
        return subscription.assignment if subscription is not None else None

    def _stamped(self, tp: TopicPartition, records: Sequence[Any]) -> Part | None:
        start = self.next_start(tp)
        if start is None or not records:
            return None
        self._starts[tp] = self._starts[tp][0], Offset(records[-1].offset + 1, start.log)
        kept = [Record(r.offset, r.key, r.value, r.headers, r.timestamp) for r in records]
        return Part(Partition(*tp), start, kept)


class KafkaReader(ConsumerRebalanceListener):
    """A `ports.Reader` over the consumer that FastStream builds, and its rebalance listener."""

    def __init__(
        self,
        probe: Probe,
        wait_milliseconds: int,
        *,
        between: Callable[[], Awaitable[None]],
        assigned: Callable[[Collection[Partition]], Awaitable[None]],
        failed: Callable[[Exception], None],
    ) -> None:
        """Wire the reader.

        Args:
            wait_milliseconds: The longest wait for records in one look.
            between: Runs in the consumer's own loop between two batches.
            assigned: Seeks partitions that were just assigned; it may fail, `between` does it again.
            failed: Is told what the consumer raised.
        """
        self._probe, self.wait_milliseconds = probe, wait_milliseconds
        self._between, self._on_assigned, self.failed = between, assigned, failed
        self._consumer: PartConsumer | None = None
        self._log = ""
        self.polled_at = time.monotonic()

    def attach(self, consumer: PartConsumer) -> None:
        """Make this the consumer that is read."""
        self._consumer = consumer

    async def between_batches(self) -> None:
        """Mark that polling goes on, and do what is due between two batches."""
        self.polled_at = time.monotonic()
        await self._between()

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Drop what still comes of partitions that go to somebody else."""
        if self._consumer is not None:
            self._consumer.forget(revoked)

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Seek the stored offsets of what was assigned."""
        await self._on_assigned([Partition(*tp) for tp in assigned])

    @property
    def log(self) -> str:
        """The cluster's id as of the last look at bounds."""
        return self._log

    def assigned(self) -> Collection[Partition]:
        """The partitions that this replica has now."""
        if self._consumer is None:
            return set()
        return {Partition(*tp) for tp in self._consumer.assignment()}  # type: ignore[no-untyped-call]

    def next_start(self, partition: Partition) -> int | None:
        """Where the partition's next part begins; None while it has not been sought in this assignment."""
        start = self._consumer.next_start(TopicPartition(*partition)) if self._consumer is not None else None
        return start.position if start is not None else None

    def seek(self, partition: Partition, position: int) -> None:
        """Fetch from here on; of no effect for a partition that is no longer assigned."""
        if self._consumer is not None:
            self._consumer.seek_stamped(TopicPartition(*partition), position, self._log)

    def forget(self, partitions: Collection[Partition]) -> None:
        """Drop what comes of these partitions until they are sought again."""
        if self._consumer is not None:
            self._consumer.forget(TopicPartition(*partition) for partition in partitions)

    def gaps(self) -> Sequence[Gap]:
        """Where the consumer is past the beginning of the next part and found only transaction markers there."""
        return list(self._consumer.gaps()) if self._consumer is not None else []

    def step_over(self, gap: Gap) -> None:
        """Let the next part begin after a gap; of no effect once the partition was sought or given out again."""
        if self._consumer is not None:
            self._consumer.step_over(gap)

    async def refresh_log(self) -> None:
        """Learn which cluster answers now; what was sought in another one is forgotten.

        Raises:
            services.core.errors.Unavailable: when Kafka does not answer.
        """
        log = await self._probe.cluster()
        if log != self._log:
            self._log = log
            self.forget(self.assigned())

    async def bounds(self, partitions: Collection[Partition]) -> Mapping[Partition, tuple[int, int]]:
        """The first offset kept and the high watermark of each."""
        await self.refresh_log()
        return await self._probe.bounds(partitions)

    async def advise(self, positions: Mapping[Partition, int]) -> None:
        """Commit the positions to Kafka, for autoscalers and lag monitors only."""
        if self._consumer is None or not positions:
            return
        try:
            offsets = {TopicPartition(*p): position for p, position in positions.items()}
            await self._consumer.commit(offsets)  # type: ignore[no-untyped-call]
        except (KafkaError, IllegalStateError):
            return  # the stored offsets are what counts; the next batch advises again
