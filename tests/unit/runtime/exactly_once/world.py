"""A model of PostgreSQL and Kafka under the real inbox, outbox and relay, with all delays and crashes a seed brings.

Processes are coroutines; at each `await` of a stand-in anything else may happen. What must hold is checked as it
happens (nothing published twice, no effect twice) and at the end, when faults have ceased (all drained and right).
"""

import random
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from typing import Any

from services.runtime.ports import Cursor, Offset, Partition, Row

TOPIC = "in"
PARTITIONS = (Partition(TOPIC, 0), Partition(TOPIC, 1))
FAULTS = (
    *("crash", "rebalance", "timeout", "lease", "freeze", "no_commit", "lost_answer"),
    *("refused", "end_lost", "kafka_answer", "listener"),
)


class Broken(AssertionError):
    """An invariant does not hold."""


class Pass:
    """An await at which anything else may happen."""

    def __await__(self) -> Generator[None, None, None]:
        yield


@dataclass
class LaneRow:
    """A row of `relay_lane`."""

    term: object | None = None
    renewed: int = 0
    epoch: int = 1
    base: int = 0
    confirmed: int | None = None


@dataclass
class Database:
    """What is committed."""

    offsets: dict[Partition, Offset] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    rows: dict[tuple[int, int], Row] = field(default_factory=dict)
    heads: dict[int, int] = field(default_factory=dict)
    lanes: dict[int, LaneRow] = field(default_factory=dict)
    history: list[tuple[int, str, bytes]] = field(default_factory=list)
    halted: str | None = None
    cluster: str = ""

    def copy(self) -> "Database":
        """A backup."""
        return Database(
            dict(self.offsets),
            set(self.seen),
            dict(self.rows),
            dict(self.heads),
            {lane: LaneRow(**vars(row)) for lane, row in self.lanes.items()},
            list(self.history),
            self.halted,
            self.cluster,
        )


@dataclass
class KafkaTransaction:
    """A transaction of one lane's producer."""

    txid: str
    lane: int
    begun: int
    rows: list[Row] = field(default_factory=list)
    cursor: Cursor | None = None
    state: str = "open"
    due: float = 1e9


@dataclass
class Process:
    """A coroutine of one replica; it stands still until `until`."""

    replica: int
    name: str
    coroutine: Coroutine[Any, Any, Any]
    until: int = 0


class World:
    """The surroundings of two replicas."""

    def __init__(self, seed: int, boot: "Callable[[World, int], None]", lanes: int = 2) -> None:
        self.random = r = random.Random(seed)
        self.seed, self._boot, self.lanes = seed, boot, lanes
        self.now, self.faulty, self.lost = 0, True, False
        self.rates = {f: r.choice((0, 0.01, 0.04)) * (seed % 6 > 0) * (15 if f == "listener" else 1) for f in FAULTS}
        self.restores, self.recreations = (seed % 3 == 0) + (seed % 9 == 0), int(seed % 5 == 0)
        self.losses = int(seed % 4 == 1 and not self.restores and not self.recreations)
        self.cluster_number = self.topic_number = 0
        self.db = Database(heads=dict.fromkeys(range(lanes), 0), lanes={n: LaneRow() for n in range(lanes)})
        self.db.cluster = self.cluster
        self.locks: dict[object, Any] = {}
        self.transactions: list[Any] = []
        self.copies: list[Database] = []
        self.group = {p: (r.choice((0, 1)), 0) for p in PARTITIONS}
        self.cursors: list[KafkaTransaction] = []
        self.coordinator: dict[str, tuple[int, KafkaTransaction | None]] = {}
        self.visible: list[list[Row]] = [[] for _ in range(lanes)]
        self.stopped: dict[int, str] = {}
        self.requests = [f"ask{n}" for n in range(3)]
        self.advice: dict[Partition, int] = {}
        self.log: dict[Partition, list[tuple[int, str]]] = {}
        self.ends: dict[Partition, int] = {}
        self.processes: list[Process] = []
        self.dead: list[Process] = []
        self.readers: dict[int, Any] = {}
        self.serial: dict[int, int] = {}
        self.trace: list[str] = []
        self.fill(4)
        for replica in (0, 1):
            boot(self, replica)

    @property
    def cluster(self) -> str:
        """The cluster's id; the stand-in's topics have ids too, as a client that can tell them would give."""
        return f"cluster{self.cluster_number}"

    def say(self, *what: object) -> None:
        """Add a line to the trace."""
        self.trace.append(" ".join(map(str, (self.now, *what))))

    def fault(self, kind: str) -> bool:
        """Whether this fault happens now."""
        return self.faulty and self.random.random() < self.rates[kind]

    def fill(self, records: int) -> None:
        """Put records on the topic, with the gaps that transaction markers leave."""
        self.log = {p: [] for p in PARTITIONS}
        for p in PARTITIONS:
            offset = -1
            for n in range(records):
                offset += self.random.choice((1, 1, 2, 3))
                self.log[p].append((offset, f"t{self.topic_number}p{p.number}r{n}"))
            self.ends[p] = offset + self.random.choice((1, 2))

    def spawn(self, replica: int, name: str, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Start a process of a replica."""
        self.processes.append(Process(replica, name, coroutine))

    def boot(self, replica: int) -> None:
        """Start a replica, or start it anew after a crash that left its transactions to the server."""
        self.say("BOOT", replica)
        self.dead += [p for p in self.processes if p.replica == replica]
        self.processes = [p for p in self.processes if p.replica != replica]
        for tx in self.transactions:
            if tx.replica == replica and tx.state == "active":
                tx.orphaned = self.now
        self._boot(self, replica)

    def run(self) -> None:
        """Faults first; without them everything must drain.

        Raises:
            Broken: when an invariant does not hold.
        """
        try:
            self._run()
        finally:  # a crashed process is kept until now: Python would run its clean-up, which a crash does not
            for process in (*self.processes, *self.dead):
                process.coroutine.close()

    def _run(self) -> None:
        end = self.random.choice((200, 1000))
        for n in range(end + 5000):
            self.faulty = n < end
            self.step()
            if n > end and n % 40 == 0 and not self.wrong():
                return
        raise Broken("does not drain: " + self.wrong())

    def step(self) -> None:
        """Let time pass, faults happen and one process go on."""
        self.now += 1
        self._pass_time()
        self._misfortune()
        process = self.random.choice(self.processes)
        if process.until <= self.now:
            try:
                process.coroutine.send(None)
            except StopIteration:
                if process in self.processes:
                    self.processes.remove(process)

    def _pass_time(self) -> None:
        for tx in list(self.transactions):
            tx.tick()
        for row in self.db.lanes.values():
            if row.term and (self.now - row.renewed > 90 or self.fault("lease")):
                row.term = None
        for transaction in self.open():
            if transaction.due <= self.now:
                self.end(transaction)
            elif self.now - transaction.begun > 150 or self.fault("timeout"):
                self.fence(transaction.txid)

    def _misfortune(self) -> None:
        if self.fault("crash"):
            self.boot(self.random.choice((0, 1)))
        if self.fault("rebalance"):
            self.group[self.random.choice(PARTITIONS)] = (self.random.choice((0, 1)), self.now)
        if self.fault("freeze"):
            self.random.choice(self.processes).until = self.now + self.random.choice((20, 80, 200))
        if self.faulty and self.restores and self.copies and self.random.random() < 0.02 * len(self.visible[0]):
            self.restore()
        if self.faulty and self.recreations and self.now > 60 and self.random.random() < 0.01:
            self.recreate()
        if self.faulty and self.losses and self.now > 60 and self.random.random() < 0.01:
            # The topic of the cursors alone; not beside a restore or another cluster: no evidence would be left.
            self.losses, self.cursors, self.lost = 0, [], True

    def restore(self) -> None:
        """Put an older copy in the database's place; the relays may come back late."""
        self.restores -= 1
        self.db = self.random.choice(self.copies[:3]).copy()
        late = self.random.choice((0, 60, 300))
        for tx in list(self.transactions):
            tx.finish("aborted")
        for process in self.processes:
            process.until = self.now + late * process.name.startswith("relay")
        self.say("RESTORE", self.db.offsets, self.db.heads)

    def recreate(self) -> None:
        """Make the cluster anew (not beside a restore with the same id: no evidence would be left)."""
        self.recreations = 0
        self.topic_number += 1
        self.cluster_number += 1
        self.say("RECREATE", self.cluster)
        for transaction in self.open():
            transaction.state = "aborted"
        self.cursors, self.coordinator, self.advice = [], {}, {}
        self.group = {p: (owner, epoch + 1) for p, (owner, epoch) in self.group.items()}
        self.fill(6)

    def open(self) -> list[KafkaTransaction]:
        """The Kafka transactions that are open."""
        return [t for _, t in self.coordinator.values() if t]

    def fence(self, txid: str) -> int:
        """InitProducerId: abort what is open and fence who opened it."""
        epoch, transaction = self.coordinator.get(txid, (0, None))
        if transaction:
            transaction.state = "aborted"
        self.coordinator[txid] = epoch + 1, None
        return epoch + 1

    def end(self, transaction: KafkaTransaction) -> None:
        """Commit a Kafka transaction: its rows are visible now."""
        transaction.state = "committed"
        self.coordinator[transaction.txid] = self.coordinator[transaction.txid][0], None
        self.say("PUBLISHED", transaction.lane, [r.event.key for r in transaction.rows], transaction.cursor)
        published = {row.event.key for lane in self.visible for row in lane}
        for row in transaction.rows:
            if row.event.key in published:
                raise Broken(f"{row.event.key!r} is published twice")
            self.visible[transaction.lane].append(row)

    def stop(self, lane: int, why: str) -> None:
        """A lane stopped: rightly so only if what was published is not what the state says."""
        self.say("STOPPED", lane, why)
        history = [nonce for at, _, nonce in self.db.history if at == lane]
        published = [row.nonce for row in self.visible[lane]]
        # Of two restores (each ninth seed) the second may bring back what a relay has just missed after the first.
        twice = not self.restores and not self.seed % 9
        if history[: len(published)] == published and not (self.cluster_number or self.lost or twice):
            raise Broken(f"false alarm in lane {lane}: {why}")
        self.stopped[lane] = why

    def wrong(self) -> str:
        """What is still to be done, or is not as it must be; empty when all is drained and right."""
        stopped = bool(self.stopped or self.db.halted)
        for p in PARTITIONS:
            new = [record in self.db.seen for _, record in self.log[p]]
            stored = self.db.offsets.get(p)
            if stored is not None and stored.log != self.cluster:
                if any(new):
                    return f"{p}: took records of another cluster"
            elif not stopped and not (all(new) and stored and stored.position == self.ends[p]):
                return f"{p}: processed {new}, stored {stored}, the log ends at {self.ends[p]}"
        for lane in () if stopped else range(self.lanes):
            # A lane's order is that of the commits, so events of one key stay in theirs.
            history = [event for at, event, _ in self.db.history if at == lane]
            published = [row.event.key.decode() for row in self.visible[lane]]
            if history != published:
                return f"lane {lane}: {history}, published {published}"
        return "requests or transactions left" if (self.requests and not stopped) or self.transactions else ""
