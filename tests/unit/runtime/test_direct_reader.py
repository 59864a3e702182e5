from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from pydantic import BaseModel

from services.core.errors import BadContent, Unavailable
from services.runtime import headers, metrics
from services.runtime.direct_reader import DirectHandling
from services.runtime.events import Received
from services.runtime.ports import Partition, Record
from services.runtime.service import Context, DirectSubscription
from services.runtime.settings import DirectSettings

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
FAST = DirectSettings(max_batch_tries=2, pause_min_seconds=0.001, pause_max_seconds=0.001)


class Value(BaseModel):
    text: str


class TextCodec:
    def decode(self, topic: str, data: bytes) -> Value:
        if data == b"bad":
            raise BadContent("bad")
        return Value(text=data.decode())


class Handled:
    """Keeps the batches that it was handed and fails as told, by what is in them."""

    def __init__(self, failures: Mapping[str, list[Exception]] | None = None) -> None:
        self.batches: list[list[str]] = []
        self.headers: list[Mapping[str, str]] = []
        self.failures = dict(failures or {})

    async def __call__(self, _context: Context, batch: Sequence[tuple[Received[Any], Mapping[str, str]]]) -> None:
        self.batches.append([received.value.text for received, _ in batch])
        self.headers += [each for _, each in batch]
        for text in self.batches[-1]:
            if self.failures.get(text):
                raise self.failures[text].pop(0)


class Clock:
    def __init__(self, *later_seconds: float) -> None:
        self.later = list(later_seconds)

    def __call__(self) -> datetime:
        return NOW + timedelta(seconds=self.later.pop(0) if len(self.later) > 1 else (self.later or [0])[0])


def handling(handled: Handled, clock: Clock | None = None, topics: Sequence[str] = ("t",)) -> DirectHandling:
    context = cast(Context, SimpleNamespace(codec=TextCodec(), clock=clock or Clock()))
    return DirectHandling([DirectSubscription(topic, handled) for topic in topics], context, FAST)


def record(
    offset: int, value: bytes | None, deadline: datetime | None = None, *, topic: str = "t"
) -> tuple[Partition, Record]:
    written = [headers.deadline(deadline)] if deadline else []
    return Partition(topic, 0), Record(offset, b"key", value, written, 1_700_000_000_000)


def outcome(topic: str, name: str) -> float:
    labels = {"topic": topic, "outcome": name}
    return metrics.REGISTRY.get_sample_value("roamwatt_direct_records_total", labels) or 0


async def test_records_come_in_order_topic_by_topic() -> None:
    handled = Handled()
    records = [record(2, b"c"), record(1, b"x", topic="other"), record(0, b"a"), record(1, b"b")]
    await handling(handled, topics=("t", "other")).take(records)
    assert sorted(handled.batches) == [["a", "b", "c"], ["x"]]


async def test_unreadable_record_is_counted_and_skipped() -> None:
    handled = Handled()
    records = [record(0, b"a", topic="unread"), record(1, b"bad", topic="unread"), record(2, None, topic="unread")]
    await handling(handled, topics=("unread",)).take(records)
    assert handled.batches == [["a"]]
    assert (outcome("unread", "undecodable"), outcome("unread", "handled")) == (1, 1)


async def test_record_after_its_deadline_is_counted_and_skipped() -> None:
    handled = Handled()
    late, soon = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)
    await handling(handled, topics=("late",)).take(
        [record(0, b"late", late, topic="late"), record(1, b"b", soon, topic="late")]
    )
    assert handled.batches == [["b"]]
    assert outcome("late", "expired") == 1


async def test_handler_is_given_the_headers() -> None:
    handled = Handled()
    await handling(handled).take([record(0, b"a", NOW)])
    assert handled.headers == [{"deadline": "2026-01-01T12:00:00.000Z"}]


async def test_batch_that_failed_comes_again() -> None:
    handled = Handled({"b": [ValueError("bug")]})
    await handling(handled).take([record(0, b"a"), record(1, b"b")])
    assert handled.batches == [["a", "b"], ["a", "b"]]


async def test_record_that_keeps_failing_is_given_up_and_the_others_are_handled() -> None:
    handled = Handled({"b": [ValueError("bug")] * 3})
    topic = "poison"
    records = [record(0, b"a", topic=topic), record(1, b"b", topic=topic), record(2, b"c", topic=topic)]
    await handling(handled, topics=(topic,)).take(records)
    assert handled.batches == [["a", "b", "c"]] * 2 + [["a"], ["b"], ["c"]]
    assert (outcome(topic, "given_up"), outcome(topic, "handled")) == (1, 2)


async def test_what_is_away_is_waited_for_however_long() -> None:
    handled = Handled({"a": [Unavailable("away")] * 10})
    await handling(handled).take([record(0, b"a")])
    assert len(handled.batches) == 11


async def test_waiting_ends_with_the_deadline() -> None:
    handled = Handled({"a": [Unavailable("away")] * 10})
    await handling(handled, Clock(0, 1, 2, 3)).take([record(0, b"a", NOW + timedelta(seconds=2.5))])
    assert len(handled.batches) == 3


def test_deadline_that_cannot_be_read_counts_as_none() -> None:
    for written in ("", "soon", "2026-01-01T00:00:00"):
        assert not headers.is_expired({"deadline": written}, NOW)
