import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.gateway.authorize.question import Place, Question
from services.gateway.authorize.telling import HomeAnswer, question_body, read_home_answer, tell, token_document
from services.gateway.deliveries.requests import PartnerAnswer
from services.gateway.deliveries.verdict import Failing, Result
from services.gateway.ocpi.versions import V2_2_1

PLACE = Place("L1", ("E1", "E2"))
TOKEN = b'{"uid":"04A1","future_field":1.10}'


def told(result: str, info: dict[str, Any] | None = None, place: Place | None = PLACE, ref: str | None = None) -> Any:
    answer = tell(result, ref, place, token=TOKEN, info=info)
    return answer.http_status, int(answer.status), None if answer.data is None else json.loads(answer.data)


def test_allowed_with_the_token_and_the_place() -> None:
    http_status, status, data = told("ALLOWED", ref="REF-1")
    assert (http_status, status) == (200, 1000)
    assert data["allowed"] == "ALLOWED"
    assert data["token"] == {"uid": "04A1", "future_field": 1.1}
    assert data["location"] == {"location_id": "L1", "evse_uids": ["E1", "E2"]}
    assert data["authorization_reference"] == "REF-1"


@pytest.mark.parametrize("result", ["BLOCKED", "EXPIRED", "NO_CREDIT", "NOT_ALLOWED"])
@pytest.mark.ocpi_rule(19)
def test_a_driver_who_may_not_charge_is_an_answer(result: str) -> None:
    http_status, status, data = told(result)
    assert (http_status, status, data["allowed"]) == (200, 1000, result)
    assert "location" not in data


def test_without_an_agreement_nobody_charges() -> None:
    assert told("NO_AGREEMENT")[2]["allowed"] == "NOT_ALLOWED"


def test_an_unknown_token_is_not_found() -> None:
    assert told("UNKNOWN") == (404, 2004, None)


def test_a_home_csp_out_of_reach_is_the_hubs_error() -> None:
    assert told("TIMED_OUT") == (200, 4002, None)
    assert told("UNREACHABLE") == (200, 4003, None)


def test_the_home_csps_own_words_are_passed_on() -> None:
    info = {
        "allowed": "ALLOWED",
        "token": {"uid": "04A1", "contract_id": "NL-CSP-1"},
        "location": {"location_id": "L1", "evse_uids": ["E2"]},
        "info": {"language": "en", "text": "welcome"},
    }
    data = told("ALLOWED", info)[2]
    assert data["token"]["contract_id"] == "NL-CSP-1"
    assert data["location"]["evse_uids"] == ["E2"]
    assert data["info"]["text"] == "welcome"


def answered(http_status: int, ocpi_status: int | None, data: Any = None) -> HomeAnswer:
    return read_home_answer(PartnerAnswer(Result(http_status=http_status, ocpi_status=ocpi_status), data), V2_2_1)


@pytest.mark.parametrize("allowed", ["ALLOWED", "BLOCKED", "EXPIRED", "NO_CREDIT", "NOT_ALLOWED"])
def test_an_answer_is_read(allowed: str) -> None:
    info = {"allowed": allowed, "token": {}, "authorization_reference": "REF"}
    assert answered(200, 1000, info) == HomeAnswer(allowed, None, "REF", info)


@pytest.mark.parametrize(("http_status", "ocpi_status"), [(404, 2004), (404, 2000), (200, 2004)])
def test_an_unknown_token_is_read_either_way(http_status: int, ocpi_status: int) -> None:
    assert answered(http_status, ocpi_status) == HomeAnswer(answer="UNKNOWN")


@pytest.mark.parametrize(
    ("http_status", "ocpi_status", "data"),
    [
        (200, None, None),
        (404, None, None),
        (200, 1000, None),
        (200, 1000, {"allowed": "MAYBE"}),
        (200, 1000, {"allowed": ["ALLOWED"]}),
        (500, 1000, {"allowed": "ALLOWED"}),
        (401, 2000, None),
    ],
)
def test_what_is_no_answer_is_never_one_about_the_driver(http_status: int, ocpi_status: int | None, data: Any) -> None:
    assert answered(http_status, ocpi_status, data) == HomeAnswer(failure="BAD_ANSWER")


@pytest.mark.ocpi_rule(2)
@pytest.mark.parametrize(("http_status", "status"), [(200, 2000), (200, 2002), (200, 3000), (400, 2001)])
def test_a_refusal_is_passed_on_with_its_status_alone(http_status: int, status: int) -> None:
    refused = answered(http_status, status, {"words": "of the home-CSP"})
    assert (refused.answer, refused.failure) == (None, "BAD_ANSWER")
    answer = tell("UNREACHABLE", None, None, token=b"", info=refused.info)
    assert (answer.http_status, answer.status, answer.data) == (200, status, None)


@pytest.mark.parametrize(
    ("failing", "failure"),
    [(Failing.TIMEOUT, "TIMEOUT"), (Failing.UNREACHABLE, "UNREACHABLE"), (Failing.TOO_LARGE, "UNREACHABLE")],
)
def test_no_answer(failing: Failing, failure: str) -> None:
    assert read_home_answer(PartnerAnswer(Result(failing=failing)), V2_2_1) == HomeAnswer(failure=failure)


@pytest.mark.parametrize("reference", [None, "", 7, "x" * 37])
def test_a_reference_that_cannot_be_used_is_none(reference: Any) -> None:
    assert answered(200, 1000, {"allowed": "ALLOWED", "authorization_reference": reference}).reference is None


def test_the_home_csp_is_asked_what_the_cso_asked() -> None:
    assert question_body(None) is None
    assert question_body(PLACE) == b'{"location_id":"L1","evse_uids":["E1","E2"]}'


def test_a_token_that_nobody_pushed_has_what_is_known() -> None:
    question = Question("FR-SUN", "NL-CSP", "04A1", "RFID", None)
    found = token_document(question, "NL-CSP", datetime(2026, 3, 1, tzinfo=UTC))
    assert (found["country_code"], found["party_id"], found["uid"]) == ("NL", "CSP", "04A1")
    assert found["contract_id"] == found["issuer"] == "#NA"
    assert found["last_updated"] == "2026-03-01T00:00:00Z"
