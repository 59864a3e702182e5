"""What makes the relay stop; its behaviour under faults is in `exactly_once`."""

from uuid import UUID

import pytest

from services.runtime.ports import Cursor, LaneView, Outgoing, Row
from services.runtime.relay import disagreement, successors

EVENT = Outgoing(UUID(int=1), "t", b"k", b"k", b"v", ())


def view(*numbers: int, epoch: int = 1, base: int = 0, confirmed: int | None = 0) -> LaneView:
    rows = [Row(0, n, bytes([n]), EVENT) for n in numbers]
    return LaneView("c", epoch, base, confirmed, None, rows)


@pytest.mark.parametrize(
    ("seen", "cursor"),
    [
        (view(confirmed=None), None),
        (view(1, 2), Cursor(1, 0, None)),
        (view(1, 2, 3), Cursor(1, 1, b"\1")),
        (view(3), Cursor(1, 3, b"\3")),
        (view(8, base=7, confirmed=7, epoch=2), Cursor(2, 7, None)),
        (view(base=7, confirmed=None, epoch=2), Cursor(1, 3, b"\3")),
    ],
)
def test_what_agrees(seen: LaneView, cursor: Cursor | None) -> None:
    assert disagreement(seen, cursor, "c") is None


@pytest.mark.parametrize(
    ("seen", "cursor", "said"),
    [
        (view(), Cursor(1, 0, None), "another"),
        (view(), None, "no cursor"),
        (view(epoch=2, confirmed=0), Cursor(1, 3, b"\3"), "no cursor"),
        (view(), Cursor(2, 0, None), "epoch"),
        (view(3, confirmed=3), Cursor(1, 2, b"\2"), "behind"),
        (view(4), Cursor(1, 3, b"\3"), "not in the outbox"),
        (view(3), Cursor(1, 3, b"\4"), "another nonce"),
        (view(1, 3), Cursor(1, 1, b"\1"), "gap"),
        (view(2), Cursor(1, 0, None), "gap"),
    ],
)
def test_what_does_not(seen: LaneView, cursor: Cursor | None, said: str) -> None:
    cluster = "d" if said == "another" else "c"
    reason = disagreement(seen, cursor, cluster)
    assert reason is not None
    assert ("belongs to Kafka cluster c" if said == "another" else said) in reason


def test_successors_come_after_the_cursor() -> None:
    assert [row.sequence for row in successors(view(1, 2, 3), Cursor(1, 1, b"\1"))] == [2, 3]
