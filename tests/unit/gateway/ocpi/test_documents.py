import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.ocpi import documents
from services.gateway.ocpi.envelope import NotJson, OcpiError

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
numbers = st.integers() | st.decimals(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)
objects = st.dictionaries(texts, values, max_size=5)


@given(objects)
def test_what_is_written_is_read_again_with_every_digit(value: dict[str, Any]) -> None:
    written = documents.render(value)
    again = documents.parse(written, 50)
    assert again == value
    assert documents.render(again) == written


@given(objects)
def test_what_is_written_is_json_to_others_too(value: dict[str, Any]) -> None:
    assert json.loads(documents.render(value), parse_float=Decimal, parse_int=Decimal).keys() == value.keys()


def test_numbers_keep_their_digits() -> None:
    body = b'{"a":12345678901234567890.12,"b":1.10,"c":1E2}'
    found = documents.parse(body, 5)
    assert [str(found[name]) for name in "abc"] == ["12345678901234567890.12", "1.10", "1E+2"]
    assert documents.render(found) == b'{"a":12345678901234567890.12,"b":1.10,"c":1E+2}'


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"{}x", b'{"a":NaN}', b'{"a":Infinity}', b"\xff", b'{"a":"\xed\xa0\x80"}', b'{"a":"\\ud800"}'),
        *(b"{'a':1}", b'{"a":01}', b'{"a":"\n"}', b'{"a":"x\x00"}', b"\xef\xbb\xbf{}"),
    ],
)
def test_what_is_no_json(body: bytes) -> None:
    with pytest.raises(NotJson) as caught:
        documents.parse(body, 5)
    assert caught.value.http_status == 400


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"[]", "must be a JSON object"),
        (b'"x"', "must be a JSON object"),
        (b'{"a":1,"a":1}', "stands twice"),
        (b'{"a":{"b":1,"b":2}}', "stands twice"),
        (b'{"a":1e99999999999999999999}', "exponent"),
        (b'{"a":' + b"9" * 5_000 + b"}", "too many digits"),
        (b'{"a":"\\u0000"}', "a: a NUL"),
        (b'{"a":[{"b":"x\\u0000"}]}', "a[0].b: a NUL"),
        (b'{"a\\u0000":1}', "a field name below the body: a NUL"),
        (b'{"a":' + b"[" * 300 + b"]" * 300 + b"}", "too many levels"),
    ],
)
def test_json_that_is_not_taken_is_2001_and_says_why(body: bytes, named: str) -> None:
    with pytest.raises(OcpiError) as caught:
        documents.parse(body, 5)
    assert (caught.value.http_status, caught.value.status) == (200, 2001)
    assert named in str(caught.value)


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert documents.parse(b'{"a":"\\\\u0000"}', 5) == {"a": "\\u0000"}


def test_errors_never_show_a_value() -> None:
    with pytest.raises(OcpiError) as caught:
        documents.parse(b'{"uid":"04A1B2C3","uid":"04A1B2C3"}', 5)
    assert "04A1B2C3" not in str(caught.value)


@given(st.integers(1, 20), st.integers(1, 20), st.sampled_from([b"", b'"[[[[", ', b'"}{", ', b'"[]{}", ', b'"]", ']))
def test_depth_is_counted_in_levels_and_brackets_in_strings_do_not_count(depth: int, bound: int, text: bytes) -> None:
    body = b'{"a":' + b"[" * (depth - 1) + text + b"1" + b"]" * (depth - 1) + b"}"
    if depth == 1:
        body = b'{"a":1}'
    assert documents.is_deeper(body, json.loads(body), bound) is (depth > bound)
