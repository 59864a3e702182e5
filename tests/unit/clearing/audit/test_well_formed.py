"""The quick reading of a CDR says what the whole reading says, or leaves it to that."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.clearing.audit.claims import Claim
from services.clearing.audit.documents import parse, read
from services.clearing.audit.well_formed import claim_or_document
from tests.unit.clearing.audit.documents import PLACE, TOKEN, document, period, tariff

VALUES: Final[tuple[Any, ...]] = (
    *(None, "", 0, -1, 1.5, "1.5", "abc", "é" * 36, "x" * 46, "x" * 256, [], {}, [1], {"a": 1}, True, False),
    *(
        1e30,
        1e-12,
        0.123456789012,
        10**25,
        -0.0,
        "2026-03-01T08:00:00",
        "2026-03-01T10:00:00+02:00",
        "#NA",
        "AUTH_REQUEST",
    ),
    *(
        "ENERGY",
        "MAX_POWER",
        "CURRENT",
        'a"b',
        "a\\b",
        "\u2028",
        {"excl_vat": 1, "incl_vat": None},
        {"before_taxes": 2},
    ),
    *({"before_taxes": 5, "taxes": [{"name": "VAT", "amount": 0.5}]}, [period(), period()], [tariff(id="T2")]),
)
FIELDS: Final = (
    *("credit", "credit_reference_id", "authorization_reference", "total_parking_time", "total_fixed_cost"),
    *("total_time_cost", "total_parking_cost", "total_reservation_cost", "signed_data", "meter_id", "remark", "more"),
)


def written(value: object, **how: Any) -> bytes:
    return json.dumps(value, **how).encode()


def agrees(content: bytes) -> bool:
    """Say whether a CDR was read quickly; what was read must be the same either way."""
    found, whole = claim_or_document(content), parse(content)
    quickly = isinstance(found, Claim)
    assert (repr(found) == repr(read(whole))) if quickly else (repr(found) == repr(whole))
    return quickly


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"tariffs": [], "charging_periods": []},
        {"country_code": "be", "currency": "eur", "id": "MiXeD-é", "cdr_token": TOKEN | {"uid": "ß" * 36}},
        {"start_date_time": "2026-03-01T09:00:00.5+01:00"},
        {"total_cost": {"before_taxes": 5, "taxes": [{"name": "VAT", "percentage": 10.5, "amount": 0.525}]}},
        {"total_cost": {"before_taxes": 5, "taxes": []}, "total_fixed_cost": {"excl_vat": 0}},
        {"total_energy": -7.5, "credit": True, "credit_reference_id": "C0"},
        {"remark": 'Braces {" and \\ "quotes"', "meter_id": "M1", "cdr_location": PLACE | {"state": None}},
    ],
)
def test_a_cdr_without_faults_is_read_quickly(changes: dict[str, Any]) -> None:
    assert agrees(written(document(**changes)))
    assert agrees(written(document(**changes), indent=2, ensure_ascii=False))
    assert agrees(written(document(**changes) | {"session_id": None, "total_parking_time": None, "tariffs": None}))


@pytest.mark.parametrize(
    "changes",
    [
        {"more": 1},
        {"cdr_location": PLACE | {"more": 1}},
        {"id": "x" * 37},
        {"session_id": ""},
        {"auth_method": "MAGIC"},
        {"total_energy": "20"},
        {"total_energy": True},
        {"total_energy": 20.123456789},
        {"total_time": 1e30},
        {"start_date_time": "yesterday"},
        {"charging_periods": [period(dimensions=[])]},
        {"tariffs": [1]},
        {"tariffs": [tariff(elements=1)]},
        {"total_energy_cost": {"incl_vat": 1}},
        {"signed_data": {"encoding_method": "OCMF"}},
    ],
)
def test_any_other_is_left_to_the_whole_reading(changes: dict[str, Any]) -> None:
    assert not agrees(written(document(**changes)))


@pytest.mark.parametrize(
    ("text", "twice"),
    [
        ('"id": "C1"', '"id": "C1", "id": "C1"'),
        ('"uid": "04ABCDEF"', '"uid": 1, "uid": "04ABCDEF"'),
        ('"volume": 20', '"volume": 20, "volume": 20'),
        ('"price": 0.25', '"price": 0.25, "price": 0.5'),
        ('"total_time": 2', r'"total_time": 2, "total_\u0074ime": 2, "remark": "\u0022\u0022"'),
        ('"total_time": 2', '"total_time": 2, "remark": {"a": 1, "a": 2}'),
        ('"total_time": 2', '"total_time": 2, "more": {"a": 1, "a": 2}'),
    ],
)
def test_no_field_is_read_twice(text: str, twice: str) -> None:
    content = written(document()).decode()
    assert text in content
    with pytest.raises(ValueError, match=r"[dD]uplicate"):
        claim_or_document(content.replace(text, twice, 1).encode())


@pytest.mark.parametrize("levels", [201, 900, 100_000])
@pytest.mark.parametrize("field", ["remark", "more", "total_time", "tariffs"])
def test_what_is_too_deep_is_left_to_the_whole_reading(field: str, levels: int) -> None:
    deep = b"[" * levels + b"]" * levels
    content = written(document(**{field: "here"})).replace(b'"here"', deep)
    with pytest.raises(ValueError, match="recursion"):
        claim_or_document(content)


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 2**32))
def test_whatever_a_cdr_has_in_it_both_readings_agree(seed: int) -> None:
    chosen = random.Random(seed)
    changed = json.loads(
        written(document(**{name: chosen.choice(VALUES) for name in chosen.sample(FIELDS, chosen.randrange(2))}))
    )
    for _ in range(chosen.randrange(2)):
        _change(changed, chosen)
    agrees(written(changed, ensure_ascii=chosen.random() < 0.5))


def _change(changed: dict[str, Any], chosen: random.Random) -> None:
    """Put another value somewhere, or take one away."""
    holder, name = chosen.choice(list(_places(changed)))
    if chosen.random() < 0.2:
        del holder[name]
    else:
        holder[name] = copy.deepcopy(chosen.choice(VALUES))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    names = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for name in list(names):
        yield value, name
        yield from _places(value[name])
