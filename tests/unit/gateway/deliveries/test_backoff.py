from hypothesis import given
from hypothesis import strategies as st

from services.gateway.deliveries.backoff import pause_seconds


def test_pauses_double_up_to_the_bound() -> None:
    pauses = [pause_seconds(tries, 1, 60, 1.0) for tries in range(1, 9)]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


@given(st.integers(1, 100_000), st.floats(0, 0.999))
def test_a_pause_is_between_half_and_all_of_the_full_one(tries: int, jitter: float) -> None:
    full = pause_seconds(tries, 0.5, 300, 1.0)
    assert full / 2 <= pause_seconds(tries, 0.5, 300, jitter) <= full <= 300
