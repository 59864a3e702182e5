import pytest

from services.gateway.deliveries.verdict import Failing, Result, Verdict, is_healthy, judge


@pytest.mark.parametrize(
    ("http_status", "ocpi_status", "verdict"),
    [
        (200, 1000, Verdict.DELIVERED),
        (201, 1000, Verdict.DELIVERED),
        (200, 1999, Verdict.DELIVERED),
        (200, 2000, Verdict.REFUSED),
        (200, 2001, Verdict.REFUSED),
        (200, 2999, Verdict.REFUSED),
        (200, 3000, Verdict.RETRY),
        (200, 3999, Verdict.RETRY),
        (200, 4001, Verdict.REFUSED),
        (200, 4002, Verdict.RETRY),
        (200, None, Verdict.RETRY),
        (200, 17, Verdict.RETRY),
        (302, None, Verdict.RETRY),
        (400, None, Verdict.REFUSED),
        (401, 2000, Verdict.RETRY),
        (403, None, Verdict.REFUSED),
        (404, 2003, Verdict.REFUSED),
        (408, None, Verdict.RETRY),
        (413, None, Verdict.REFUSED),
        (429, None, Verdict.RETRY),
        (500, None, Verdict.RETRY),
        (503, 2000, Verdict.RETRY),
    ],
)
def test_the_decision_table(http_status: int, ocpi_status: int | None, verdict: Verdict) -> None:
    assert judge(Result(http_status=http_status, ocpi_status=ocpi_status)) is verdict


@pytest.mark.parametrize("failing", list(Failing))
def test_no_answer_is_worth_another_try(failing: Failing) -> None:
    assert judge(Result(failing=failing)) is Verdict.RETRY


def test_a_refusal_says_that_the_partner_works() -> None:
    assert is_healthy(Result(http_status=200, ocpi_status=2001))
    assert not is_healthy(Result(http_status=200, ocpi_status=None))
