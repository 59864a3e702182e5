"""The commands that open a dead letter and erase a credential, over a stand-in for the admin APIs."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from uuid import UUID

import pytest

from schemas.models.gateway import DeliveryCompleted
from services.cli import credential, dlq
from services.runtime.avro import Codec
from tests.unit.cli.asking import run

NOW, SOURCE = datetime(2026, 1, 1, tzinfo=UTC), "delivery.completed"
COMPLETED = DeliveryCompleted(
    event_id=UUID(int=7),
    occurred_at=NOW,
    delivery_id="D1",
    partner="NL-ABC",
    module="cdrs",
    object_id="CDR1",
    object_version=1,
    outcome="DELIVERED",
    tries=1,
    queued_at=NOW,
    completed_at=NOW,
)
LETTER = {
    "id": "7",
    "source_topic": SOURCE,
    "source_partition": 1,
    "source_offset": 2,
    "reason_code": "BadContent",
    "reason": "why",
    "sealed": "c2VhbGVk",
    "dead_lettered_at": "2026-01-01T00:00:00Z",
}


@pytest.mark.parametrize(
    ("content", "shown"), [(Codec().encode(SOURCE, COMPLETED), '"delivery_id": "D1"'), (b"\x00\xffjunk", "00ff6a")]
)
def test_a_dead_letter_is_opened_through_the_gateway(
    monkeypatch: pytest.MonkeyPatch, content: bytes, shown: str
) -> None:
    answers = {
        "/dead-letters/7": LETTER,
        "POST /dead-letters/open": {"content": urlsafe_b64encode(content).decode()},
    }
    result, fake = run(monkeypatch, dlq.app, ["show", "clearing", "7"], answers)
    assert result.exit_code == 0
    assert shown in result.stdout
    assert "personal data" in result.stderr
    assert fake.asked[1] == ("gateway", "POST /dead-letters/open", {"sealed": "c2VhbGVk"})


def test_a_credential_is_erased_after_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments, answers = ["NL-CSP", "rfid", "04A1"], {"POST /vault/erase": {"erased": True}}
    result, fake = run(monkeypatch, credential.app, arguments, answers)
    assert (result.exit_code, fake.asked) == (1, [])
    result, fake = run(monkeypatch, credential.app, [*arguments, "--yes"], answers)
    assert result.exit_code == 0
    assert fake.asked == [("gateway", "POST /vault/erase", {"home_csp": "NL-CSP", "type": "RFID", "uid": "04A1"})]


def test_a_credential_that_nobody_knows_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["NL-CSP", "RFID", "04A1", "--yes"]
    result, _ = run(monkeypatch, credential.app, arguments, {"POST /vault/erase": {"erased": False}})
    assert result.exit_code == 1
    assert "04A1" not in result.stdout
