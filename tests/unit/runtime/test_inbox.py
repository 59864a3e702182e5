"""The inbox's pure parts, and what it does with single records; its behaviour under faults is in `exactly_once`."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import MagicMock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import BadContent, Unavailable
from services.runtime.inbox import Inbox, halves, outside
from services.runtime.ports import Offset, Part, Partition, Record
from services.runtime.postgres import Lanes


def part(number: int, start: int, offsets: list[int]) -> Part:
    records = [Record(offset, None, b"", (), 0) for offset in offsets]
    return Part(Partition("t", number), Offset(start, "c"), records)


@st.composite
def batches(draw: st.DrawFn) -> list[Part]:
    sizes = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4).filter(lambda sizes: sum(sizes) > 1))
    made = []
    for number, size in enumerate(sizes):
        gaps = draw(st.lists(st.integers(1, 3), min_size=size, max_size=size))
        made.append(part(number, 5, [5 + sum(gaps[: n + 1]) for n in range(size)]))
    return made


@given(batches())
def test_halves_keep_every_record_once_and_each_parts_chain_of_positions(batch: list[Part]) -> None:
    left, right = halves(batch)
    count = [sum(len(each.records) for each in half) for half in (left, right)]
    assert min(count) >= 1
    for whole in batch:
        chain = [each for each in left + right if each.partition == whole.partition]
        assert [record for each in chain for record in each.records] == list(whole.records)
        assert [each.start.position for each in chain] == [whole.start.position, *(each.end for each in chain[:-1])]


def test_a_position_fits_its_own_log_within_its_bounds_alone() -> None:
    assert outside(Offset(3, "c"), "c", (3, 9)) is None
    assert outside(Offset(9, "c"), "c", (3, 9)) is None
    assert "cluster" in str(outside(Offset(3, "c"), "d", (3, 9)))
    assert "outside" in str(outside(Offset(10, "c"), "c", (3, 9)))
    assert "outside" in str(outside(Offset(2, "c"), "c", (3, 9)))


class Tx:
    """A transaction over one dictionary of offsets; nothing is appended."""

    def __init__(self, offsets: dict[Partition, Offset]) -> None:
        self.offsets, self.taken, self.refused = dict(offsets), list[int](), list[int]()

    async def lock_offsets(self, partitions: Sequence[Partition]) -> Mapping[Partition, Offset]:
        return {each: self.offsets[each] for each in partitions}

    async def move_offsets(self, positions: Mapping[Partition, int]) -> None:
        self.offsets |= {each: Offset(end, "c") for each, end in positions.items()}

    def outgoing(self) -> Sequence[Any]:
        return ()


class Rig:
    """An inbox over it: record 3 is poison, and from `ahead` on a later release has written."""

    def __init__(self, ahead: int) -> None:
        self.offsets = {Partition("t", 0): Offset(0, "c")}
        self.taken: list[int] = []
        self.refused: list[int] = []
        self.reader: Any = MagicMock(assigned=lambda: [], advise=self.advise)
        self.ahead = ahead
        store: Any = MagicMock(begin=self.begin)
        self.inbox: Inbox[Any] = Inbox(
            reader=self.reader,
            store=store,
            take=self.take,
            refuse=self.refuse,
            admit=self.admit,
            lanes=1,
            nonce=lambda: b"",
        )

    async def advise(self, _positions: object) -> None:
        return None

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Tx]:
        tx = Tx(self.offsets)
        yield tx
        self.offsets, self.taken, self.refused = tx.offsets, self.taken + tx.taken, self.refused + tx.refused

    async def take(self, tx: Tx, parts: Sequence[Part]) -> None:
        tx.taken += [record.offset for each in parts for record in each.records]
        if 3 in tx.taken:
            raise BadContent("poison")

    async def refuse(self, tx: Tx, each: Part, _error: BadContent) -> None:
        tx.refused += [record.offset for record in each.records]

    def admit(self, each: Part) -> tuple[Part, str | None]:
        kept = [record for record in each.records if record.offset < self.ahead]
        reason = None if len(kept) == len(each.records) else "written by a later release"
        return Part(each.partition, each.start, kept), reason


async def test_poison_is_found_refused_alone_and_the_rest_goes_on() -> None:
    rig = Rig(ahead=99)
    assert await rig.inbox.process([part(0, 0, [0, 1, 3, 4, 6])]) is None
    assert (rig.taken, rig.refused) == ([0, 1, 4, 6], [3])
    assert rig.offsets[Partition("t", 0)] == Offset(7, "c")


async def test_what_a_later_release_wrote_is_waited_for_and_no_poison() -> None:
    rig, partition = Rig(ahead=2), Partition("t", 0)
    assert await rig.inbox.process([part(0, 0, [0, 1, 2, 4])]) is None
    assert (rig.taken, rig.refused, rig.offsets[partition]) == ([0, 1], [], Offset(2, "c"))
    assert rig.inbox.waiting == {partition: "written by a later release"}
    rig.reader.forget.assert_called_once_with([partition])
    rig.ahead = 99  # this release reads it
    assert await rig.inbox.process([part(0, 2, [2, 4])]) is None
    assert (rig.taken, rig.inbox.waiting) == ([0, 1, 2, 4], {})


async def test_a_batch_that_does_not_begin_where_the_stored_offset_says_is_dropped() -> None:
    rig = Rig(ahead=99)
    assert await rig.inbox.process([part(0, 1, [1, 2])]) is not None
    assert (rig.taken, rig.offsets[Partition("t", 0)]) == ([], Offset(0, "c"))


async def test_a_full_outbox_takes_nothing_more() -> None:
    async def execute(_statement: object, _values: object) -> Any:
        return MagicMock(one=lambda: (9, 4))  # the lane's new head, and what waits in it then

    connection: Any = MagicMock(execute=execute)
    tables: Any = MagicMock()
    assert await Lanes(connection, tables, 4).advance(0, 2) == 8
    with pytest.raises(Unavailable, match="full"):
        await Lanes(connection, tables, 3).advance(0, 2)
