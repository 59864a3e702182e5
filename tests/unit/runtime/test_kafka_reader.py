"""The stamps of the consumer, over aiokafka's own state of subscriptions; nothing is fetched here."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest_asyncio
from aiokafka import TopicPartition

from services.runtime.kafka_reader import KafkaReader, PartConsumer
from services.runtime.ports import Gap, Offset, Partition

TP = TopicPartition("t", 0)
PARTITION = Partition("t", 0)


async def _nothing(*_: Any) -> None:
    return None


@pytest_asyncio.fixture
async def consumer() -> AsyncIterator[PartConsumer]:
    probe: Any = None
    reader = KafkaReader(probe, 10, between=_nothing, assigned=_nothing, failed=lambda _error: None)
    made = PartConsumer(reader=reader, bootstrap_servers="127.0.0.1:1", auto_offset_reset="none")
    made.assign([TP])  # type: ignore[no-untyped-call]
    made._fetcher = SimpleNamespace(seek_to=made._subscription.seek)
    yield made
    made._fetcher = None
    await made.stop()  # type: ignore[no-untyped-call]


def passed(consumer: PartConsumer, position: int) -> None:
    """What aiokafka does when it has given out all records before a position."""
    consumer._subscription.subscription.assignment.state_value(TP).consumed_to(position)


async def test_what_holds_no_record_behind_the_consumer_is_a_gap(consumer: PartConsumer) -> None:
    assert list(consumer.gaps()) == []
    consumer.seek_stamped(TP, 100, "cluster")
    assert list(consumer.gaps()) == []
    passed(consumer, 101)
    gap = Gap(PARTITION, Offset(100, "cluster"), 101)
    assert list(consumer.gaps()) == [gap]
    consumer.step_over(gap)
    assert consumer.next_start(TP) == Offset(101, "cluster")
    assert list(consumer.gaps()) == []


async def test_a_gap_of_before_a_seek_is_stepped_over_no_more(consumer: PartConsumer) -> None:
    consumer.seek_stamped(TP, 100, "cluster")
    passed(consumer, 101)
    (gap,) = consumer.gaps()
    consumer.seek_stamped(TP, 40, "cluster")
    consumer.step_over(gap)
    assert consumer.next_start(TP) == Offset(40, "cluster")


async def test_of_what_was_not_sought_in_this_assignment_nothing_is_known(consumer: PartConsumer) -> None:
    consumer.seek_stamped(TP, 100, "cluster")
    passed(consumer, 101)
    (gap,) = consumer.gaps()
    consumer.unsubscribe()  # type: ignore[no-untyped-call]
    consumer.assign([TP])  # type: ignore[no-untyped-call]
    assert list(consumer.gaps()) == []
    consumer.step_over(gap)
    assert consumer.next_start(TP) is None
    consumer.seek_stamped(TP, 100, "cluster")
    passed(consumer, 101)
    consumer.forget([TP])
    assert list(consumer.gaps()) == []
