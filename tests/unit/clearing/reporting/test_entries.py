import json
from typing import Any

import pytest

from services.clearing.audit.claims import Claim
from services.clearing.audit.documents import parse, read
from services.clearing.reporting.entries import Entry, entry_or_document
from tests.unit.clearing.reporting.samples import cdr


def written(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"session_id": None},
        {"id": "MiXeD-é", "session_id": "ß"},
        {"country_code": "nl", "party_id": "cso", "currency": "eur"},
        {"end_date_time": "2025-03-01T10:00:00Z"},
        {"start_date_time": "2025-03-01T12:00:00.5+01:00"},
        {"total_cost": {"excl_vat": 4}},
        {"total_cost": {"before_taxes": 4.12345678}},
        {"total_cost": {"before_taxes": 4, "taxes": [{"name": "VAT", "amount": 0.8}, {"name": "X", "amount": 0.1}]}},
        {"total_energy": -7.5},
        {"cdr_location": {"id": "L1", "evse_uid": "#NA", "connector_id": "#NA"}},
    ],
)
def test_the_quick_way_says_what_the_whole_reading_says(changes: dict[str, Any]) -> None:
    content = written(cdr(**changes))
    claim = read(parse(content))
    assert isinstance(claim, Claim)
    assert entry_or_document(content) == Entry.of(claim)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": 7},
        {"id": ""},
        {"session_id": ["S1"]},
        {"start_date_time": "yesterday"},
        {"total_energy": "10"},
        {"total_energy": True},
        {"total_energy": 10**30},
        {"total_energy": 4.3999999999999995},
        {"total_cost": 4},
        {"total_cost": {"incl_vat": 4}},
        {"total_cost": {"before_taxes": 4, "taxes": {"amount": 1}}},
        {"cdr_token": None},
        {"cdr_location": "L1"},
        {"party_id": None},
        {"credit": True},
        {"credit": "yes", "credit_reference_id": "C0"},
    ],
)
def test_what_is_odd_is_left_to_the_whole_reading(changes: dict[str, Any]) -> None:
    content = written(cdr(**changes))
    assert entry_or_document(content) == parse(content)


def test_what_is_too_deep_is_refused() -> None:
    content = written(cdr(more="here")).replace(b'"here"', b"[" * 100_000)
    with pytest.raises(ValueError, match="recursion"):
        entry_or_document(content)


@pytest.mark.parametrize("content", [b"", b"{", b'{"id": "C1"', b'{"id": "\xff"}', b"{}{}", b'{"a": 1, "a": 2}'])
def test_what_is_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - jiter has no error of its own
        entry_or_document(content)


def test_no_cut_of_a_cdr_is_taken_for_one() -> None:
    content = written(cdr())
    for end in range(1, len(content)):
        with pytest.raises(ValueError):  # noqa: PT011 - jiter has no error of its own
            entry_or_document(content[:end])
