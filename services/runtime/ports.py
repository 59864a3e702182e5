"""What inbox, outbox and relay need from Kafka and PostgreSQL.

The rules of "exactly once" are written against these protocols alone, so that the same code runs over the real
clients (`postgres.py`, `kafka.py`) and over in-memory stand-ins under every crash and delay that a test can think of.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar
from uuid import UUID

from services.core.errors import RoamwattError


class Partition(NamedTuple):
    """One partition of one topic."""

    topic: str
    number: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.number}"


class Record(NamedTuple):
    """One record as fetched, undecoded; `timestamp` in milliseconds since 1970."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    timestamp: int


class Offset(NamedTuple):
    """Where the next batch of a partition begins, and the log that this position counts in.

    `log` is the Kafka cluster's id (and the topic's id where the client can tell it).
    """

    position: int
    log: str


@dataclass(frozen=True, slots=True)
class Part:
    """One partition's part of a batch, stamped where it was fetched with the offset at which it began."""

    partition: Partition
    start: Offset
    records: Sequence[Record]

    @property
    def topic(self) -> str:
        """The topic's name."""
        return self.partition.topic

    @property
    def end(self) -> int:
        """The position after this part."""
        return self.records[-1].offset + 1 if self.records else self.start.position


class Gap(NamedTuple):
    """What holds no record and is behind the consumer: from where the next part would begin up to its position."""

    partition: Partition
    start: Offset
    end: int


class Reader(Protocol):
    """The consumer's side: what is assigned to this replica and where its next part begins."""

    @property
    def log(self) -> str:
        """The identity of the log that positions count in; the cluster's id."""

    def assigned(self) -> Collection[Partition]:
        """The partitions that this replica has now."""

    def next_start(self, partition: Partition) -> int | None:
        """Where the partition's next part begins; None while it has not been sought in this assignment."""

    def seek(self, partition: Partition, position: int) -> None:
        """Fetch from here on; of no effect for a partition that is no longer assigned."""

    def forget(self, partitions: Collection[Partition]) -> None:
        """Drop what comes of these partitions until they are sought again."""

    def gaps(self) -> Sequence[Gap]:
        """Where the consumer is past the beginning of the next part and found only transaction markers there."""

    def step_over(self, gap: Gap) -> None:
        """Let the next part begin after a gap; of no effect once the partition was sought or given out again."""

    async def bounds(self, partitions: Collection[Partition]) -> Mapping[Partition, tuple[int, int]]:
        """The first offset kept and the high watermark of each.

        Raises:
            services.core.errors.Unavailable: when Kafka does not answer.
        """

    async def advise(self, positions: Mapping[Partition, int]) -> None:
        """Tell Kafka the committed positions, for autoscalers and lag monitors only; failures do not matter."""


class LaneTable(Protocol):
    """The outbox's side of a transaction."""

    async def advance(self, lane: int, rows: int) -> int:
        """Lock the lane's row until the transaction ends, reserve this many numbers and return the first.

        Raises:
            services.core.errors.Unavailable: when the lane holds more unpublished rows than its bound.
        """

    async def insert(self, rows: "Sequence[Row]") -> None:
        """Write rows into the outbox."""


class InboxTransaction(LaneTable, Protocol):
    """A database transaction that takes a batch in."""

    async def lock_offsets(self, partitions: Sequence[Partition]) -> Mapping[Partition, Offset]:
        """Lock the partitions' offset rows in the order given and return what they hold.

        Raises:
            services.core.errors.Halted: when the service has been stopped for an operator's choice.
        """

    async def move_offsets(self, positions: Mapping[Partition, int]) -> None:
        """Write where each partition's next batch begins."""

    def outgoing(self) -> "Sequence[Outgoing]":
        """The events appended so far."""


Transaction_co = TypeVar("Transaction_co", bound=InboxTransaction, covariant=True)


class InboxStore(Protocol[Transaction_co]):
    """The database's side of the inbox."""

    async def stored(self, partitions: Collection[Partition]) -> Mapping[Partition, Offset]:
        """The stored offsets of these partitions, without those that were never stored.

        Raises:
            services.core.errors.Unavailable: when the database does not answer.
        """

    async def stored_or_first(self, first: Mapping[Partition, Offset]) -> Mapping[Partition, Offset]:
        """Each partition's stored offset; one that was never stored is created as given.

        Raises:
            services.core.errors.Unavailable: when the database does not answer.
        """

    def begin(self) -> AbstractAsyncContextManager[Transaction_co]:
        """Open a transaction; it commits at the end of the block and rolls back on an exception."""


class Outgoing(NamedTuple):
    """An encoded event on its way to the outbox.

    `partition_key` chooses the partition on the topic; `headers` are the CloudEvents headers.
    """

    event_id: UUID
    topic: str
    key: bytes
    partition_key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]]


class Row(NamedTuple):
    """A row of the outbox: an event with its place in a lane and a random nonce that no restore can repeat."""

    lane: int
    sequence: int
    nonce: bytes
    event: Outgoing


class Cursor(NamedTuple):
    """How far a lane is published: the last sequence number and that row's nonce (None where a lane was opened)."""

    epoch: int
    sequence: int
    nonce: bytes | None


@dataclass(frozen=True, slots=True)
class LaneView:
    """What one statement read of a lane while the reader's term held the lease.

    Attributes:
        cluster: The Kafka cluster that this schema belongs to.
        epoch: Rises when an operator opens the lanes anew.
        base: The sequence number after which the epoch's first row comes.
        confirmed: What is published for certain; None until the lane was opened in this epoch.
        halted: Why the service was stopped, or None.
        rows: The cursor's row, if it is there, and its successors, in order.
    """

    cluster: str
    epoch: int
    base: int
    confirmed: int | None
    halted: str | None
    rows: Sequence[Row]


class LaneStore(Protocol):
    """The relay's side of the database; each method is one statement."""

    async def take(self, lane: int, term: UUID) -> bool:
        """Take the lease, if nobody holds it or it has expired."""

    async def renew(self, lane: int, term: UUID) -> bool:
        """Prolong the lease; False when it is somebody else's."""

    async def release(self, lane: int, term: UUID) -> None:
        """Give the lease back, if it is still this term's."""

    async def read(self, lane: int, term: UUID, sequence: int, limit: int) -> LaneView | None:
        """The lane from row `sequence` on, at most `limit` rows after it; None when the lease is somebody else's."""

    async def open(self, lane: int, term: UUID) -> bool:
        """Set `confirmed` to the lane's base, if it is unset; False when the lease is somebody else's."""

    async def prune(self, lane: int, term: UUID, cursor: Cursor) -> bool:
        """Raise `confirmed` to the cursor and delete the rows before it, keeping the cursor's own.

        Of no effect (False) unless the lease is this term's and the cursor's row has the cursor's nonce.
        """

    async def halt(self, reason: str) -> None:
        """Record that the service is stopped until an operator chooses."""


class Producer(Protocol):
    """A transactional producer of one lane; after any error it is thrown away."""

    async def start(self) -> None:
        """Fence the lane's former producers and end what they left open."""

    async def publish(self, rows: Sequence[Row], cursor: Cursor) -> None:
        """Publish the rows and the cursor in one Kafka transaction, every send awaited.

        Raises:
            ProducerFailed: when anything went wrong; whether it was published is then unknown.
        """

    async def close(self) -> None:
        """Let go of the connection, within a bound; never raises."""


class CursorLog(Protocol):
    """The lane's own partition of the compacted topic `relay.cursors`."""

    async def cluster(self) -> str:
        """The id of the Kafka cluster."""

    async def read(self, lane: int) -> Cursor | None:
        """The last committed cursor up to the high watermark, whatever its epoch.

        Raises:
            services.core.errors.Unavailable: when Kafka does not answer in time.
        """


class ProducerFailed(RoamwattError):
    """A producer met an error; what it was publishing may or may not be there."""


class Displaced(RoamwattError):
    """The batch does not begin where the stored offset says: somebody else is the owner now."""
