import json
from datetime import UTC, datetime

import pytest

from services.core.errors import BadContent, Conflict, Forbidden, Halted, NotFound, TooLarge, Unavailable
from services.gateway.ocpi.envelope import Answer, Missing, NotJson, OcpiError, Status, answer_to, body
from services.gateway.partners.peers import Unauthorized
from services.gateway.partners.registration import Refused, WrongMoment
from services.gateway.vault import Unreadable

NOW = datetime(2026, 3, 1, 10, 0, 0, 123000, tzinfo=UTC)


def test_an_envelope_holds_data_status_and_time() -> None:
    assert json.loads(body(Answer(b'[{"id":1.10}]'), NOW)) == {
        "data": [{"id": 1.1}],
        "status_code": 1000,
        "status_message": "Success",
        "timestamp": "2026-03-01T10:00:00.123Z",
    }
    assert b'"id":1.10' in body(Answer(b'[{"id":1.10}]'), NOW)


def test_an_error_has_no_data_and_any_text_stays_json() -> None:
    message = 'field "é"\n\x00\ud800: missing'
    found = json.loads(body(Answer(None, Status.INVALID, message), NOW))
    assert "data" not in found
    assert found["status_message"] == 'field "é"\n\x00?: missing'


@pytest.mark.parametrize(
    ("error", "http_status", "status"),
    [
        (OcpiError("no"), 200, 2001),
        (OcpiError("no", Status.UNKNOWN_RECEIVER), 200, 4001),
        (NotJson("no"), 400, 2000),
        (Missing("no"), 404, 2000),
        (Missing("no", Status.UNKNOWN_TOKEN), 404, 2004),
        (Unauthorized("no"), 401, 2000),
        (WrongMoment("no"), 405, 2000),
        (Refused(3001, "no"), 200, 3001),
        (TooLarge("no"), 413, 2000),
        (BadContent("no"), 200, 2001),
        (Conflict("no"), 200, 2001),
        (Forbidden("no"), 200, 2000),
        (NotFound("no"), 404, 2000),
    ],
)
def test_what_the_caller_did_is_said_to_the_caller(error: Exception, http_status: int, status: int) -> None:
    answer = answer_to(error, 5)
    assert (answer.http_status, answer.status, answer.message) == (http_status, status, "no")
    assert answer.headers == ({"allow": "GET"} if http_status == 405 else {})


@pytest.mark.parametrize("error", [Unavailable("10.0.0.7 refused"), Halted("cursor 7 is gone")])
def test_what_is_away_is_503_and_never_a_business_answer(error: Exception) -> None:
    answer = answer_to(error, 7)
    assert (answer.http_status, answer.status) == (503, 3000)
    assert answer.headers == {"retry-after": "7"}
    assert str(error) not in answer.message


def test_what_was_not_foreseen_says_nothing_of_itself() -> None:
    for error in (KeyError("secret"), Unreadable("secret")):
        answer = answer_to(error, 5)
        assert (answer.http_status, answer.status) == (500, 3000)
        assert "secret" not in answer.message
