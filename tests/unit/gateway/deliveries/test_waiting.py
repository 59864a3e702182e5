from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.gateway.deliveries.waiting import Reach, soon, why

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
LATER = NOW + timedelta(seconds=30)
WELL = Reach("ACTIVE", registered=True)


def row(**fields: Any) -> dict[str, Any]:
    known = {"partner": "NL-CSP", "state": "WAITING", "lease": None, "due_at": NOW, "tries": 0, "behind": False}
    return {**known, "after_object_id": None, **fields}


@pytest.mark.parametrize(
    ("fields", "reach", "reason"),
    [
        ({}, WELL, "its turn comes"),
        ({"state": "PARKED"}, Reach(), "parked: retry it, or give it up"),
        ({"lease": "x", "due_at": LATER}, WELL, "being sent"),
        ({"lease": "x"}, WELL, "its turn comes"),
        ({}, Reach(), "NL-CSP has not registered"),
        ({}, Reach("SUSPENDED", registered=True), "NL-CSP is suspended"),
        ({}, Reach("ACTIVE", registered=True, retry_at=LATER), "NL-CSP does not answer; next probe in 30 s"),
        ({"behind": True, "after_object_id": "CDR1"}, WELL, "CDR1 goes first"),
        ({"due_at": LATER, "tries": 3}, WELL, "tried 3 times; next try in 30 s"),
    ],
)
def test_the_reason_is_what_is_in_the_way_first(fields: dict[str, Any], reach: Reach, reason: str) -> None:
    assert why(row(**fields), reach, NOW) == reason


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-5, "now"),
        (0, "now"),
        (1, "in 1 s"),
        (119, "in 119 s"),
        (120, "in 2 min"),
        (7199, "in 119 min"),
        (7200, "in 2 h"),
    ],
)
def test_how_far_off_a_time_is(seconds: int, told: str) -> None:
    assert soon(NOW + timedelta(seconds=seconds), NOW) == told
