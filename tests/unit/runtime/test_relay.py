"""What makes the relay stop, and what it says of itself; its behaviour under faults is in `exactly_once`."""

import asyncio
from unittest.mock import AsyncMock
from uuid import UUID

import pytest

from services.runtime.ports import Cursor, LaneView, Outgoing, ProducerFailed, Row
from services.runtime.relay import Pace, Relay, disagreement, successors

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


async def test_a_lane_that_cannot_be_published_is_said_until_it_can() -> None:
    store, log, producer = AsyncMock(), AsyncMock(), AsyncMock()
    store.read.return_value = view()
    log.read.return_value, log.cluster.return_value = Cursor(1, 0, None), "c"
    producer.start.side_effect = [ProducerFailed("the producer did not start"), None]
    said: list[str | None] = []

    async def wait(_seconds: float) -> None:
        said.append(relay.failing)
        if len(said) == 3:
            raise asyncio.CancelledError

    pace = Pace(batch_rows=3, poll_seconds=0, retry_seconds=0, renew_seconds=20, prune_seconds=10)
    relay = Relay(
        0,
        store=store,
        log=log,
        producer=lambda: producer,
        term=lambda: UUID(int=1),
        idle=wait,
        rest=wait,
        monotonic=lambda: 0.0,
        pace=pace,
    )
    with pytest.raises(asyncio.CancelledError):
        await relay.run()
    assert said == ["the producer did not start", "the producer did not start", None]
