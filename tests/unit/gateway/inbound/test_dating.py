from datetime import UTC, datetime
from typing import Any

from services.gateway.inbound.dating import dated

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_an_object_without_a_date_gets_the_time_of_its_arrival() -> None:
    assert dated({"id": "T1"}, NOW) == {"id": "T1", "last_updated": "2026-03-01T12:00:00Z"}
    assert dated({"id": "T1", "last_updated": None}, NOW)["last_updated"] == "2026-03-01T12:00:00Z"


def test_a_date_that_is_there_stays() -> None:
    document = {"id": "T1", "last_updated": "2026-01-01T00:00:00Z"}
    assert dated(document, NOW) == document


def test_the_parts_of_a_location_are_dated_like_it() -> None:
    old = "2026-01-01T00:00:00Z"
    connectors: list[Any] = [{"id": "1"}, {"id": "2", "last_updated": "2025-01-01T00:00:00Z"}, "rubbish"]
    found = dated({"id": "L1", "last_updated": old, "evses": [{"uid": "E1", "connectors": connectors}]}, NOW)
    (evse,) = found["evses"]
    assert evse["last_updated"] == old
    assert [each["last_updated"] for each in evse["connectors"][:2]] == [old, "2025-01-01T00:00:00Z"]
    assert evse["connectors"][2] == "rubbish"
    # What was given is not changed in place.
    assert connectors[0] == {"id": "1"}
