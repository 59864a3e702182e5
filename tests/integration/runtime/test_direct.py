import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from pydantic import BaseModel

from services.core.clock import system_clock
from services.core.errors import BadContent, Unavailable
from services.runtime import headers
from services.runtime.direct import DirectProducer, kafka_producer
from services.runtime.direct_reader import DirectHandling, DirectReader
from services.runtime.events import Event, Received
from services.runtime.ports import Outgoing
from services.runtime.service import Context, DirectSubscription
from services.runtime.settings import DirectSettings, KafkaSettings, ProcessSettings
from services.runtime.supervise import supervise
from tests.support.cluster import Cluster
from tests.support.waiting import eventually


class Text(BaseModel):
    text: str


class TextCodec:
    """Takes any text; no schema is needed to see records travel."""

    def decode(self, _topic: str, data: bytes) -> Text:
        try:
            return Text(text=data.decode())
        except UnicodeDecodeError:
            raise BadContent("no UTF-8") from None


class Conversation:
    """A direct producer and reader of one topic on the real Kafka."""

    def __init__(self, bootstrap_servers: str, topic: str, service: str) -> None:
        self.topic, self.heard, self.headers = topic, list[str](), list[Mapping[str, str]]()
        self.kafka = KafkaSettings(bootstrap_servers=bootstrap_servers)
        direct = DirectSettings(publish_wait_milliseconds=1_500, commit_milliseconds=50)
        self.producer = DirectProducer(direct, self._encode, lambda: kafka_producer(self.kafka))
        context = cast(Context, SimpleNamespace(codec=TextCodec(), clock=system_clock))
        handling = DirectHandling([DirectSubscription(topic, self._hear)], context, direct)
        self.reader = DirectReader(service, handling, self.kafka, direct)

    async def say(self, text: str, *written: tuple[str, bytes]) -> None:
        await self.producer.publish(Event(uuid4(), self.topic, text, Text(text=text), system_clock()), headers=written)

    async def say_at_last(self, text: str, *written: tuple[str, bytes]) -> None:
        """Say it, again where a busy machine's Kafka was too slow: it may then be heard more than once."""

        async def said() -> bool:
            try:
                await self.say(text, *written)
            except Unavailable:
                return False
            return True

        await eventually(said, timeout_seconds=30, what=f"publishing {text!r}")

    def _encode(self, event: Event) -> Outgoing:
        key, value = event.key.encode(), cast(Text, event.value).text.encode()
        return Outgoing(event.id, event.topic, key, key, value, headers.for_event(event, "/test"))

    async def _hear(self, _context: Context, batch: Sequence[tuple[Received[Any], Mapping[str, str]]]) -> None:
        self.heard += [received.value.text for received, _ in batch]
        self.headers += [each for _, each in batch]


@asynccontextmanager
async def talking(bootstrap_servers: str, topic: str, service: str) -> AsyncIterator[Conversation]:
    conversation, fast = Conversation(bootstrap_servers, topic, service), ProcessSettings(restart_max_seconds=0.5)
    loops = {"producer": conversation.producer.run, "reader": conversation.reader.run}
    tasks = [asyncio.create_task(supervise(name, loop, fast)) for name, loop in loops.items()]
    try:
        yield conversation
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_what_is_said_is_heard_with_its_headers_and_the_unreadable_is_skipped(
    cluster: Cluster, topic_prefix: str
) -> None:
    topic = f"{topic_prefix}talk"
    await cluster.create_topics({topic: 1})
    raw = AIOKafkaProducer(bootstrap_servers=cluster.bootstrap_servers)
    await raw.start()
    async with talking(cluster.bootstrap_servers, topic, topic_prefix) as conversation:
        await conversation.say_at_last("late", headers.deadline(datetime(2026, 1, 1, tzinfo=UTC)))
        await raw.send_and_wait(topic, b"\xff", headers=[("bad", b"\xff"), ("none", None)])
        await raw.send_and_wait(topic, None, key=b"tombstone")
        await conversation.say_at_last("in time", ("own", b"header"))
        await eventually(lambda: bool(conversation.heard), timeout_seconds=20, what="the event")
    await raw.stop()
    assert set(conversation.heard) == {"in time"}
    assert (conversation.headers[0]["ce_type"], conversation.headers[0]["own"]) == (topic, "header")


async def test_a_reader_goes_on_where_the_one_before_stopped(cluster: Cluster, topic_prefix: str) -> None:
    topic = f"{topic_prefix}talk"
    await cluster.create_topics({topic: 2})
    raw = AIOKafkaProducer(bootstrap_servers=cluster.bootstrap_servers)
    await raw.start()
    async with talking(cluster.bootstrap_servers, topic, topic_prefix) as first:
        await raw.send_and_wait(topic, b"one")
        await eventually(lambda: first.heard == ["one"], timeout_seconds=20, what="the first event")
    async with talking(cluster.bootstrap_servers, topic, topic_prefix) as second:
        await raw.send_and_wait(topic, b"two")
        await eventually(lambda: bool(second.heard), timeout_seconds=20, what="the second event")
    await raw.stop()
    assert second.heard == ["two"]


async def test_while_kafka_is_away_saying_fails_in_time_and_both_ends_come_back(
    cluster: Cluster, topic_prefix: str
) -> None:
    topic = f"{topic_prefix}talk"
    await cluster.create_topics({topic: 1})
    async with talking(cluster.bootstrap_servers, topic, topic_prefix) as conversation:
        await conversation.say_at_last("before")
        await eventually(lambda: "before" in conversation.heard, timeout_seconds=20, what="the event before")
        await asyncio.to_thread(cluster.kafka.stop)
        async with asyncio.timeout(10):
            with pytest.raises(Unavailable):
                await conversation.say("meanwhile")
        await asyncio.to_thread(cluster.kafka.start)
        await conversation.say_at_last("after")
        await eventually(lambda: "after" in conversation.heard, timeout_seconds=30, what="reading again")
