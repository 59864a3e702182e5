"""The relay: publishes a lane of the outbox to Kafka, each row exactly once.

One owner per lane, by a lease with a random term, and by the lane's transactional id, which fences a former owner. The
events and the cursor that names the last of them are one Kafka transaction. The cursor is read after the producer has
started, and every reading of the outbox compares the cursor's row by its nonce: what was published must be what the
database says.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.core.errors import Halted, Unavailable
from services.runtime.ports import Cursor, CursorLog, LaneStore, LaneView, Producer, ProducerFailed, Row


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a relay goes: rows a Kafka transaction, seconds between looks, renewals of the lease and prunings."""

    batch_rows: int
    poll_seconds: float
    retry_seconds: float
    renew_seconds: float
    prune_seconds: float


def disagreement(view: LaneView, cursor: Cursor | None, cluster: str) -> str | None:
    """Why what Kafka says (the cursor) and what PostgreSQL says (the view) cannot both be true, or None."""
    if view.cluster != cluster:
        return f"this schema belongs to Kafka cluster {view.cluster}, but this is {cluster}"
    if cursor is not None and cursor.epoch > view.epoch:
        return f"Kafka has a cursor of epoch {cursor.epoch}, PostgreSQL is at epoch {view.epoch}: restored from older?"
    if cursor is None or cursor.epoch < view.epoch:
        return None if view.confirmed is None else "the lane was opened, but Kafka has no cursor of it: topic lost?"
    if cursor.sequence < (view.confirmed or 0):
        return f"Kafka's cursor {cursor.sequence} is behind {view.confirmed}, which was confirmed: an older Kafka?"
    return _row_disagreement(view, cursor)


def _row_disagreement(view: LaneView, cursor: Cursor) -> str | None:
    own = next((row for row in view.rows if row.sequence == cursor.sequence), None)
    if cursor.nonce is not None and (own is None or own.nonce != cursor.nonce):
        there = "is not in the outbox" if own is None else "has another nonce"
        return f"row {cursor.sequence} was published, but {there}: PostgreSQL restored from an older copy?"
    later = [row.sequence for row in successors(view, cursor)]
    if later != list(range(cursor.sequence + 1, cursor.sequence + 1 + len(later))):
        return f"the outbox has a gap after row {cursor.sequence}"
    return None


def successors(view: LaneView, cursor: Cursor) -> Sequence[Row]:
    """The rows that come after the cursor, in order."""
    return [row for row in view.rows if row.sequence > cursor.sequence]


class LostLease(Exception):
    """The lane is somebody else's now; no fault."""


class Relay:
    """Publishes one lane for as long as it is this replica's.

    Attributes:
        failing: Why the lane cannot be published now, as far as this replica has to know; None while it can.
    """

    def __init__(
        self,
        lane: int,
        *,
        store: LaneStore,
        log: CursorLog,
        producer: Callable[[], Producer],
        term: Callable[[], UUID],
        idle: Callable[[float], Awaitable[None]],
        rest: Callable[[float], Awaitable[None]],
        monotonic: Callable[[], float],
        pace: Pace,
        on_published: Callable[[int], None] = lambda _rows: None,
        on_failure: Callable[[Exception], None] = lambda _error: None,
    ) -> None:
        """Wire the relay of one lane.

        Args:
            producer: Makes a new transactional producer; one that met an error is never used again.
            term: Gives a random lease term, new each time.
            idle: Waits this many seconds, or less when rows were appended.
            rest: Waits this many seconds.
            on_published: Is told how many rows each Kafka transaction published.
            on_failure: Is told of each failure that the relay will get over by itself.
        """
        self._lane, self._store, self._log, self._pace = lane, store, log, pace
        self._producer, self._term, self._monotonic = producer, term, monotonic
        self._idle, self._rest = idle, rest
        self._on_published, self._on_failure = on_published, on_failure
        self._renewed = self._pruned = 0.0
        self._held = term()
        self.failing: str | None = None

    async def run(self) -> None:
        """Take the lease when it is free, publish while it is held, and begin anew after any failure.

        Raises:
            services.core.errors.Halted: when Kafka and PostgreSQL do not agree, or the service was stopped already.
        """
        while True:
            try:
                if await self._holds(self._held):
                    await self._own(self._held)
                else:
                    self.failing = None
                    await self._rest(self._pace.retry_seconds)
            except LostLease:
                self._held = self._term()
            except (Unavailable, ProducerFailed) as error:
                self.failing = str(error)
                self._on_failure(error)
                await self._rest(self._pace.retry_seconds)

    async def release(self) -> None:
        """Give the lease back at a graceful stop, so that another replica need not wait for its end."""
        await self._store.release(self._lane, self._held)

    async def _holds(self, term: UUID) -> bool:
        held = await self._store.renew(self._lane, term) or await self._store.take(self._lane, term)
        self._renewed = self._monotonic()
        return held

    async def _own(self, term: UUID) -> None:
        producer = self._producer()
        try:
            await producer.start()
            # Only now: before the start a former owner's transaction may still be on its way.
            cursor = await self._log.read(self._lane)
            cluster = await self._log.cluster()
            while True:
                cursor = await self._round(term, producer, cursor, cluster)
                self.failing = None
        finally:
            await producer.close()

    async def _round(self, term: UUID, producer: Producer, cursor: Cursor | None, cluster: str) -> Cursor:
        view = await self._view(term, cursor, cluster)
        if cursor is None or cursor.epoch < view.epoch:
            cursor = Cursor(view.epoch, view.base, None)
            await producer.publish([], cursor)
            return cursor
        if view.confirmed is None and not await self._store.open(self._lane, term):
            raise LostLease
        rows = successors(view, cursor)
        if rows:
            last = rows[-1]
            cursor = Cursor(view.epoch, last.sequence, last.nonce)
            await producer.publish(rows, cursor)
            self._on_published(len(rows))
        await self._keep_house(term, cursor, cluster)
        if len(rows) < self._pace.batch_rows:
            await self._idle(self._pace.poll_seconds)
        return cursor

    async def _view(self, term: UUID, cursor: Cursor | None, cluster: str) -> LaneView:
        sequence = cursor.sequence if cursor else 0
        view = await self._store.read(self._lane, term, sequence, self._pace.batch_rows)
        if view is None:
            raise LostLease
        reason = view.halted or disagreement(view, cursor, cluster)
        if reason is not None:
            if view.halted is None:
                await self._store.halt(f"lane {self._lane}: {reason}")
            raise Halted(f"lane {self._lane}: {reason}")
        return view

    async def _keep_house(self, term: UUID, cursor: Cursor, cluster: str) -> None:
        now = self._monotonic()
        if now - self._renewed >= self._pace.renew_seconds:
            if not await self._store.renew(self._lane, term):
                raise LostLease
            self._renewed = now
            if await self._log.cluster() != cluster:  # noticed also while there is nothing to publish
                raise ProducerFailed("another Kafka cluster answers now")
        if cursor.nonce is not None and now - self._pruned >= self._pace.prune_seconds:
            await self._store.prune(self._lane, term, cursor)
            self._pruned = now
