"""The stamps of the consumer, over aiokafka's own state of subscriptions; nothing is fetched here."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.core.errors import Unavailable
from services.runtime.kafka_reader import KafkaReader, PartConsumer
from services.runtime.ports import Gap, Offset, Partition

TP = TopicPartition("t", 0)
PARTITION = Partition("t", 0)


async def _nothing(*_: Any) -> None:
    return None


class Probe:
    """Says which cluster answers, and counts how often it was asked."""

    def __init__(self) -> None:
        self.answers: list[str | Unavailable] = ["cluster"]
        self.asked = 0

    async def cluster(self) -> str:
        self.asked += 1
        answer = self.answers[-1]
        if isinstance(answer, Unavailable):
            raise answer
        return answer


@pytest.fixture
def probe() -> Any:
    return Probe()


@pytest_asyncio.fixture
async def consumer(probe: Any) -> AsyncIterator[PartConsumer]:
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


class Connection:
    """To one broker; each is another."""

    def close(self, **_: Any) -> "asyncio.Future[None]":
        return asyncio.ensure_future(_nothing())


class Fetching:
    """A consumer that was sought at 100 in a cluster, and fetches one record more with each look."""

    def __init__(self, consumer: PartConsumer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.consumer, self.offset = consumer, 99
        monkeypatch.setattr(AIOKafkaConsumer, "getmany", self._getmany)
        consumer._client._conns = {}
        self.reconnect()

    async def _getmany(self, *_: Any, **__: Any) -> Any:
        self.offset += 1
        return {TP: [SimpleNamespace(offset=self.offset, key=None, value=b"", headers=(), timestamp=0)]}

    def reconnect(self) -> None:
        """What aiokafka does when a broker went away."""
        self.consumer._client._conns = {("node", 0): Connection()}

    async def seek(self) -> None:
        await self.consumer._reader.refresh_log()
        self.consumer.seek_stamped(TP, self.offset + 1, self.consumer._reader.log)

    async def look(self) -> list[int]:
        parts = (await self.consumer.getmany()).get(TP, [])
        return [record.offset for part in parts for record in part.records]


async def test_after_a_new_connection_it_is_asked_once_which_cluster_answers(
    consumer: PartConsumer, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetching = Fetching(consumer, monkeypatch)
    await fetching.seek()
    assert [await fetching.look() for _ in range(3)] == [[100], [101], [102]]
    assert probe.asked == 2
    fetching.reconnect()
    assert [await fetching.look() for _ in range(2)] == [[103], [104]]
    assert probe.asked == 3


@pytest.mark.parametrize("answer", ["another", Unavailable("away")])
async def test_what_came_from_another_cluster_or_nobody_knows_where_from_is_dropped(
    consumer: PartConsumer, probe: Probe, monkeypatch: pytest.MonkeyPatch, answer: str | Unavailable
) -> None:
    fetching = Fetching(consumer, monkeypatch)
    await fetching.seek()
    assert await fetching.look() == [100]
    fetching.reconnect()
    probe.answers.append(answer)
    assert await fetching.look() == []
    assert consumer.next_start(TP) is None
    probe.answers.append("cluster")
    assert await fetching.look() == []
    await fetching.seek()
    assert await fetching.look() == [103]
