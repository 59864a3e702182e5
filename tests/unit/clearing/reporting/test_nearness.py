from hypothesis import given, settings
from hypothesis import strategies as st

from services.clearing.reporting.nearness import MOST_OTHERS, Span, alike, near


def test_each_row_is_paired_with_those_before_it() -> None:
    assert list(alike([1, 2, 3])) == [(2, 1), (3, 1), (3, 2)]


def test_pairs_stay_bounded_where_everything_is_the_same() -> None:
    assert len(list(alike(range(1000)))) < 1000 * MOST_OTHERS
    assert len(list(near((Span(each, 0, 10) for each in range(1000)), 0))) < 1000 * MOST_OTHERS


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(-3, 20)), max_size=12), st.integers(0, 5))
def test_near_is_what_a_comparison_of_all_with_all_gives(times: list[tuple[int, int]], within: int) -> None:
    spans = [Span(number, start, start + length) for number, (start, length) in enumerate(times)]
    expected = {
        (max(one.number, two.number), min(one.number, two.number))
        for one in spans
        for two in spans
        if (one.started, one.number) < (two.started, two.number)
        and (one.ended > two.started or two.started - one.started <= within)
    }
    assert set(near(sorted(spans, key=lambda span: (span.started, span.number)), within)) == expected
