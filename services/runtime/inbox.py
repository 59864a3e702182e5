"""The inbox: offsets live with the state, so a batch is taken in exactly once.

Each part of a batch says where it began. Its transaction locks the partition's offset row first; if the row says
another position, somebody else is the owner now, and the batch is dropped. `Inbox` never raises into the consumer.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

from services.core.errors import BadContent, Halted, RoamwattError
from services.runtime import outbox
from services.runtime.ports import Displaced, InboxStore, InboxTransaction, Offset, Part, Partition, Reader

Tx = TypeVar("Tx", bound=InboxTransaction)


def halves(parts: Sequence[Part]) -> tuple[list[Part], list[Part]]:
    """Split a batch in the middle of its records, keeping each part's chain of positions."""
    left, right, room = [], [], sum(len(part.records) for part in parts) // 2
    for part in parts:
        first = Part(part.partition, part.start, part.records[:room])
        rest = Part(part.partition, Offset(first.end, part.start.log), part.records[room:])
        left += [first] if first.records else []
        right += [rest] if rest.records else []
        room = max(0, room - len(part.records))
    return left, right


def outside(stored: Offset, log: str, bounds: tuple[int, int]) -> str | None:
    """Why a stored offset cannot be used with the log that is there now, or None."""
    if stored.log != log:
        return f"stored for Kafka cluster {stored.log}, but this is {log}"
    if not bounds[0] <= stored.position <= bounds[1]:
        return f"stored position {stored.position} is outside the log ({bounds[0]} to {bounds[1]})"
    return None


class Inbox(Generic[Tx]):
    """Takes batches in, and keeps the consumer's positions equal to the stored ones.

    Attributes:
        halted: Partitions whose stored offset does not fit the log, each with its reason; they are not read.
        waiting: Partitions that wait at a record of a newer release, each with its reason.
        stopped: Why the whole service was stopped, or None.
    """

    def __init__(
        self,
        *,
        reader: Reader,
        store: InboxStore[Tx],
        take: Callable[[Tx, Sequence[Part]], Awaitable[None]],
        refuse: Callable[[Tx, Part, BadContent], Awaitable[None]],
        admit: Callable[[Part], tuple[Part, str | None]],
        lanes: int,
        nonce: Callable[[], bytes],
    ) -> None:
        """Wire the inbox.

        Args:
            take: Handles a batch inside its transaction; raises BadContent when a record in it cannot be processed.
            refuse: Dead-letters the one record of a part.
            admit: Cuts a part before a record that this release cannot read yet, and says why.
            lanes: Lanes of the outbox.
            nonce: Gives random bytes for outbox rows.
        """
        self._reader, self._store = reader, store
        self._take, self._refuse, self._admit = take, refuse, admit
        self._lanes, self._nonce = lanes, nonce
        self.halted: dict[Partition, str] = {}
        self.waiting: dict[Partition, str] = {}
        self.stopped: str | None = None

    async def seek(self, partitions: Iterable[Partition]) -> None:
        """Reload the stored offsets and seek what this replica still has of these partitions.

        Raises:
            services.core.errors.Unavailable: when Kafka or the database does not answer; nothing was sought then.
        """
        wanted = sorted(set(partitions) & set(self._reader.assigned()))
        if not wanted:
            return
        bounds, log = await self._reader.bounds(wanted), self._reader.log
        stored = await self._store.stored_or_first({p: Offset(bounds[p][0], log) for p in wanted})
        for partition in wanted:
            reason = outside(stored[partition], log, bounds[partition])
            if reason is None:
                self.halted.pop(partition, None)
                self._reader.seek(partition, stored[partition].position)
            else:
                self.halted[partition] = reason
                self._reader.forget([partition])

    async def reconcile(self) -> None:
        """Between batches: seek every partition whose stored offset is not where its next part begins.

        Covers a rebalance listener that was late or failed without a word, and a database restored under a
        partition on which nothing arrives. Before that, stored offsets are moved over gaps.

        Raises:
            services.core.errors.Unavailable: when Kafka or the database does not answer.
        """
        await self._step_over()
        assigned = self._reader.assigned()
        self._keep(assigned)
        stored = await self._store.stored(assigned)
        starts = {p: self._reader.next_start(p) for p in assigned}
        same = {p for p in assigned if p in stored and stored[p] == (starts[p], self._reader.log)}
        await self.seek(set(assigned) - same)

    async def process(self, parts: Sequence[Part]) -> RoamwattError | Exception | None:
        """Take one batch in; on any failure drop it and seek anew later.

        Returns:
            What went wrong, for the shell to log, count and pause on; None when the batch was committed.
        """
        admitted = [self._admitted(part) for part in sorted(parts, key=lambda part: part.partition)]
        try:
            await self._divide([part for part in admitted if part.records])
        except Exception as error:
            if isinstance(error, Halted):
                self.stopped = str(error)
            self._reader.forget(self._reader.assigned())
            return error
        return None

    async def _step_over(self) -> None:
        """Move stored offsets over what holds no record.

        A batch ends with its last record, before the marker of the transaction that wrote it. Once retention has
        emptied a quiet partition, a position left there would lie outside the log, as if records were lost.
        """
        gaps = sorted(self._reader.gaps())
        if not gaps:
            return
        try:
            async with self._store.begin() as tx:
                stored = await tx.lock_offsets([gap.partition for gap in gaps])
                owned = [gap for gap in gaps if stored.get(gap.partition) == gap.start]
                if owned:
                    await tx.move_offsets({gap.partition: gap.end for gap in owned})
        except Halted:  # the next batch or a relay says so
            return
        for gap in owned:
            self._reader.step_over(gap)

    def _keep(self, assigned: Collection[Partition]) -> None:
        self.halted = {p: reason for p, reason in self.halted.items() if p in assigned}
        self.waiting = {p: reason for p, reason in self.waiting.items() if p in assigned}

    def _admitted(self, part: Part) -> Part:
        admitted, reason = self._admit(part)
        if reason is None:
            self.waiting.pop(part.partition, None)
        else:
            self.waiting[part.partition] = reason
            self._reader.forget([part.partition])
        return admitted

    async def _divide(self, parts: Sequence[Part]) -> None:
        """Commit the batch, or find the record that is refused by its content by bisection."""
        if not parts:
            return
        try:
            await self._commit(parts, None)
        except BadContent as refused:
            if sum(len(part.records) for part in parts) == 1:
                await self._commit(parts, refused)
            else:
                for half in halves(parts):
                    await self._divide(half)

    async def _commit(self, parts: Sequence[Part], refused: BadContent | None) -> None:
        async with self._store.begin() as tx:
            stored = await tx.lock_offsets([part.partition for part in parts])
            for part in parts:
                if stored.get(part.partition) != part.start:
                    raise Displaced(f"{part.partition} is at {stored.get(part.partition)}, the batch at {part.start}")
            if refused is None:
                await self._take(tx, parts)
            else:
                await self._refuse(tx, parts[0], refused)
            ends = {part.partition: part.end for part in parts}
            await tx.move_offsets(ends)
            await outbox.write(tx, tx.outgoing(), self._lanes, self._nonce)
        await self._reader.advise(self._own_positions(ends))

    def _own_positions(self, ends: Mapping[Partition, int]) -> dict[Partition, int]:
        assigned = self._reader.assigned()
        return {partition: end for partition, end in ends.items() if partition in assigned}
