"""What operators are told of a list."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.gateway.pulling.inspection import situation

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CALM: dict[str, Any] = {
    "failures": 0,
    "walk": None,
    "last_error": None,
    "doubt": None,
    "due_at": NOW + timedelta(hours=1),
}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "IN LINE"),
        ({"due_at": NOW}, "DUE"),
        ({"doubt": "all gone"}, "IN DOUBT"),
        ({"walk": {"kind": "FULL"}}, "READING ALL"),
        ({"walk": {"kind": "DELTA"}}, "READING CHANGES"),
        ({"walk": {"kind": "FULL"}, "failures": 1, "last_error": "no answer"}, "FAILING"),
        ({"last_error": "the partner has no agreement yet"}, "NOT ASKED FOR"),
    ],
)
def test_a_situation_has_a_name(fields: dict[str, Any], told: str) -> None:
    assert situation(CALM | fields, NOW) == told
