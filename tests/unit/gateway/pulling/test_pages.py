"""Pages of partners' lists, cut up without trust."""

import json

import pytest

from services.gateway.deliveries.requests import Fetched
from services.gateway.deliveries.verdict import Failing, Result, Verdict, judge
from services.gateway.pulling.pages import Page, read_page, split


def envelope(data: bytes) -> bytes:
    return b'{"data":' + data + b',"status_code":1000,"timestamp":"2026-03-01T00:00:00Z"}'


def test_objects_stay_the_bytes_that_their_owner_sent() -> None:
    body = envelope(b'[ {"a" : 1.50, "a":"\\u00e9"} ,{"b":[1,{"c":"]},"}]}\n]')
    assert split(body) == (1000, (b'{"a" : 1.50, "a":"\\u00e9"}', b'{"b":[1,{"c":"]},"}]}'))


def test_an_object_that_is_no_utf_8_does_not_spoil_its_neighbours() -> None:
    objects = split(envelope(b'[{"a":"\xff"},{"b":1}]'))[1]
    assert objects == (b'{"a":"\xff"}', b'{"b":1}')


def test_numbers_without_end_cost_nothing() -> None:
    digits = b"9" * 100_000
    assert split(envelope(b"[" + digits + b"]")) == (1000, (digits,))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{",
        b'{"data":[{}',
        b'{"data":[{"a":',
        b'{"data":[{}] "status_code":1000}',
        b'{"data":[]}{}',
        b"{1:2}",
        b'{"data":' + b"[" * 100_000,
    ],
)
def test_what_breaks_off_is_no_page(body: bytes) -> None:
    assert split(body) == (None, None)


@pytest.mark.parametrize("data", [b"null", b"{}", b'"text"', b"7"])
def test_data_that_is_no_list_is_no_page(data: bytes) -> None:
    assert split(envelope(data)) == (1000, None)


def test_a_page_says_how_many_there_are_and_where_the_next_one_is() -> None:
    headers = {"x-total-count": "250", "x-limit": "100"}
    result, page = read_page(Fetched(None, 200, envelope(b"[{}]"), headers, "https://a/b?offset=1"))
    assert judge(result) is Verdict.DELIVERED
    assert page == Page((b"{}",), "https://a/b?offset=1", 250, 100)


@pytest.mark.parametrize("count", ["", "-1", "1e3", "9" * 17, "٣", "many"])
def test_counts_that_are_none_are_left_out(count: str) -> None:
    _, page = read_page(Fetched(None, 200, envelope(b"[]"), {"x-total-count": count, "x-limit": count}))
    assert page == Page((), None, None, None)


def test_no_answer_is_no_page() -> None:
    failed = Result(failing=Failing.TIMEOUT, message="no answer")
    assert read_page(Fetched(failed)) == (failed, None)


def test_the_status_of_a_refusal_is_read() -> None:
    body = json.dumps({"status_code": 2001, "status_message": "no"}).encode()
    result, page = read_page(Fetched(None, 200, body))
    assert (result.ocpi_status, page) == (2001, None)
    assert judge(result) is Verdict.REFUSED
