import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
import structlog
from aiokafka.errors import KafkaConnectionError
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy.exc import IntegrityError, OperationalError

from services.core.errors import Unavailable
from services.runtime import logs
from services.runtime.settings import LogSettings

SECRET = "hunter2-4711"


@dataclass
class Holder:
    held: str


@pytest.fixture
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def redacted(**entry: Any) -> dict[str, Any]:
    return dict(logs.redact(None, "info", entry))


@pytest.mark.parametrize(
    "name",
    ["token", "Authorization", "uid", "body", "password", "admin_token", "card_uid", "sealed", "raw_body", "url"],
)
def test_telling_names_hide_their_value(name: str) -> None:
    assert SECRET not in json.dumps(redacted(**{name: SECRET}))


@pytest.mark.parametrize(
    "value",
    [
        {"token": SECRET},
        [{"deep": {"uid": SECRET}}],
        SecretStr(SECRET),
        SECRET.encode(),
        Holder(SECRET),
        ValueError(SECRET),
        {"a": {"b": {"c": {"d": {"e": SECRET}}}}},
    ],
)
def test_what_is_no_plain_value_is_not_shown(value: Any) -> None:
    assert SECRET not in json.dumps(redacted(thing=value))


def test_plain_values_are_shown() -> None:
    shown = redacted(
        evse_uid="E1",
        authorization_id=UUID(int=1),
        kwh=Decimal("1.50"),
        at=datetime(2026, 1, 1, tzinfo=UTC),
        rows=3,
        ok=True,
        none=None,
        lanes=[1, 2],
    )
    assert shown == {
        "evse_uid": "E1",
        "authorization_id": str(UUID(int=1)),
        "kwh": "1.50",
        "at": "2026-01-01 00:00:00+00:00",
        "rows": 3,
        "ok": True,
        "none": None,
        "lanes": [1, 2],
    }


@given(st.dictionaries(st.text(), st.recursive(st.none() | st.binary() | st.text(), st.lists)))
def test_every_entry_can_be_written_as_json(entry: dict[str, Any]) -> None:
    shown = redacted(**entry)
    assert json.loads(json.dumps(shown)) == shown
    assert shown.keys() == entry.keys()


class RowError(psycopg.errors.UniqueViolation):
    sqlstate = "23505"


class ServerError(psycopg.errors.AdminShutdown):
    sqlstate = "57P01"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (Unavailable("Kafka is away"), "Unavailable: Kafka is away"),
        (ConnectionRefusedError(111, "Connection refused"), "ConnectionRefusedError: [Errno 111] Connection refused"),
        (KafkaConnectionError("no brokers"), "KafkaConnectionError: KafkaConnectionError: no brokers"),
        (KeyError(SECRET), "KeyError"),
        (IntegrityError(SECRET, {"uid": SECRET}, RowError(SECRET)), "IntegrityError (SQLSTATE 23505)"),
        (OperationalError(SECRET, {}, ServerError("going down")), "OperationalError: going down"),
    ],
)
def test_text_of_an_exception_is_shown_only_where_it_is_safe(error: Exception, text: str) -> None:
    assert logs.describe(error) == text


def test_exception_is_shown_with_its_frames_and_without_its_text() -> None:
    try:
        raise KeyError(SECRET)
    except KeyError:
        entry = redacted(event="failed", exc_info=True)
    assert entry["exception"] == "KeyError"
    assert entry["frames"][-1].endswith("test_exception_is_shown_with_its_frames_and_without_its_text")
    assert SECRET not in json.dumps(entry)


@pytest.mark.usefixtures("_restored")
def test_own_and_library_logs_come_out_as_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(LogSettings(), "clearing")
    logs.logger("services.clearing.audit").info("audited", token=SECRET, rows=2)
    logging.getLogger("aiokafka.producer").warning("broker %s is away", 1)
    logging.getLogger("uvicorn.error").info("quiet")
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("asyncio").exception("Task exception was never retrieved\nfuture: %s", SECRET)
    own, library, failed = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (own["module"], own["service"], own["rows"], own["token"]) == ("clearing.audit", "clearing", 2, "[redacted]")
    assert (library["module"], library["event"]) == ("aiokafka.producer", "broker 1 is away")
    assert (failed["event"], failed["exception"]) == ("Task exception was never retrieved", "ValueError")
    assert SECRET not in json.dumps([own, library, failed])


@pytest.mark.usefixtures("_restored")
def test_console_form_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(LogSettings(format="console", level="WARNING"), "clearing")
    logs.logger("services.x").info("unseen")
    logs.logger("services.x").warning("seen", rows=2)
    written = capsys.readouterr().err
    assert "seen" in written
    assert "rows=2" in written
    assert "unseen" not in written
