import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from aiokafka.errors import KafkaConnectionError, OutOfOrderSequenceNumber
from pydantic import BaseModel

from services.core.errors import BadContent, Unavailable
from services.runtime.direct import DirectProducer
from services.runtime.events import Event
from services.runtime.ports import Outgoing
from services.runtime.settings import DirectSettings
from services.runtime.topics import partition_for
from tests.support.waiting import eventually

FAST = DirectSettings(publish_wait_milliseconds=50, restart_min_seconds=0.001, restart_max_seconds=0.002)


class Value(BaseModel):
    pass


EVENT = Event(UUID(int=1), "authorization.requested", "p-1", Value(), datetime(2026, 1, 1, tzinfo=UTC))


def encode(event: Event) -> Outgoing:
    key = event.key.encode()
    partition_key = event.partition_key.encode() if event.partition_key else key
    return Outgoing(event.id, event.topic, key, partition_key, b"value", [("ce_id", b"1")])


@dataclass
class Broker:
    """What the stand-in producers talk to."""

    reachable: bool = True
    failure: Exception | None = None
    silent: bool = False
    sent: list[dict[str, Any]] = field(default_factory=list)
    started: int = 0
    stopped: int = 0


class StandIn:
    def __init__(self, broker: Broker) -> None:
        self.broker = broker

    async def start(self) -> None:
        if not self.broker.reachable:
            raise KafkaConnectionError("no brokers")
        self.broker.started += 1

    async def stop(self) -> None:
        self.broker.stopped += 1

    async def partitions_for(self, topic: str) -> set[int]:
        return {0, 1, 2, 3}

    async def send_and_wait(self, topic: str, value: bytes, **options: Any) -> None:
        if self.broker.silent:
            await asyncio.get_running_loop().create_future()
        if self.broker.failure:
            raise self.broker.failure
        self.broker.sent.append({"topic": topic, "value": value, **options})


@asynccontextmanager
async def running(broker: Broker) -> AsyncIterator[DirectProducer]:
    direct = DirectProducer(FAST, encode, lambda: StandIn(broker))
    task = asyncio.create_task(direct.run())
    try:
        yield direct
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_event_is_published_with_its_headers_where_its_key_says() -> None:
    broker = Broker()
    async with running(broker) as direct:
        await direct.publish(EVENT, headers=[("deadline", b"soon")])
    assert broker.sent == [
        {
            "topic": "authorization.requested",
            "value": b"value",
            "key": b"p-1",
            "partition": partition_for(b"p-1", 4),
            "headers": [("ce_id", b"1"), ("deadline", b"soon")],
        }
    ]
    assert broker.started == broker.stopped == 1


async def test_partition_can_be_said() -> None:
    broker = Broker()
    async with running(broker) as direct:
        await direct.publish(EVENT, partition=3)
    assert broker.sent[0]["partition"] == 3


async def test_partition_that_is_not_there_is_bad_content_and_keeps_the_producer() -> None:
    broker = Broker()
    async with running(broker) as direct:
        with pytest.raises(BadContent, match="no partition 4"):
            await direct.publish(EVENT, partition=4)
        await direct.publish(EVENT)
    assert (len(broker.sent), broker.started) == (1, 1)


async def test_failed_producer_is_thrown_away_and_the_next_one_publishes() -> None:
    broker = Broker(failure=OutOfOrderSequenceNumber())
    async with running(broker) as direct:
        with pytest.raises(Unavailable):
            await direct.publish(EVENT)
        broker.failure = None
        await eventually(lambda: direct.available)
        await direct.publish(EVENT)
    assert (len(broker.sent), broker.started) == (1, 2)


async def test_silence_ends_at_the_bound() -> None:
    async with running(Broker(silent=True)) as direct:
        async with asyncio.timeout(5):
            with pytest.raises(Unavailable):
                await direct.publish(EVENT)


async def test_while_kafka_is_away_publishing_fails_at_once_and_works_when_it_is_back() -> None:
    broker = Broker(reachable=False)
    async with running(broker) as direct:
        with pytest.raises(Unavailable):
            await direct.publish(EVENT)
        began = asyncio.get_running_loop().time()
        with pytest.raises(Unavailable):
            await direct.publish(EVENT)
        assert asyncio.get_running_loop().time() - began < FAST.publish_wait_milliseconds / 1000
        broker.reachable = True
        await eventually(lambda: direct.available)
        await direct.publish(EVENT)
    assert len(broker.sent) == 1


async def test_publishing_before_the_start_waits_for_it_within_the_bound() -> None:
    broker = Broker()
    direct = DirectProducer(FAST, encode, lambda: StandIn(broker))
    waiting = asyncio.create_task(direct.publish(EVENT))
    await asyncio.sleep(0)
    task = asyncio.create_task(direct.run())
    await waiting
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(broker.sent) == 1


async def test_content_that_does_not_fit_is_refused_before_anything_is_sent() -> None:
    def refuse(_event: Event) -> Outgoing:
        raise BadContent("does not fit")

    with pytest.raises(BadContent):
        await DirectProducer(FAST, refuse, lambda: StandIn(Broker())).publish(EVENT)
