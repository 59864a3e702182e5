from tests.partners.objects import page, patched, with_part

PLACE = {"id": "L", "evses": [{"uid": "A", "status": "AVAILABLE", "connectors": [{"id": "1", "max_voltage": 230}]}]}


def test_a_patch_replaces_by_name_and_appends_the_periods_of_a_session() -> None:
    held = {"kwh": 1, "status": "ACTIVE", "charging_periods": [1]}
    change = {"kwh": 2, "charging_periods": [2]}
    assert patched("sessions", held, change) == {"kwh": 2, "status": "ACTIVE", "charging_periods": [1, 2]}
    assert patched("tokens", held, change)["charging_periods"] == [2]


def test_an_evse_and_a_connector_are_put_into_their_location() -> None:
    changed = with_part(PLACE, ["A"], {"status": "CHARGING", "last_updated": "t"}, merge=True)
    assert changed["evses"][0] == PLACE["evses"][0] | {"status": "CHARGING", "last_updated": "t"}  # type: ignore[operator]
    assert changed["last_updated"] == "t"
    changed = with_part(PLACE, ["A", "2"], {"id": "2"}, merge=False)
    assert [each["id"] for each in changed["evses"][0]["connectors"]] == ["1", "2"]
    assert [each["uid"] for each in with_part(PLACE, ["B"], {"uid": "B"}, merge=False)["evses"]] == ["A", "B"]


def test_pages_are_filtered_then_cut() -> None:
    objects = [{"last_updated": f"2026-01-0{day}T00:00:00Z"} for day in range(1, 6)]
    shown, total, limit, offset = page(objects, {"date_from": "2026-01-02", "offset": "1", "limit": "2"}, 100)
    assert [each["last_updated"][9] for each in shown] == ["3", "4"]
    assert (total, limit, offset) == (4, 2, 1)
    assert page(objects, {"date_to": "2026-01-02T00:00:00Z", "limit": "900"}, 3)[1:] == (1, 3, 0)
