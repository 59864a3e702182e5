"""The stand-in of the broker: a consumer, transactional producers and the log of cursors; over a `World`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from services.runtime.ports import Cursor, Gap, Offset, Part, Partition, ProducerFailed, Record, Row
from tests.unit.runtime.exactly_once.world import KafkaTransaction, Pass, World


@dataclass
class View:
    """One partition as a replica's consumer has it."""

    epoch: int
    fetch: int | None
    start: Offset | None = None


class Reader:
    """A `ports.Reader` that learns of its assignment when it gets to it."""

    def __init__(self, world: World, replica: int, mutation: str) -> None:
        self.world, self.replica, self.mutation = world, replica, mutation
        self.view: dict[Partition, View] = {}
        self.log = ""
        self.reached: dict[Partition, int] = {}

    def assigned(self) -> Collection[Partition]:
        """What this replica believes it has."""
        return set(self.view)

    def next_start(self, partition: Partition) -> int | None:
        """Where the next part begins."""
        view = self.view.get(partition)
        return view.start.position if view and view.start else None

    def seek(self, partition: Partition, position: int) -> None:
        """Fetch from here on."""
        if partition in self.view:
            self.view[partition].fetch, self.view[partition].start = position, Offset(position, self.log)
            self.reached[partition] = position

    def forget(self, partitions: Collection[Partition]) -> None:
        """Drop what comes."""
        for partition in partitions:
            if partition in self.view:
                self.view[partition].start = None

    def gaps(self) -> Sequence[Gap]:
        """Markers between the records and after the last one, as far as the consumer has passed them."""
        found = []
        for p, view in self.view.items():
            if view.start is None or view.start.log != self.world.cluster or self.mutation == "gaps_stay":
                continue
            end = next((offset for offset, _ in self.world.log[p] if offset >= view.start.position), self.world.ends[p])
            if end > view.start.position and self.world.random.random() < 0.5:
                found.append(Gap(p, view.start, end))
        return found

    def step_over(self, gap: Gap) -> None:
        """Go on after a gap."""
        view = self.view.get(gap.partition)
        if view and view.start == gap.start:
            view.fetch, view.start = gap.end, Offset(gap.end, gap.start.log)
            self.reached[gap.partition] = gap.end

    async def bounds(self, partitions: Collection[Partition]) -> Mapping[Partition, tuple[int, int]]:
        """The log's ends, and which cluster it is."""
        await Pass()
        if self.log != self.world.cluster and self.mutation != "no_log_identity":
            self.forget(self.assigned())
        self.log = self.world.cluster if self.mutation != "no_log_identity" else "any"
        found = {p: (0, self.world.ends[p]) for p in partitions}
        await Pass()
        return found

    async def advise(self, positions: Mapping[Partition, int]) -> None:
        """Commit to Kafka."""
        await Pass()
        self.world.advice.update(positions)

    def restamped(self, parts: Sequence[Part]) -> list[Part]:
        """The parts as if each began where this replica last sought or committed; a rule broken on purpose."""
        return [Part(p.partition, Offset(self.reached[p.partition], p.start.log), p.records) for p in parts]

    def rebalanced(self) -> list[Partition]:
        """Learn of the assignment; what is new here was fetched from Kafka's own offset so far."""
        new = []
        for p, (owner, epoch) in self.world.group.items():
            if p in self.view and (owner != self.replica or self.view[p].epoch != epoch):
                del self.view[p]
            if p not in self.view and owner == self.replica:
                self.view[p] = View(epoch, self.world.advice.get(p))
                new.append(p)
        return new

    def fetched(self) -> list[Part]:
        """At most three records a partition, stamped with where they begin."""
        parts = []
        for p, view in sorted(self.view.items()):
            if view.fetch is None:
                continue
            records = [r for r in self.world.log[p] if r[0] >= view.fetch][: self.world.random.randint(0, 3)]
            if not records:
                continue
            start, view.fetch = view.start, records[-1][0] + 1
            if start is None:
                continue
            view.start = Offset(view.fetch, start.log)
            first = records[0][0] if self.mutation == "first_record_offset" else start.position
            kept = [Record(offset, None, name.encode(), (), 0) for offset, name in records]
            # Records of another cluster than the stamp's: the real consumer forgets on the change, as `bounds` here.
            if start.log in {self.world.cluster, "any"}:
                parts.append(Part(p, Offset(first, start.log), kept))
        return parts


class Producer:
    """A `ports.Producer` of one lane."""

    def __init__(self, world: World, replica: int, lane: int, mutation: str) -> None:
        self.world, self.lane, self.mutation = world, lane, mutation
        self.txid = f"lane{lane}" + (f".{replica}.{world.now}" if mutation == "no_fencing" else "")
        self.epoch, self.cluster = -1, ""

    async def start(self) -> None:
        """Fence who came before."""
        await Pass()
        self.epoch, self.cluster = self.world.fence(self.txid), self.world.cluster
        await Pass()

    async def publish(self, rows: Sequence[Row], cursor: Cursor) -> None:
        """One Kafka transaction; whatever becomes of its sender, it is on its way from its end on."""
        self._must(self._valid(None))
        transaction = KafkaTransaction(self.txid, self.lane, self.world.now)
        self.world.coordinator[self.txid] = self.epoch, transaction
        for row in rows:
            await Pass()
            self._must(self._valid(transaction))
            if not self.world.fault("refused"):
                transaction.rows.append(row)
            else:
                self._must(self.mutation == "sends_not_awaited")
        await Pass()
        self._must(self._valid(transaction))
        transaction.cursor = cursor
        self.world.cursors.append(transaction)
        await Pass()
        self._must(not self.world.fault("end_lost"))
        transaction.due = self.world.now + self.world.random.choice((0, 1, 10, 60))
        while transaction.state == "open":
            self._must(not self.world.fault("kafka_answer"))
            await Pass()
        self._must(transaction.state == "committed" and not self.world.fault("kafka_answer"))

    async def close(self) -> None:
        """Nothing to let go of."""

    def _valid(self, transaction: KafkaTransaction | None) -> bool:
        same = self.world.coordinator.get(self.txid) == (self.epoch, transaction)
        return same and self.cluster == self.world.cluster

    def _must(self, holds: bool) -> None:
        if not holds:
            raise ProducerFailed("fenced, timed out or refused")


class Log:
    """A `ports.CursorLog` over the lane's own partition."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def cluster(self) -> str:
        """The cluster's id."""
        await Pass()
        return self.world.cluster

    async def read(self, lane: int) -> Cursor | None:
        """The last committed cursor; waits until no transaction is open below the high watermark."""
        await Pass()
        log = [t for t in self.world.cursors if t.lane == lane]
        while any(t.state == "open" for t in log):
            await Pass()
        found = next((t.cursor for t in reversed(log) if t.state == "committed"), None)
        await Pass()
        return found
