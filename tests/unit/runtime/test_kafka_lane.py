"""The lane's producer over a stand-in for aiokafka's: what it does where a send or Kafka itself fails."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from aiokafka.errors import KafkaTimeoutError, RecordTooLargeError

from services.runtime.avro import Codec
from services.runtime.kafka_lane import SERVICES, LaneProducer, cursor_partition
from services.runtime.ports import Cursor, Outgoing, ProducerFailed, Row

ROW = Row(0, 1, b"nonce", Outgoing(UUID(int=1), "t", b"k", b"k", b"v", ()))
CURSOR = Cursor(1, 1, b"nonce")


class Fake:
    """Notes what is asked of it; `refuses` fails the first send, `hangs` names a call that never ends."""

    def __init__(self, *, refuses: bool = False, hangs: str = "") -> None:
        self.refuses, self.hangs = refuses, hangs
        self.did: list[str] = []
        self.sent = asyncio.Event()

    async def begin_transaction(self) -> None:
        self.did.append("begin")

    async def partitions_for(self, _topic: str) -> set[int]:
        return {0}

    async def send(self, topic: str, *_: Any, **__: Any) -> "asyncio.Future[None]":
        self.did.append(f"send {topic}")
        self.sent.set()
        sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.refuses:
            sent.set_exception(RecordTooLargeError())
            self.refuses = False
        elif self.hangs != "send":
            sent.set_result(None)
        return sent

    async def commit_transaction(self) -> None:
        self.did.append("commit")
        if self.hangs == "commit":
            await asyncio.get_running_loop().create_future()

    async def abort_transaction(self) -> None:
        self.did.append("abort")
        if self.hangs:
            await asyncio.shield(asyncio.get_running_loop().create_future())
        raise KafkaTimeoutError


def producer(fake: Fake) -> LaneProducer:
    made = LaneProducer(
        {"bootstrap_servers": "127.0.0.1:1"},
        "clearing",
        0,
        Codec(),
        transaction_timeout_milliseconds=50,
        clock=lambda: datetime(2026, 1, 1, tzinfo=UTC),
    )
    producer: Any = fake
    made._producer = producer
    return made


async def test_events_and_cursor_are_one_transaction() -> None:
    fake = Fake()
    await producer(fake).publish([ROW, ROW], CURSOR)
    assert fake.did == ["begin", "send t", "send t", "send relay.cursors", "commit"]


async def test_a_refused_send_is_never_committed() -> None:
    fake = Fake(refuses=True)
    with pytest.raises(ProducerFailed, match="RecordTooLargeError"):
        await producer(fake).publish([ROW], CURSOR)
    assert fake.did == ["begin", "send t", "send relay.cursors", "abort"]


@pytest.mark.parametrize(("hangs", "ends"), [("send", ["abort"]), ("commit", ["commit"])])
async def test_whatever_never_ends_is_given_up_within_a_bound(hangs: str, ends: list[str]) -> None:
    fake = Fake(hangs=hangs)
    async with asyncio.timeout(5):
        with pytest.raises(ProducerFailed, match="TimeoutError"):
            await producer(fake).publish([ROW], CURSOR)
    assert fake.did[3:] == ends


async def test_a_service_that_stops_does_not_wait_for_kafka() -> None:
    fake = Fake(hangs="send")
    publishing = asyncio.create_task(producer(fake).publish([ROW], CURSOR))
    await fake.sent.wait()
    publishing.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await publishing
    assert fake.did[-1] == "abort"


def test_each_lane_of_each_service_has_its_own_partition_of_cursors() -> None:
    partitions = [cursor_partition(service, lane) for service in SERVICES for lane in range(4)]
    assert len(set(partitions)) == len(partitions)
