"""Walks over lists that do as OCPI has it, and lists that do not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.pulling.links import number
from services.gateway.pulling.pages import Page
from services.gateway.pulling.walking import Kind, Rules, Step, Walk, after_page, smaller, url_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOME = "https://partner.example/locations"
RULES = Rules(HOME, max_pages=1_000)
COUNTING = replace(RULES, counting=True)
START = Walk(Kind.FULL, NOW, "conversation", limit=10)


def objects(first: int, count: int) -> tuple[bytes, ...]:
    return tuple(b"%d" % (first + number) for number in range(count))


def walk_over(serve: Callable[[int, int, int], Page], rules: Rules, start: Walk = START) -> tuple[Step, list[bytes]]:
    """Walk to the end or an error; `serve` is given the number of the page, the offset and the limit asked for."""
    step, found = Step(start), list[bytes]()
    for page_number in range(5_000):
        url = url_of(step.walk, rules.endpoint)
        page = serve(page_number, number(url, "offset") or 0, number(url, "limit") or 10)
        found += page.objects
        step = after_page(step.walk, page, rules)
        if step.error or step.walk.ended:
            return step, found
    raise AssertionError("the walk does not end")


def listed(
    total: int, cap: int, *, link: bool, count: bool, limit_known: bool = False
) -> Callable[[int, int, int], Page]:
    def serve(_page: int, offset: int, limit: int) -> Page:
        rows = max(0, min(cap, limit, total - offset))
        following = offset + rows
        url = f"{HOME}?offset={following}&limit={limit}" if link and following < total else None
        return Page(objects(offset, rows), url, total if count else None, cap if limit_known else None)

    return serve


@given(
    total=st.integers(0, 200),
    cap=st.integers(1, 30),
    link=st.booleans(),
    count=st.booleans(),
    limit_known=st.booleans(),
)
def test_every_object_is_found_once_in_every_kind_of_list(
    total: int, cap: int, link: bool, count: bool, limit_known: bool
) -> None:
    rules = RULES if link or count else COUNTING
    step, found = walk_over(listed(total, cap, link=link, count=count, limit_known=limit_known), rules)
    assert not step.error
    assert found == list(objects(0, total))
    assert step.walk.objects == total
    assert step.walk.saw_all == count
    assert step.walk.pages <= total // min(cap, 10) + 2


@pytest.mark.ocpi_rule(8)
def test_the_link_is_followed_whatever_its_parameters_are() -> None:
    step = after_page(START, Page(objects(0, 3), f"{HOME}?cursor=abc&limit=3"), RULES)
    assert url_of(step.walk, HOME) == f"{HOME}?cursor=abc&limit=3"


@pytest.mark.ocpi_rule(8)
def test_the_first_page_is_asked_for_with_date_and_limit() -> None:
    start = replace(START, date_from=datetime(2026, 2, 1, 12, 30, tzinfo=UTC))
    assert url_of(start, f"{HOME}?tenant=1") == f"{HOME}?tenant=1&date_from=2026-02-01T12:30:00Z&offset=0&limit=10"


def test_a_list_without_link_and_total_is_one_page_unless_offsets_are_counted() -> None:
    assert after_page(START, Page(objects(0, 10)), RULES).walk.ended
    assert not after_page(START, Page(objects(0, 10)), COUNTING).walk.ended


def test_a_total_that_is_too_high_ends_with_an_empty_page() -> None:
    def serve(_page: int, offset: int, _limit: int) -> Page:
        return Page(objects(offset, max(0, min(10, 25 - offset))), None, 1_000)

    step, found = walk_over(serve, RULES)
    assert (len(found), step.walk.ended, step.walk.saw_all) == (25, True, False)


def test_a_total_that_is_too_low_hides_nothing_behind_a_link() -> None:
    def serve(_page: int, offset: int, _limit: int) -> Page:
        return replace(listed(95, 10, link=True, count=False)(0, offset, 10), total=3)

    step, found = walk_over(serve, RULES)
    assert (len(found), step.walk.saw_all) == (95, False)


@given(head=st.integers(0, 20), circle=st.integers(1, 40))
def test_pages_that_come_round_again_are_noticed(head: int, circle: int) -> None:
    def serve(page: int, _offset: int, _limit: int) -> Page:
        place = page if page < head else head + (page - head) % circle
        return Page(objects(place * 10, 10), f"{HOME}?offset={page * 10 + 10}")

    step, found = walk_over(serve, RULES)
    assert step.error == "its pages repeat themselves"
    assert len(found) <= 10 * 4 * (head + circle + 1)


def test_a_list_without_end_is_given_up() -> None:
    def serve(page: int, _offset: int, _limit: int) -> Page:
        return Page(objects(page * 10, 10), f"{HOME}?offset={page * 10 + 10}")

    step, found = walk_over(serve, replace(RULES, max_pages=20))
    assert step.error.startswith("its list does not end")
    assert len(found) == 200


def test_empty_pages_without_end_are_given_up() -> None:
    def serve(page: int, _offset: int, _limit: int) -> Page:
        return Page((), f"{HOME}?offset={page * 10 + 10}")

    step, _ = walk_over(serve, RULES)
    assert "does not end" in step.error


def test_a_link_to_another_host_is_not_followed() -> None:
    step = after_page(START, Page(objects(0, 10), "https://elsewhere.example/locations?offset=10"), RULES)
    assert "another host" in step.error
    assert step.walk == START


@pytest.mark.parametrize("link", [True, False])
def test_what_a_deletion_moves_forward_is_not_missed(link: bool) -> None:
    """Objects are taken out before our place while we walk: the next page begins that much earlier."""
    held = list(objects(0, 60))

    def serve(page: int, offset: int, limit: int) -> Page:
        if page in {2, 4}:
            del held[3:6]
        rows = tuple(held[offset : offset + limit])
        more = offset + len(rows) < len(held)
        return Page(rows, f"{HOME}?offset={offset + len(rows)}&limit={limit}" if link and more else None, len(held))

    step, found = walk_over(serve, RULES)
    assert not step.error
    assert set(held) <= set(found)
    assert not step.walk.saw_all


def test_what_is_new_while_we_walk_is_in_the_last_page() -> None:
    held = list(objects(0, 35))

    def serve(_page: int, offset: int, limit: int) -> Page:
        rows = tuple(held[offset : offset + limit])
        page = Page(rows, f"{HOME}?offset={offset + 10}&limit=10" if offset + 10 < len(held) else None, len(held))
        held.append(b"new %d" % len(held))
        return page

    step, found = walk_over(serve, RULES)
    assert set(held[:-1]) <= set(found)
    assert not step.walk.saw_all


def test_pages_are_asked_for_half_as_large_down_to_one() -> None:
    halved = smaller(replace(START, next_url=f"{HOME}?offset=20&limit=10&x=1"))
    assert halved is not None
    assert (halved.limit, halved.next_url) == (5, f"{HOME}?offset=20&limit=5&x=1")
    assert smaller(replace(START, limit=1)) is None
