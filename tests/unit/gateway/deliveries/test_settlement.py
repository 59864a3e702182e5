from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.gateway.deliveries.completion import is_told
from services.gateway.deliveries.settlement import Attempt, Leased, Next, RetryRules, is_over, settle
from services.gateway.deliveries.verdict import Failing, Result

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULES = RetryRules(least_seconds=1, most_seconds=300, max_tries=10)
ROW = Leased(
    delivery_id=UUID(int=7),
    partner="DE-ABC",
    module="cdrs",
    owner="NL-TNM",
    object_id="cdr-1",
    object_version=1,
    sender="NL-TNM",
    revision=1,
    correlation_id="",
    queued_at=NOW - timedelta(minutes=1),
    tries=2,
)
DELIVERED = Result(http_status=200, ocpi_status=1000)
REFUSED = Result(http_status=200, ocpi_status=2001, message="no")
TIMEOUT = Result(failing=Failing.TIMEOUT)


def test_what_was_delivered_is_gone() -> None:
    settled = settle(Attempt(ROW, DELIVERED), 1, NOW, RULES, 1.0)
    assert (settled.next, settled.outcome, settled.tries) == (Next.DELETE, "DELIVERED", 3)


def test_what_was_refused_is_parked() -> None:
    settled = settle(Attempt(ROW, REFUSED), 1, NOW, RULES, 1.0)
    assert (settled.next, settled.outcome) == (Next.PARK, "REFUSED")


def test_no_answer_waits_longer_each_time() -> None:
    settled = settle(Attempt(ROW, TIMEOUT), 1, NOW, RULES, 1.0)
    assert (settled.next, settled.outcome, settled.tries) == (Next.WAIT, None, 3)
    assert settled.due_at == NOW + timedelta(seconds=4)


def test_the_partner_may_ask_for_a_longer_pause_within_the_bound() -> None:
    asked = settle(Attempt(ROW, TIMEOUT, retry_after_seconds=60), 1, NOW, RULES, 1.0)
    assert asked.due_at == NOW + timedelta(seconds=60)
    bounded = settle(Attempt(ROW, TIMEOUT, retry_after_seconds=999_999), 1, NOW, RULES, 1.0)
    assert bounded.due_at == NOW + timedelta(seconds=300)


def test_tries_end_with_an_operator() -> None:
    settled = settle(Attempt(replace(ROW, tries=9), TIMEOUT), 1, NOW, RULES, 1.0)
    assert (settled.next, settled.outcome) == (Next.PARK, "GIVEN_UP")


def test_what_is_not_kept_is_tried_once() -> None:
    once = replace(ROW, kept=False)
    settled = settle(Attempt(once, TIMEOUT), 1, NOW, RULES, 1.0)
    assert (settled.next, settled.outcome) == (Next.DELETE, "GIVEN_UP")
    assert settle(Attempt(once, REFUSED), 1, NOW, RULES, 1.0).next is Next.PARK
    assert settle(Attempt(once), 1, NOW, RULES, 1.0).next is Next.WAIT


def test_what_was_not_sent_costs_no_try() -> None:
    settled = settle(Attempt(ROW), 1, NOW, RULES, 1.0)
    assert (settled.next, settled.outcome, settled.tries, settled.due_at) == (Next.WAIT, None, 2, NOW)


def test_what_is_withdrawn_is_given_up() -> None:
    settled = settle(Attempt(ROW, withdrawn="no receiver"), 1, NOW, RULES, 1.0)
    assert (settled.next, settled.outcome) == (Next.DELETE, "GIVEN_UP")


def test_a_newer_state_goes_out_whatever_became_of_the_older_one() -> None:
    delivered = settle(Attempt(ROW, DELIVERED), 2, NOW, RULES, 1.0)
    assert (delivered.next, delivered.outcome, delivered.tries, delivered.due_at) == (Next.WAIT, "DELIVERED", 0, NOW)
    refused = settle(Attempt(ROW, REFUSED), 2, NOW, RULES, 1.0)
    assert (refused.next, refused.outcome, refused.due_at) == (Next.WAIT, "REFUSED", NOW)
    failed = settle(Attempt(ROW, TIMEOUT), 2, NOW, RULES, 1.0)
    assert (failed.next, failed.outcome, failed.tries) == (Next.WAIT, None, 0)
    assert failed.due_at > NOW


@pytest.mark.parametrize(
    "attempt",
    [
        Attempt(ROW, DELIVERED),
        Attempt(ROW, REFUSED),
        Attempt(ROW, TIMEOUT),
        Attempt(ROW),
        Attempt(ROW, withdrawn="gone"),
        Attempt(replace(ROW, kept=False), TIMEOUT),
    ],
)
def test_what_is_over_would_be_deleted_and_waits_where_a_newer_state_came(attempt: Attempt) -> None:
    if is_over(attempt):
        assert settle(attempt, ROW.revision, NOW, RULES, 1.0).next is Next.DELETE
    assert settle(attempt, ROW.revision + 1, NOW, RULES, 1.0).next is Next.WAIT


def test_only_the_good_end_of_a_status_is_no_event() -> None:
    status = replace(ROW, module="evses")
    for row, result, told in (
        (ROW, DELIVERED, True),
        (ROW, TIMEOUT, False),
        (status, DELIVERED, False),
        (status, REFUSED, True),
    ):
        attempt = Attempt(row, result)
        assert is_told(attempt, settle(attempt, 1, NOW, RULES, 1.0)) is told
