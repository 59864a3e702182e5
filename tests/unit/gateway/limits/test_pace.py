from hypothesis import given
from hypothesis import strategies as st

from services.gateway.limits.pace import Paces, taken, wait_seconds


@given(st.integers(1, 500), st.lists(st.floats(0, 30), max_size=300))
def test_within_any_minute_no_more_pass_than_twice_what_is_allowed_and_never_fewer_than_that(
    per_minute: int, pauses: list[float]
) -> None:
    now, even = 1_000.0, 0.0
    passed: list[float] = []
    for pause in [0.0] * per_minute + pauses:
        now += pause
        if not wait_seconds(even, now, per_minute):
            even = taken(even, now, per_minute)
            passed.append(now)
    assert sum(time == 1_000.0 for time in passed) >= per_minute
    for start in passed:
        assert sum(start <= time < start + 60 for time in passed) <= 2 * per_minute + 1


@given(st.integers(1, 100_000))
def test_who_waits_as_long_as_told_may_go_on(per_minute: int) -> None:
    even = 0.0
    while not (wait := wait_seconds(even, 0.0, per_minute)):
        even = taken(even, 0.0, per_minute)
        if even > 61:
            raise AssertionError
    assert not wait_seconds(even, wait, per_minute)
    assert wait <= 60


def test_each_key_has_a_pace_of_its_own_and_too_many_are_forgotten() -> None:
    now = [0.0]
    paces: Paces[str] = Paces(2, lambda: now[0])
    assert [paces.take("a", 1), paces.take("b", 1)] == [0, 0]
    assert paces.take("a", 1) == 60
    assert paces.wait_seconds("b", 1) == 60
    # A refusal takes nothing, so "a" was quiet longest.
    assert paces.take("c", 1) == 0
    assert paces.take("a", 1) == 0
    now[0] = 60.0
    assert paces.take("c", 1) == 0
