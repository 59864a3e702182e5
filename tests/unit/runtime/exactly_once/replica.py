"""One replica: the real `Inbox`, `outbox.write` and `Relay` over the stand-ins, as processes of a `World`."""

from collections.abc import Callable, Sequence
from itertools import count
from uuid import UUID, uuid5

from services.core.errors import BadContent, Halted, Unavailable
from services.runtime import outbox
from services.runtime.inbox import Inbox
from services.runtime.ports import Cursor, LaneView, Outgoing, Part, Partition
from services.runtime.relay import LostLease, Pace, Relay
from tests.unit.runtime.exactly_once.broker import Log, Producer, Reader
from tests.unit.runtime.exactly_once.database import Lanes, Store, Tx
from tests.unit.runtime.exactly_once.world import Pass, World

_SPACE = UUID(int=63119)
_counter = count(1)


def _nonce() -> bytes:
    return next(_counter).to_bytes(16, "big")


def _event(name: str) -> Outgoing:
    return Outgoing(uuid5(_SPACE, name), "out", name.encode(), name.encode(), b"", ())


async def _take(tx: Tx, parts: Sequence[Part]) -> None:
    for part in parts:
        tx.events += [_event((record.value or b"").decode()) for record in part.records]


async def _refuse(_tx: Tx, _part: Part, error: BadContent) -> None:
    raise AssertionError("nothing here is refused by its content") from error


def boot(mutation: str = "") -> Callable[[World, int], None]:
    """What starts a replica; `mutation` names the one rule that it breaks."""

    def start(world: World, replica: int) -> None:
        store, reader = Store(world, replica, mutation), Reader(world, replica, mutation)
        inbox: Inbox[Tx] = Inbox(
            reader=reader,
            store=store,
            take=_take,
            refuse=_refuse,
            admit=lambda part: (part, None),
            lanes=world.lanes,
            nonce=_nonce,
        )
        world.spawn(replica, "member", _member(world, replica, reader, inbox))
        world.spawn(replica, "consumer", _consumer(world, reader, inbox, mutation))
        world.spawn(replica, "requests", _requests(world, store))
        for lane in range(world.lanes):
            world.spawn(replica, f"relay{lane}", _relay(world, replica, lane, mutation))

    return start


async def _member(world: World, replica: int, reader: Reader, inbox: Inbox[Tx]) -> None:
    while True:
        await Pass()
        new = reader.rebalanced()
        if new and not world.fault("listener"):  # it may fail without a word
            world.spawn(replica, "listener", _seek(inbox, new))


async def _seek(inbox: Inbox[Tx], partitions: Sequence[Partition]) -> None:
    try:
        await inbox.seek(partitions)
    except Unavailable:
        return


async def _consumer(world: World, reader: Reader, inbox: Inbox[Tx], mutation: str) -> None:
    failed = False
    while inbox.stopped is None:
        await Pass()
        unsought = any(reader.next_start(p) is None for p in reader.assigned())
        due = world.random.random() < 0.15 and (unsought or mutation != "idle_not_reread")
        if (failed or due) and mutation != "nobody_reseeks":
            try:
                await inbox.reconcile()
            except Unavailable:
                failed = True
                continue
        parts = reader.fetched()
        await Pass()
        if mutation == "replica_position":
            parts = reader.restamped(parts)
        failed = bool(parts) and await inbox.process(parts) is not None
        if not failed:
            reader.reached |= {part.partition: part.end for part in parts}


async def _requests(world: World, store: Store) -> None:
    """A partner posts until it is answered; the same again is told apart under the object's lock."""
    while True:
        await Pass()
        if not world.requests:
            continue
        ask = world.random.choice(world.requests)
        try:
            async with store.begin() as tx:
                await tx.lock(("object", ask))
                await Pass()
                if ask not in world.db.seen:
                    await outbox.write(tx, [_event(ask)], world.lanes, _nonce)
            world.requests = [each for each in world.requests if each != ask]
        except Unavailable:
            continue


class CursorTooEarly(Relay):
    """Reads the cursor before the producer has started."""

    async def _own(self, term: UUID) -> None:
        producer, cursor = self._producer(), await self._log.read(self._lane)
        await producer.start()
        cluster = await self._log.cluster()
        while True:
            cursor = await self._round(term, producer, cursor, cluster)


class CursorKept(Relay):
    """Goes on with the cursor that it remembers, also after an error."""

    _kept: Cursor | None = None

    async def _own(self, term: UUID) -> None:
        producer = self._producer()
        await producer.start()
        self._kept = self._kept or await self._log.read(self._lane)
        cluster = await self._log.cluster()
        while True:
            self._kept = await self._round(term, producer, self._kept, cluster)

    async def _round(self, term: UUID, producer: object, cursor: Cursor | None, cluster: str) -> Cursor:
        try:
            return await super()._round(term, producer, cursor, cluster)  # type: ignore[arg-type]
        except LostLease:
            self._kept = None
            raise


class ComparedOnce(Relay):
    """Compares the cursor's row only at first."""

    _seen = False

    async def _view(self, term: UUID, cursor: Cursor | None, cluster: str) -> LaneView:
        if not self._seen:
            self._seen = cursor is not None and cursor.sequence > 0
            return await super()._view(term, cursor, cluster)
        view = await self._store.read(self._lane, term, cursor.sequence if cursor else 0, 3)
        if view is None:
            raise LostLease
        return view


_RELAYS: dict[str, type[Relay]] = {
    "cursor_before_start": CursorTooEarly,
    "keep_cursor": CursorKept,
    "compared_once": ComparedOnce,
}


async def _relay(world: World, replica: int, lane: int, mutation: str) -> None:
    async def pause(_seconds: float) -> None:
        await Pass()

    relay = _RELAYS.get(mutation, Relay)(
        lane,
        store=Lanes(world, mutation),
        log=Log(world),
        producer=lambda: Producer(world, replica, lane, mutation),
        term=lambda: uuid5(_SPACE, f"term{next(_counter)}"),
        idle=pause,
        rest=pause,
        monotonic=lambda: world.now,
        pace=Pace(batch_rows=3, poll_seconds=0, retry_seconds=0, renew_seconds=20, prune_seconds=10),
    )
    try:
        await relay.run()
    except Halted as halted:
        world.say("HALTED", lane, halted)
