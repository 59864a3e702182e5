from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest

from services.gateway.ocpi.envelope import OcpiError
from services.gateway.paging import Page, Shown, page_headers, page_of

URL = "https://gateway/ocpi/2.2.1/sender/cdrs"


def test_a_page_without_parameters_begins_at_the_beginning() -> None:
    assert page_of({}, 50, 100) == Page(0, 50)


def test_the_limit_is_capped_and_dates_are_read() -> None:
    query = {"limit": "2000", "offset": "7", "date_from": "2026-01-01T00:00:00", "date_to": "2026-01-02T01:00:00 01:00"}
    day = datetime(2026, 1, 1, tzinfo=UTC)
    assert page_of(query, 50, 100) == Page(7, 100, day, day.replace(day=2))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("limit", text) for text in ("0", "-1", "ten", "1" * 30)),
        *(("offset", text) for text in ("-1", "²")),
        ("date_from", "yesterday"),
        ("date_to", "2026-13-01T00:00:00Z"),
        *(("cursor", text) for text in ("", "AAAA", "not base64!", "é", "_" * 22)),
    ],
)
def test_what_cannot_be_read_is_named(name: str, value: str) -> None:
    with pytest.raises(OcpiError, match=f"^{name}:"):
        page_of({name: value}, 50, 100)


@pytest.mark.ocpi_rule(8)
def test_there_is_a_link_only_where_there_is_a_next_page_and_it_keeps_all_filters() -> None:
    query = {"date_from": "2026-01-01T00:00:00Z", "offset": "10", "type": "a&b"}
    first = page_headers(Page(10, 5), Shown(16, 5, more=True, last=None, cap=5), URL, query)
    assert first == {
        "x-total-count": "16",
        "x-limit": "5",
        "link": f'<{URL}?date_from=2026-01-01T00%3A00%3A00Z&offset=15&type=a%26b&limit=5>; rel="next"',
    }
    assert "link" not in page_headers(Page(15, 5), Shown(16, 1, more=False, last=9, cap=5), URL, query)
    assert "link" not in page_headers(Page(20, 5), Shown(16, 0, more=False, last=0, cap=5), URL, query)


def test_who_follows_the_link_goes_on_after_the_last_object() -> None:
    query = _next(Page(10, 5), Shown(100, 5, more=True, last=2**40, cap=5))
    assert page_of(query, 50, 100) == Page(15, 5, after=2**40)
    again = _next(page_of(query, 50, 100), Shown(100, 3, more=True, last=2**41, cap=3), query)
    assert page_of(again, 50, 100) == Page(18, 5, after=2**41)
    del again["offset"]
    assert page_of(again, 50, 100) == Page(18, 5, after=2**41)


def test_who_counts_by_itself_gets_its_own_offset_whatever_cursor_stands_beside_it() -> None:
    query = _next(Page(10, 5), Shown(100, 5, more=True, last=77, cap=5))
    assert page_of(query | {"offset": "20"}, 50, 100) == Page(20, 5)


def _next(page: Page, shown: Shown, query: dict[str, str] | None = None) -> dict[str, str]:
    link = page_headers(page, shown, URL, query or {})["link"]
    return dict(parse_qsl(link.partition(">")[0].partition("?")[2]))
