from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.gateway.evses.overlay import EvseState
from services.gateway.evses.updates import decide, is_status, object_id, parts_of
from services.gateway.objects import Decision

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
HELD = EvseState("e1", "E1", None, "AVAILABLE", NOW)


@pytest.mark.parametrize(
    ("part", "document", "expected"),
    [
        (("E1",), {"status": "CHARGING", "last_updated": "x"}, True),
        (("E1",), {"status": "REMOVED", "last_updated": "x"}, False),
        (("E1",), {"status": "NEW_ONE", "last_updated": "x"}, False),
        (("E1",), {"status": None, "last_updated": "x"}, False),
        (("E1",), {"status": "CHARGING", "last_updated": "x", "evse_id": "y"}, False),
        (("E1", "1"), {"status": "CHARGING", "last_updated": "x"}, False),
        ((), {"status": "CHARGING", "last_updated": "x"}, False),
        (("E1",), {"last_updated": "x"}, False),
    ],
)
def test_a_status_by_itself(part: tuple[str, ...], document: dict[str, Any], expected: bool) -> None:
    assert is_status(part, document) is expected


@pytest.mark.parametrize(
    ("status", "hours", "decision"),
    [
        ("AVAILABLE", 1, Decision.SAME),
        ("AVAILABLE", -1, Decision.SAME),
        ("CHARGING", 1, Decision.CHANGED),
        ("CHARGING", 0, Decision.CHANGED),
        ("CHARGING", -1, Decision.STALE),
    ],
)
def test_another_status_must_not_be_older(status: str, hours: int, decision: Decision) -> None:
    assert decide(HELD, status, NOW + timedelta(hours=hours)).decision is decision


@pytest.mark.parametrize("ids", [("LOC1", "E1"), ("a/b", "c/d"), ("a%2Fb", ""), ("ü", "/")])
def test_the_id_in_the_queue_says_location_and_evse(ids: tuple[str, str]) -> None:
    assert parts_of(object_id(*ids)) == ids
    assert object_id(*ids).count("/") == 1
