from decimal import Decimal

import pytest

from services.gateway.conversations.outcomes import Outcome
from services.gateway.conversations.telling import outcome_of, tell
from services.gateway.deliveries.requests import PartnerAnswer
from services.gateway.deliveries.verdict import Failing, Result

PARTY = "FR-SUN"


def answered(
    http: int = 200, ocpi: int | None = 1000, data: object = None, message: str | None = None
) -> PartnerAnswer:
    return PartnerAnswer(Result(http_status=http, ocpi_status=ocpi), data, message=message)


@pytest.mark.ocpi_rule(2)
@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (PartnerAnswer(Result(failing=Failing.TIMEOUT)), 4002),
        (PartnerAnswer(Result(failing=Failing.UNREACHABLE)), 4003),
        (PartnerAnswer(Result(failing=Failing.TOO_LARGE)), 4000),
        (answered(502, None), 4000),
        (answered(200, None), 4000),
        (answered(401, 2000), 4003),
        (answered(401, None), 4003),
    ],
)
def test_the_hub_says_what_went_wrong_on_the_way(answer: PartnerAnswer, status: int) -> None:
    told = tell(answer, PARTY, "NL-CSP")
    assert (told.http_status, told.status, told.data) == (200, status, None)
    assert PARTY in told.message


@pytest.mark.ocpi_rule(2)
@pytest.mark.parametrize(
    ("http", "ocpi", "passed"),
    [(200, 2003, 200), (404, 2001, 404), (201, 1000, 201), (503, 3000, 200), (400, 2001, 200), (429, 2000, 200)],
)
def test_a_partners_own_error_passes_through(http: int, ocpi: int, passed: int) -> None:
    told = tell(answered(http, ocpi, message="in its own words"), PARTY, "NL-CSP")
    assert (told.http_status, told.status, told.message) == (passed, ocpi, "in its own words")


@pytest.mark.ocpi_rule(17)
def test_an_answer_says_from_whom_to_whom_it_is() -> None:
    headers = tell(answered(), PARTY, "NL-CSP").headers
    assert (headers["ocpi-from-party-id"], headers["ocpi-to-party-id"]) == ("SUN", "CSP")


def test_data_passes_through_digit_by_digit() -> None:
    told = tell(answered(data={"result": "ACCEPTED", "timeout": 30, "x": Decimal("1.50")}), PARTY, "NL-CSP")
    assert told.data == b'{"result":"ACCEPTED","timeout":30,"x":1.50}'
    assert tell(answered(data="ACCEPTED", message="w" * 9_000), PARTY, "NL-CSP").data == b'"ACCEPTED"'


@pytest.mark.ocpi_rule(22)
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (answered(data={"result": "ACCEPTED", "timeout": 30}), Outcome("ACCEPTED", result_seconds=30)),
        (answered(data={"result": "ACCEPTED"}), Outcome("ACCEPTED")),
        (answered(data={"result": "ACCEPTED", "timeout": True}), Outcome("ACCEPTED")),
        (answered(data={"result": "REJECTED", "timeout": 0}), Outcome("REJECTED", open=False, result_seconds=0)),
        (answered(data=["?"]), Outcome(failure="BAD_ANSWER")),
        (answered(200, 2003), Outcome(failure="REFUSED", ocpi_status=2003, open=False)),
        (answered(500, None), Outcome(failure="BAD_ANSWER")),
        (PartnerAnswer(Result(failing=Failing.TIMEOUT)), Outcome(failure="TIMED_OUT")),
        (PartnerAnswer(Result(failing=Failing.UNREACHABLE)), Outcome(failure="UNREACHABLE", open=False)),
    ],
)
def test_a_result_may_come_unless_it_was_ruled_out(answer: PartnerAnswer, outcome: Outcome) -> None:
    assert outcome_of(answer) == outcome
