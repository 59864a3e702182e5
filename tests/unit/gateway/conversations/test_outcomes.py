from datetime import UTC, datetime, timedelta

import pytest

from services.gateway.conversations.outcomes import Arrival, due_at, judge_result, tried_until

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ACCEPTED, CANCELED = {"result": "ACCEPTED"}, {"result": "CANCELED_RESERVATION"}


@pytest.mark.ocpi_rule(22)
def test_one_result_counts_and_its_repetition_changes_nothing() -> None:
    assert judge_result("START_SESSION", [], ACCEPTED, 8) is Arrival.NEW
    assert judge_result("START_SESSION", [ACCEPTED], {"result": "ACCEPTED", "message": []}, 8) is Arrival.REPEATED
    assert judge_result("START_SESSION", [ACCEPTED], {"result": "FAILED"}, 8) is Arrival.CONTRARY
    assert judge_result("PUT", [ACCEPTED], {"result": "REJECTED"}, 8) is Arrival.CONTRARY


@pytest.mark.ocpi_rule(22)
def test_a_cso_cancels_a_reservation_where_it_confirmed_it() -> None:
    assert judge_result("RESERVE_NOW", [ACCEPTED], CANCELED, 8) is Arrival.NEW
    assert judge_result("RESERVE_NOW", [ACCEPTED, CANCELED], CANCELED, 8) is Arrival.REPEATED
    assert judge_result("RESERVE_NOW", [ACCEPTED], CANCELED, 1) is Arrival.TOO_MANY


@pytest.mark.ocpi_rule(22)
@pytest.mark.parametrize(("promised", "seconds"), [(None, 120), (0, 0), (30, 30), (10**12, 3600)])
def test_the_promised_time_is_honoured_within_our_bound(promised: int | None, seconds: int) -> None:
    assert due_at(NOW, promised, 120, 3600) == NOW + timedelta(seconds=seconds)


def test_a_result_is_tried_in_its_time_and_a_late_one_briefly() -> None:
    due = NOW + timedelta(seconds=300)
    assert tried_until(due, NOW, 60) == due
    assert tried_until(due, due, 60) == due + timedelta(seconds=60)
