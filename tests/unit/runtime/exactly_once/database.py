"""The stand-in of the database: transactions with row locks, offsets, and lanes; over a `World`.

`mutation` breaks one rule at a time, to show that the checks would notice.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar
from uuid import UUID

from services.core.errors import Halted, Unavailable
from services.runtime.ports import Cursor, LaneView, Offset, Outgoing, Partition, Row
from tests.unit.runtime.exactly_once.world import Broken, Pass, World

Answer = TypeVar("Answer")


class Tx:
    """A database transaction: row locks until its end, effects at its commit, and a commit may take its time."""

    def __init__(self, world: World, replica: int, mutation: str) -> None:
        self.world, self.replica, self.mutation = world, replica, mutation
        self.operations: list[Callable[[], None]] = []
        self.events: list[Outgoing] = []
        self.state, self.due = "active", 0
        self.orphaned: int | None = None
        world.transactions.append(self)

    async def lock(self, row: object) -> None:
        """Wait for the row's lock and keep it."""
        while self.world.locks.get(row) is not self:
            await Pass()
            self._must(self.state == "active")
            self.world.locks.setdefault(row, self)

    def finish(self, state: str) -> None:
        """End, and let the locks go."""
        self.state = state
        self.world.locks = {row: tx for row, tx in self.world.locks.items() if tx is not self}
        if self in self.world.transactions:
            self.world.transactions.remove(self)

    def rollback(self) -> None:
        """Roll back; of no effect once the server has the COMMIT."""
        if self.state == "active":
            self.finish("aborted")

    def tick(self) -> None:
        """Let the server's time pass: a delayed commit, or the time-out of a dead client's session."""
        if self.state == "committing" and self.due <= self.world.now:
            for operation in self.operations:
                operation()
            self.finish("committed")
            if self.world.restores and self.world.random.random() < 0.5:
                self.world.copies.append(self.world.db.copy())
        elif self.orphaned is not None and self.world.now > self.orphaned + 60 and self.mutation != "no_idle_timeout":
            self.finish("aborted")

    async def commit(self) -> None:
        """Commit; the client may never learn whether it did."""
        await Pass()
        if self.world.fault("no_commit"):
            self.rollback()
        self._must(self.state == "active")
        self.state, self.due = "committing", self.world.now + self.world.random.choice((0, 1, 4, 40))
        while self.state == "committing":
            self._must(not self.world.fault("lost_answer"))
            await Pass()
        self._must(self.state == "committed" and not self.world.fault("lost_answer"))

    async def lock_offsets(self, partitions: Sequence[Partition]) -> Mapping[Partition, Offset]:
        """Lock, then read what is there now."""
        for partition in partitions:
            await self.lock(("offset", partition))
            await Pass()
        if self.world.db.halted:
            raise Halted(self.world.db.halted)
        return {p: self.world.db.offsets[p] for p in partitions if p in self.world.db.offsets}

    async def move_offsets(self, positions: Mapping[Partition, int]) -> None:
        """Take effect at the commit."""
        for partition, position in positions.items():
            self.operations.append(lambda p=partition, end=position: self._move(p, end))  # type: ignore[misc]

    def outgoing(self) -> Sequence[Outgoing]:
        """The events appended so far."""
        return self.events

    async def advance(self, lane: int, rows: int) -> int:
        """Lock the lane's row and number."""
        if self.mutation == "global_serial":
            first = 1 + max(self.world.db.heads[lane], self.world.serial.get(lane, 0))
            self.world.serial[lane] = first + rows - 1
        else:
            await self.lock(("lane", lane))
            await Pass()
            first = self.world.db.heads[lane] + 1
            if self.mutation == "lane_released_early" and self.world.locks.pop(("lane", lane), None):
                self.world.db.heads[lane] += rows
        return first

    async def insert(self, rows: Sequence[Row]) -> None:
        """Take effect at the commit."""
        await Pass()
        if self.mutation == "nonce_derived":
            rows = [row._replace(nonce=row.event.key) for row in rows]
        self.operations.append(lambda: self._put(rows))

    def _must(self, holds: bool) -> None:
        if not holds:
            raise Unavailable("the database's answer is lost")

    def _move(self, partition: Partition, end: int) -> None:
        self.world.db.offsets[partition] = Offset(end, self.world.db.offsets[partition].log)

    def _put(self, rows: Sequence[Row]) -> None:
        db = self.world.db
        self.world.say("COMMIT", [(row.lane, row.sequence, row.event.key) for row in rows])
        for row in rows:
            name = row.event.key.decode()
            if name in db.seen:
                raise Broken(f"{name} has two effects")
            db.seen.add(name)
            db.history.append((row.lane, name, row.nonce))
            db.rows[row.lane, row.sequence] = row
            db.heads[row.lane] = max(db.heads[row.lane], row.sequence)


class Store:
    """A `ports.InboxStore`, and where requests begin their transactions."""

    def __init__(self, world: World, replica: int, mutation: str) -> None:
        self.world, self.replica, self.mutation = world, replica, mutation

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Tx]:
        """A transaction that commits at the end of the block."""
        tx = Tx(self.world, self.replica, self.mutation)
        try:
            yield tx
            await tx.commit()
        finally:
            tx.rollback()

    async def stored(self, partitions: Collection[Partition]) -> Mapping[Partition, Offset]:
        """What is stored."""
        await Pass()
        found = {p: self.world.db.offsets[p] for p in partitions if p in self.world.db.offsets}
        await Pass()
        return found

    async def stored_or_first(self, first: Mapping[Partition, Offset]) -> Mapping[Partition, Offset]:
        """What is stored, created where it was not."""
        await Pass()
        found = {p: self.world.db.offsets.setdefault(p, offset) for p, offset in first.items()}
        await Pass()
        return found


class Lanes:
    """A `ports.LaneStore`: each method is one statement, whose answer may be lost."""

    def __init__(self, world: World, mutation: str) -> None:
        self.world, self.mutation = world, mutation

    async def take(self, lane: int, term: UUID) -> bool:
        """Take the lease."""
        await Pass()
        row = self.world.db.lanes[lane]
        if row.term is None:
            row.term, row.renewed = term, self.world.now
        return await self._answered(row.term == term)

    async def renew(self, lane: int, term: UUID) -> bool:
        """Prolong the lease."""
        await Pass()
        row = self.world.db.lanes[lane]
        if row.term == term:
            row.renewed = self.world.now
        return await self._answered(row.term == term)

    async def release(self, lane: int, term: UUID) -> None:
        """Give the lease back."""
        row = self.world.db.lanes[lane]
        row.term = None if row.term == term else row.term

    async def read(self, lane: int, term: UUID, sequence: int, limit: int) -> LaneView | None:
        """The lane from the cursor's row on."""
        await Pass()
        row, db = self.world.db.lanes[lane], self.world.db
        if row.term != term and self.mutation != "read_without_term":
            return None
        numbers = sorted(n for at, n in db.rows if at == lane and n >= sequence)
        limit = self.world.random.randint(1, limit)
        kept = [n for n in numbers if n == sequence] + [n for n in numbers if n > sequence][:limit]
        rows = [db.rows[lane, n] for n in kept]
        return await self._answered(LaneView(db.cluster, row.epoch, row.base, row.confirmed, db.halted, rows))

    async def open(self, lane: int, term: UUID) -> bool:
        """Mark the lane as opened."""
        await Pass()
        row = self.world.db.lanes[lane]
        if row.term == term and row.confirmed is None:
            row.confirmed = row.base
        return await self._answered(row.term == term)

    async def prune(self, lane: int, term: UUID, cursor: Cursor) -> bool:
        """Delete what is published, but the cursor's row."""
        await Pass()
        row, db = self.world.db.lanes[lane], self.world.db
        own = db.rows.get((lane, cursor.sequence))
        right = row.term == term and own is not None and own.nonce == cursor.nonce
        if right:
            row.confirmed = cursor.sequence
            self._delete(lane, cursor.sequence + (self.mutation == "prune_cursor_row"))
        return await self._answered(right)

    async def halt(self, reason: str) -> None:
        """Stop the service."""
        await Pass()
        self.world.stop(int(reason.split()[1].rstrip(":")), reason)
        self.world.db.halted = self.world.db.halted or reason

    def _delete(self, lane: int, below: int) -> None:
        for at, number in [place for place in self.world.db.rows if place[0] == lane and place[1] < below]:
            gone = self.world.db.rows.pop((at, number))
            if gone.event.key not in {row.event.key for row in self.world.visible[lane]}:
                raise Broken(f"row {lane}/{number} is pruned, but was never published")

    async def _answered(self, answer: Answer) -> Answer:
        await Pass()
        if self.world.fault("lost_answer"):
            raise Unavailable("the database's answer is lost")
        return answer
