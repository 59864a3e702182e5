from typing import Any

import pytest

from services.gateway.ocpi.bridging import is_carried
from services.gateway.ocpi.bridging.locations import evse_down, location_down
from services.gateway.ocpi.versions import V2_2_1, V2_3_0
from tests.unit.gateway import samples
from tests.unit.gateway import samples_2_3_0 as newer

LOGO = {"url": "https://sun.example/logo", "category": "MASCOT", "type": "png"}


def evse(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = location_down(document)["evses"][0]
    return found


def test_fields_that_only_2_3_0_has_are_left_out() -> None:
    assert location_down(newer.location()) == samples.location()


@pytest.mark.ocpi_rule(26)
def test_words_that_2_2_1_lacks_are_left_out_or_said_with_the_nearest() -> None:
    found = location_down(
        newer.location(
            facilities=["HOTEL", "OPERA", "WIFI"],
            parking_type="CLOUD",
            images=[LOGO],
            operator={"name": "Sun", "logo": LOGO},
            publish_allowed_to=[{"uid": "1", "type": "EMAID"}],
            energy_mix={"is_green_energy": True, "environ_impact": [{"category": "NOISE", "amount": 1}]},
        )
    )
    assert found["facilities"] == ["HOTEL", "WIFI"]
    assert "parking_type" not in found
    assert found["images"][0]["category"] == found["operator"]["logo"]["category"] == "OTHER"
    assert found["publish_allowed_to"] == [{"uid": "1", "type": "OTHER"}]
    assert found["energy_mix"]["environ_impact"] == []


@pytest.mark.ocpi_rule(26)
def test_words_of_an_evse() -> None:
    given = newer.evse(capabilities=["RFID_READER", "SINGING"], images=[LOGO])
    found = evse_down({**given, "parking_restrictions": ["TENANTS", "EMPLOYEES", "PLUGGED", "POETS", "TAXIS"]})
    assert (found["capabilities"], found["images"][0]["category"]) == (["RFID_READER"], "OTHER")
    assert found["parking_restrictions"] == ["CUSTOMERS", "PLUGGED"]


@pytest.mark.parametrize(
    ("places", "told"),
    [
        ([newer.parking(vehicle_types=["MOTORCYCLE"])], ["PLUGGED", "MOTORCYCLES"]),
        ([newer.parking(vehicle_types=["DISABLED"], restricted_to_type=True)], ["PLUGGED", "DISABLED"]),
        ([newer.parking(vehicle_types=["DISABLED"])], ["PLUGGED"]),
        ([newer.parking(vehicle_types=["MOTORCYCLE", "VAN"])], ["PLUGGED"]),
        ([newer.parking(id="p1", vehicle_types=["MOTORCYCLE"])], ["PLUGGED", "MOTORCYCLES"]),
        ([], ["PLUGGED"]),
    ],
)
def test_parking_places_for_one_kind_of_vehicle_are_a_restriction(places: list[Any], told: list[str]) -> None:
    given = newer.location(evses=[newer.evse(parking_restrictions=["PLUGGED"])], parking_places=places)
    assert evse(given)["parking_restrictions"] == told


def test_one_parking_place_for_everybody_lifts_the_restriction() -> None:
    places = [newer.parking(vehicle_types=["MOTORCYCLE"]), newer.parking(id="P2")]
    given = newer.location(evses=[newer.evse(parking=[{"parking_id": "P1"}, {"parking_id": "P2"}])])
    assert "parking_restrictions" not in evse({**given, "parking_places": places})


def connectors(*standards: str) -> list[dict[str, Any]]:
    return [samples.connector(id=str(number), standard=standard) for number, standard in enumerate(standards)]


def test_a_connector_that_2_2_1_has_no_word_for_is_left_out_and_so_is_an_evse_without_others() -> None:
    evses = [
        newer.evse(uid="both", connectors=connectors("MCS", "IEC_62196_T2_COMBO")),
        newer.evse(uid="megawatt", connectors=connectors("MCS")),
        newer.evse(uid="north", connectors=connectors("SAE_J3400")),
    ]
    found = location_down(newer.location(evses=evses))["evses"]
    assert [(each["uid"], [one["standard"] for one in each["connectors"]]) for each in found] == [
        ("both", ["IEC_62196_T2_COMBO"]),
        ("north", ["TESLA_S"]),
    ]


@pytest.mark.parametrize(
    ("standards", "carried"),
    [(["MCS"], False), (["SAE_J3400"], True), (["MCS", "IEC_62196_T2_COMBO"], True)],
)
def test_an_evse_by_itself_is_carried_where_one_of_its_connectors_is(standards: list[str], carried: bool) -> None:
    by_itself = newer.evse(connectors=connectors(*standards))
    assert is_carried("evses", by_itself, V2_3_0, V2_2_1) is carried
    assert is_carried("evses", by_itself, V2_3_0, V2_3_0)
    assert is_carried("connectors", by_itself["connectors"][0], V2_3_0, V2_2_1) is (standards[0] != "MCS")


@pytest.mark.ocpi_rule(27)
def test_an_evse_that_was_removed_goes_out_as_such() -> None:
    assert evse(newer.location(evses=[newer.evse(status="REMOVED")]))["status"] == "REMOVED"
