"""Lanes and their numbers."""

from collections.abc import Sequence
from itertools import count
from uuid import UUID

from services.runtime.outbox import lane_of, write
from services.runtime.ports import Outgoing, Row


class Table:
    """A lane table without a database."""

    def __init__(self) -> None:
        self.heads: dict[int, int] = {}
        self.locked: list[int] = []
        self.rows: list[Row] = []

    async def advance(self, lane: int, rows: int) -> int:
        self.locked.append(lane)
        first = self.heads.get(lane, 0) + 1
        self.heads[lane] = first + rows - 1
        return first

    async def insert(self, rows: Sequence[Row]) -> None:
        self.rows += rows


def event(key: bytes) -> Outgoing:
    return Outgoing(UUID(int=1), "t", key, key, b"", ())


async def test_events_of_one_key_keep_their_order_in_one_lane_and_lanes_are_locked_in_order() -> None:
    table, numbers = Table(), count()
    events = [event(bytes([n % 5])) for n in range(20)]
    await write(table, events, 4, lambda: next(numbers).to_bytes(2, "big"))
    assert table.locked == sorted(set(table.locked))
    for lane in table.locked:
        mine = [row for row in table.rows if row.lane == lane]
        assert [row.sequence for row in mine] == list(range(1, len(mine) + 1))
        assert [row.event for row in mine] == [e for e in events if lane_of(e.key, 4) == lane]
    assert len({row.nonce for row in table.rows}) == 20


async def test_no_lane_is_locked_where_nothing_is_published() -> None:
    table = Table()
    await write(table, [], 4, lambda: b"")
    assert table.locked == []


def test_a_lane_is_stable() -> None:
    assert [lane_of(key, 4) for key in (b"NL-ABC", b"DE-XYZ", b"")] == [
        lane_of(k, 4) for k in (b"NL-ABC", b"DE-XYZ", b"")
    ]
    assert lane_of(b"anything", 1) == 0
    assert {lane_of(str(n).encode(), 4) for n in range(100)} == {0, 1, 2, 3}
