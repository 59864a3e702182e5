import copy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.objects import Decision, Held, Verdict, decide, difference

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
EARLIER, LATER = NOW - timedelta(hours=1), NOW + timedelta(hours=1)

leaves = st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
contents = st.dictionaries(st.text(max_size=6), values, max_size=5)


def test_unknown_is_new() -> None:
    assert decide(None, {"id": "1"}, NOW, immutable=True) == Verdict(Decision.NEW)


@pytest.mark.parametrize("date", [EARLIER, NOW, LATER])
@pytest.mark.parametrize("immutable", [True, False])
def test_equal_content_is_the_same_however_old(date: datetime, immutable: bool) -> None:
    assert decide(Held({"a": 1}, NOW), {"a": 1}, date, immutable=immutable).decision is Decision.SAME


@pytest.mark.ocpi_rule(23)
@pytest.mark.parametrize("date", [EARLIER, NOW, LATER])
def test_other_content_of_what_never_changes_is_a_conflict_that_names_the_field(date: datetime) -> None:
    held = Held({"total_cost": {"excl_vat": 4, "incl_vat": 5}}, NOW)
    verdict = decide(held, {"total_cost": {"excl_vat": 4, "incl_vat": 6}}, date, immutable=True)
    assert verdict == Verdict(Decision.CONFLICT, "total_cost.incl_vat")


@pytest.mark.parametrize(
    ("date", "decision"), [(EARLIER, Decision.STALE), (NOW, Decision.CHANGED), (LATER, Decision.CHANGED)]
)
def test_other_content_is_a_change_unless_it_is_older(date: datetime, decision: Decision) -> None:
    assert decide(Held({"a": 1}, NOW), {"a": 2}, date, immutable=False) == Verdict(decision, "a")


def test_what_was_taken_back_comes_back_with_equal_content_too() -> None:
    held = Held({"a": 1}, NOW, removed=True)
    assert decide(held, {"a": 1}, NOW, immutable=False).decision is Decision.CHANGED
    assert decide(held, {"a": 1}, EARLIER, immutable=False).decision is Decision.STALE


def test_of_an_erased_contract_nothing_is_left_to_compare() -> None:
    assert decide(Held(None, NOW), {"a": 1}, EARLIER, immutable=True).decision is Decision.SAME
    assert decide(Held(None, NOW), {"a": 1}, EARLIER, immutable=False).decision is Decision.CHANGED


@pytest.mark.ocpi_rule(26)
@pytest.mark.parametrize(
    ("held", "given_"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"a": None}, {}),
        ({}, {"a": None}),
        ({"a": []}, {}),
        ({"a": []}, {"a": None}),
        ({"a": Decimal("1.10")}, {"a": Decimal("1.1")}),
        ({"a": 100}, {"a": Decimal("1E+2")}),
        ({"last_updated": "x"}, {"last_updated": "y"}),
        ({"evses": [{"last_updated": "x", "uid": "1"}]}, {"evses": [{"last_updated": "y", "uid": "1"}]}),
        ({"id": "abc"}, {"id": "ABC"}),
        ({"tariff_ids": ["t1"]}, {"tariff_ids": ["T1"]}),
        ({"start_date_time": "2015-06-29T20:39:09"}, {"start_date_time": "2015-06-29T20:39:09.000Z"}),
    ],
)
def test_what_does_not_count_as_a_difference(held: dict[str, Any], given_: dict[str, Any]) -> None:
    assert difference(held, given_) is None


@pytest.mark.parametrize(
    ("held", "given_", "field"),
    [
        ({"a": 1}, {"a": True}, "a"),
        ({"a": 0}, {"a": False}, "a"),
        ({"a": 1}, {"a": "1"}, "a"),
        ({"a": 1}, {"a": [1]}, "a"),
        ({"a": {}}, {}, "a"),
        ({"name": "abc"}, {"name": "ABC"}, "name"),
        ({"a": [1, 2]}, {"a": [2, 1]}, "a[0]"),
        ({"a": [1]}, {"a": [1, 2]}, "a"),
        ({"a": [{"b": {"c": [0]}}]}, {"a": [{"b": {"c": [1]}}]}, "a[0].b.c[0]"),
        ({"x": 1}, {"x": 1, "new": 2}, "new"),
        ({"x": 1, "old": 2}, {"x": 1}, "old"),
        ({"start_date_time": "2015-06-29T20:39:09Z"}, {"start_date_time": "2015-06-29T20:39:10Z"}, "start_date_time"),
        ({"a": Decimal("12345678901234567890.12")}, {"a": Decimal("12345678901234567890.13")}, "a"),
    ],
)
def test_what_counts_and_which_field_is_named(held: dict[str, Any], given_: dict[str, Any], field: str) -> None:
    assert difference(held, given_) == field


@given(contents)
def test_nothing_differs_from_itself(content: dict[str, Any]) -> None:
    assert difference(content, copy.deepcopy(content)) is None


@given(contents, contents)
def test_a_difference_is_one_both_ways(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (difference(one, other) is None) is (difference(other, one) is None)


@given(contents, st.text(max_size=6), values)
def test_a_changed_field_is_found(content: dict[str, Any], name: str, value: Any) -> None:
    changed = {**content, name: [value, "changed"]}
    if content.get(name) != changed[name] and name != "last_updated":
        assert (difference(content, changed) or "").startswith(name)
