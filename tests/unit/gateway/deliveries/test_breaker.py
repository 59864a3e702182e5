from datetime import UTC, datetime, timedelta

from services.gateway.deliveries.breaker import CLOSED, Breaker, BreakerRules, after_failure, after_success, allowance

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULES = BreakerRules(failures=3, least_seconds=2, most_seconds=10)


def failed(times: int, now: datetime = NOW, breaker: Breaker = CLOSED) -> Breaker:
    for _ in range(times):
        breaker = after_failure(breaker, now, RULES, jitter=1.0)
    return breaker


def test_it_stays_closed_below_the_bound() -> None:
    assert allowance(failed(2), NOW, most=8) == 8


def test_it_opens_at_the_bound_and_lets_one_probe_through_after_the_pause() -> None:
    breaker = failed(3)
    assert breaker.retry_at == NOW + timedelta(seconds=2)
    assert allowance(breaker, NOW + timedelta(seconds=1.9), most=8) == 0
    assert allowance(breaker, NOW + timedelta(seconds=2), most=8) == 1


def test_requests_that_were_under_way_do_not_lengthen_the_pause() -> None:
    breaker = failed(30)
    assert breaker.failures == 30
    assert breaker.retry_at == NOW + timedelta(seconds=2)


def test_each_failed_probe_doubles_the_pause_up_to_the_bound() -> None:
    breaker, now, pauses = failed(3), NOW, []
    for _ in range(4):
        assert breaker.retry_at is not None
        now = breaker.retry_at
        breaker = failed(1, now, breaker)
        assert breaker.retry_at is not None
        pauses.append((breaker.retry_at - now).total_seconds())
    assert pauses == [4, 8, 10, 10]


def test_one_answer_closes_it() -> None:
    assert after_success(failed(7)) == CLOSED
    assert allowance(after_success(failed(7)), NOW, most=8) == 8
