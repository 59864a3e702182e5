from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from services.runtime import headers
from services.runtime.events import Event


class Value(BaseModel):
    pass


def event(**changes: object) -> Event:
    fields: dict[str, object] = {
        "id": UUID("5f3bd0c6-0e3a-5b51-8d5e-6a4c5a4f0001"),
        "topic": "cdr.cleared",
        "key": "NL-TNM|1",
        "value": Value(),
        "occurred_at": datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC),
    }
    return Event(**(fields | changes))  # type: ignore[arg-type]


def test_required_attributes_of_cloudevents_are_there() -> None:
    assert dict(headers.for_event(event(), headers.source_of("clearing"))) == {
        "ce_specversion": b"1.0",
        "ce_id": b"5f3bd0c6-0e3a-5b51-8d5e-6a4c5a4f0001",
        "ce_type": b"cdr.cleared",
        "ce_source": b"/roamwatt/clearing",
        "ce_time": b"2026-03-01T12:00:00.123Z",
        "content-type": b"application/avro",
    }


def test_conversation_headers_are_there_when_the_event_has_them() -> None:
    written = dict(headers.for_event(event(correlation_id="c-1", traceparent="00-ab-cd-01"), "s"))
    assert (written["correlation_id"], written["traceparent"]) == (b"c-1", b"00-ab-cd-01")


def test_time_of_another_zone_is_written_in_utc() -> None:
    moment = datetime(2026, 3, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    assert headers.timestamp(moment) == "2026-03-01T12:00:00.000Z"


@pytest.mark.parametrize("value", [None, b"\xff\xfe"])
def test_unreadable_header_is_left_out_and_the_rest_kept(value: bytes | None) -> None:
    assert headers.read([("bad", value), ("good", b"1")]) == {"good": "1"}


def test_no_headers_read_as_none() -> None:
    assert headers.read(None) == {}


def test_of_a_repeated_header_the_last_counts() -> None:
    assert headers.read([("a", b"1"), ("a", b"2")]) == {"a": "2"}


@given(st.lists(st.tuples(st.text(), st.none() | st.binary())))
def test_reading_never_raises(pairs: list[tuple[str, bytes | None]]) -> None:
    assert set(headers.read(pairs)) <= {name for name, _ in pairs}


def test_deadline_is_written_so_that_it_is_read() -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    known = headers.read([headers.deadline(moment)])
    assert not headers.is_expired(known, moment)
    assert headers.is_expired(known, moment + timedelta(milliseconds=1))
    assert not headers.is_expired({}, moment)
