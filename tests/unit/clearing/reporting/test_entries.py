import json
from decimal import Decimal
from typing import Any

import pytest

from services.clearing.audit.claims import Claim
from services.clearing.audit.documents import read
from services.clearing.reporting.entries import Entry, quick_entry
from tests.unit.clearing.reporting.samples import cdr


def parsed(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(document), parse_float=Decimal, parse_int=Decimal)
    return found


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
        {"total_cost": {"before_taxes": 4.123456789}},
        {"total_cost": {"before_taxes": 4, "taxes": [{"name": "VAT", "amount": 0.8}, {"name": "X", "amount": 0.1}]}},
        {"total_energy": -7.5},
        {"cdr_location": {"id": "L1", "evse_uid": "#NA", "connector_id": "#NA"}},
    ],
)
def test_the_quick_way_says_what_the_whole_reading_says(changes: dict[str, Any]) -> None:
    document = parsed(cdr(**changes))
    claim = read(document)
    assert isinstance(claim, Claim)
    assert quick_entry(document) == Entry.of(claim)


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
    assert quick_entry(parsed(cdr(**changes))) is None
