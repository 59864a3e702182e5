from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.models.gateway import LocationPublished
from services.core.clock import parse_utc
from services.gateway.ocpi.common.locations import location_event, merge
from services.gateway.ocpi.envelope import Missing, OcpiError
from services.gateway.ocpi.types import check
from services.gateway.ocpi.v2_2_1 import wire
from services.gateway.ocpi.v2_2_1.mappings import DIALECT
from services.gateway.ocpi.versions import V2_2_1
from services.gateway.states import Push, State
from tests.unit.gateway import samples

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)


def push(document: dict[str, Any], *part: str, patch: bool = True) -> Push:
    date = parse_utc(document["last_updated"])
    return Push("FR-SUN", "LOC1", document, b"", date, "c", V2_2_1, part=part, patch=patch)


def held(**fields: Any) -> dict[str, Any]:
    return samples.parsed(samples.location(**fields))


def test_a_change_of_the_location_replaces_its_fields_by_name() -> None:
    result = merge(DIALECT, push({"name": "Port", "last_updated": samples.LATER}), held())
    assert (result.document["name"], result.document["city"]) == ("Port", "Lyon")
    assert result.held_date == NOW


@pytest.mark.ocpi_rule(12)
def test_a_change_of_an_evse_moves_the_dates_of_evse_and_location() -> None:
    change = push({"status": "CHARGING", "last_updated": samples.LATER}, "e1")
    document = merge(DIALECT, change, held()).document
    assert (document["evses"][0]["status"], document["evses"][0]["uid"]) == ("CHARGING", "E1")
    assert (document["evses"][0]["last_updated"], document["last_updated"]) == (samples.LATER, samples.LATER)


@pytest.mark.ocpi_rule(12)
def test_a_change_of_a_connector_moves_all_its_parents() -> None:
    change = push({"tariff_ids": ["T9"], "last_updated": samples.LATER}, "E1", "1")
    document = merge(DIALECT, change, held()).document
    assert document["evses"][0]["connectors"][0]["tariff_ids"] == ["T9"]
    assert document["evses"][0]["last_updated"] == document["last_updated"] == samples.LATER


@pytest.mark.ocpi_rule(12)
def test_dates_of_parents_never_go_back() -> None:
    change = push({"status": "CHARGING", "last_updated": samples.NOW}, "E1")
    document = merge(DIALECT, change, held(last_updated=samples.LATER)).document
    assert document["last_updated"] == samples.LATER


def test_a_part_is_compared_with_its_own_date() -> None:
    location = held(last_updated=samples.LATER)
    assert merge(DIALECT, push({"last_updated": samples.LATER}, "E1"), location).held_date == NOW
    assert merge(DIALECT, push(samples.evse(uid="E2"), "E2", patch=False), location).held_date is None


@pytest.mark.ocpi_rule(27)
def test_a_new_evse_is_added_and_a_known_one_replaced() -> None:
    added = merge(DIALECT, push(samples.parsed(samples.evse(uid="E2")), "E2", patch=False), held()).document
    assert [each["uid"] for each in added["evses"]] == ["E1", "E2"]
    replaced = merge(DIALECT, push(samples.parsed(samples.evse(status="REMOVED")), "E1", patch=False), added).document
    assert [each["status"] for each in replaced["evses"]] == ["REMOVED", "AVAILABLE"]


def test_what_is_held_is_not_touched() -> None:
    location = held()
    merge(DIALECT, push({"status": "CHARGING", "last_updated": samples.LATER}, "E1"), location)
    assert location == held()


@pytest.mark.parametrize(
    "change",
    [
        push({"status": "X", "last_updated": samples.LATER}, "E9"),
        push({"format": "CABLE", "last_updated": samples.LATER}, "E1", "9"),
        push(samples.connector(), "E9", "1", patch=False),
    ],
)
def test_a_part_of_what_is_not_known(change: Push) -> None:
    with pytest.raises(Missing):
        merge(DIALECT, change, held())
    with pytest.raises(Missing, match="the location is not known"):
        merge(DIALECT, change, None)


def test_a_part_whose_id_is_another_than_in_the_url() -> None:
    for change in (
        push(samples.evse(uid="E2"), "E1", patch=False),
        push({"uid": "E2", "last_updated": samples.NOW}, "E1"),
    ):
        with pytest.raises(OcpiError, match=r"^uid: "):
            merge(DIALECT, change, held())


def test_a_change_that_leads_to_no_valid_location_is_refused() -> None:
    with pytest.raises(OcpiError, match=r"evses\[0\]\.status"):
        merge(DIALECT, push({"status": None, "last_updated": samples.LATER}, "E1"), held())


def test_the_event_holds_the_whole_location() -> None:
    found = check(wire.LOCATION, held(operator={"name": "Sun"}, country="fra"))
    state = State("FR-SUN", "LOC1", "NL-CSP", "", 3, False, NOW, found, "", b"", "c", "OCPI-2.2.1")
    event = location_event(state)
    assert (event.topic, event.key, event.correlation_id) == ("location.published", "FR-SUN|LOC1|NL-CSP", "c")
    value = event.value
    assert isinstance(value, LocationPublished)
    assert (value.version, value.audience, value.operator_name, value.country) == (3, "NL-CSP", "Sun", "FRA")
    assert (value.latitude, value.time_zone) == ("45.748000", "Europe/Paris")
    connector = value.evses[0].connectors[0]
    assert (connector.power_type, connector.max_amperage, connector.tariff_ids) == ("AC_3_PHASE", 32, ["T1"])
    other = location_event(State("FR-SUN", "LOC1", "", "", 3, False, NOW, found, "", b"", "c", "OCPI-2.2.1"))
    assert other.id != event.id
