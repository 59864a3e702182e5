"""Dead letters: what is kept of a record that cannot be processed, and what is said of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import MetaData
from sqlalchemy.dialects import postgresql

from services.core.errors import BadContent, TooLarge
from services.runtime.dead_letters import DeadLetterBox, unseal
from services.runtime.events import Event
from services.runtime.ports import Offset, Part, Partition, Record
from services.runtime.tables import runtime_tables

PRIVATE = X25519PrivateKey.generate()
POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]
CONTENT = b"04A1B2C3 and more"


class FakeWork:
    """Remembers statements and events; takes events whose sealed content is within a bound."""

    def __init__(self, max_bytes: int) -> None:
        self.connection: Any = self
        self.now = datetime(2026, 1, 2, tzinfo=UTC)
        self.statements: list[Any] = []
        self.events: list[Event] = []
        self._max_bytes = max_bytes

    async def execute(self, statement: Any) -> None:
        self.statements.append(statement)

    def append(self, event: Event) -> None:
        value: Any = event.value
        if len(value.sealed) + len(value.sealed_key or b"") > self._max_bytes:
            raise TooLarge("over its bound")
        self.events.append(event)

    def when_committed(self, act: Callable[[], None]) -> None:
        raise AssertionError(act)

    async def advise(self, *names: str) -> None:
        raise AssertionError(names)


async def put(work: FakeWork) -> Any:
    box = DeadLetterBox("clearing", runtime_tables(MetaData(), "clearing"), PRIVATE.public_key())
    part = Part(Partition("cdr.submitted", 3), Offset(7, "cluster"), [Record(7, b"key", CONTENT, (), 0)])
    await box.put(work, part, BadContent("not a record of its schema"))
    (event,) = work.events
    return event


async def test_a_letter_is_kept_and_said_sealed() -> None:
    work = FakeWork(1_000)
    event = await put(work)
    assert (event.topic, event.key) == ("clearing.dlq", "cdr.submitted/3")
    assert unseal(event.value.sealed, PRIVATE) == CONTENT
    assert unseal(event.value.sealed_key, PRIVATE) == b"key"
    assert b"04A1B2C3" not in event.value.sealed
    assert event.value.reason == "not a record of its schema"


async def test_a_record_as_large_as_an_event_may_be_does_not_stop_its_partition() -> None:
    work = FakeWork(len(CONTENT))
    event = await put(work)
    assert (event.value.sealed, event.value.sealed_key, event.value.source_offset) == (b"", None, 7)
    (statement,) = work.statements
    compiled = statement.compile(dialect=POSTGRESQL)
    assert unseal(compiled.params["sealed"], PRIVATE) == CONTENT


async def test_the_same_place_of_a_topic_made_anew_is_no_conflict() -> None:
    work = FakeWork(1_000)
    await put(work)
    assert "ON CONFLICT (id) DO UPDATE" in str(work.statements[0].compile(dialect=POSTGRESQL))
