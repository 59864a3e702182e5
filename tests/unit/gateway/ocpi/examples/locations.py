"""Examples of locations, of their parts and of classes inside them."""

from typing import Any

from tests.unit.gateway.ocpi.examples.parts import DATE, OWNER, Document, Example, change, without


def locations(newer: bool) -> dict[str, Example]:
    hidden = without(place(publish=False), "parking_type")
    customers = [_evse(parking_restrictions=["CUSTOMERS"])]
    shown_to = [{"visual_number": "77-001", "issuer": "Via"}, {"uid": "AB12", "type": "RFID"}]
    home = place(publish=False, publish_allowed_to=shown_to[:1], parking_type="ON_DRIVEWAY")
    garage = place(opening_times=_hours(regular=range(1, 8)), charging_when_closed=False)
    public = place(evses=[_public_evse("a", newer), _public_evse("b", newer)], operator={"name": "Luminosa"})
    if newer:
        garage = {**garage, **_parked(["left"])}
        garage["evses"] = [_evse(parking=[{"parking_id": "left", "evse_position": "CENTER"}])]
        public = {**public, **_parked(["a", "b"])}
    closed, opened = _hours(regular=(6, 7), closed=1), _hours(regular=(6, 7), opened=1)
    added = {**_evse(capabilities=["RFID_READER"]), "floor": 2, "physical_reference": 7}
    added["connectors"] = [
        {"id": "left", "standard": "IEC_62196_T2", "format": "CABLE", "tariff_ids": ["T9"]},
    ]
    return {
        "location_example": Example("locations", public),
        "location_example_uc2_destination_charger": Example("locations", place(evses=customers)),
        "location_example_uc3_destination_charger_not_published": Example("locations", {**hidden, "evses": customers}),
        "location_example_uc4_limited_visibility": Example(
            "locations", place(publish=False, publish_allowed_to=shown_to)
        ),
        "location_example_uc5_home_charge_point": Example("locations", without(home, "name")),
        "location_example_parking_garage_opening_hours": Example("locations", garage),
        "location_energymix_example_simple": _mix(),
        "location_energymix_example_energy_provider": _mix(supplier_name="Vento Srl", energy_product_name="Brezza"),
        "location_energymix_example_complete": _mix(
            energy_sources=[{"source": "WIND", "percentage": 61.4}, {"source": "GAS", "percentage": 38.6}],
            environ_impact=[{"category": "CARBON_DIOXIDE", "amount": 141}],
            supplier_name="Vento Srl",
            energy_product_name="Misto",
        ),
        "location_hours_247_open_exception_closing": Example("hours", _hours(closed=1)),
        "location_hours_opening_hours_with_exceptional_closing": Example("hours", closed),
        "location_hours_opening_hours_with_exceptional_opening": Example("hours", opened),
        "location_regularhours_example": Example(
            "location fields", {"opening_times": _hours(regular=range(1, 4), opened=1, closed=1)}
        ),
        "location_patch_example_location": Example("location change", change(name="New Harbour")),
        "location_patch_example_status": Example("evse change", change(status="BLOCKED")),
        "location_patch_example_remove_evse": Example("evse change", change(status="REMOVED")),
        "location_patch_example_tariff": Example("connector change", change(tariff_ids=["T3"])),
        "location_put_example_add_evse": Example("evse", added, "connectors[0].power_type: missing"),
    }


def _connector(**fields: Any) -> Document:
    return {
        "id": "left",
        "standard": "IEC_62196_T2",
        "format": "CABLE",
        "power_type": "AC_3_PHASE",
        "max_voltage": 230,
        "max_amperage": 20,
        "last_updated": DATE,
        **fields,
    }


def _evse(**fields: Any) -> Document:
    return {
        "uid": "post-7",
        "evse_id": "IT*LUM*E0000007",
        "status": "AVAILABLE",
        "connectors": [_connector()],
        "last_updated": DATE,
        **fields,
    }


def place(**fields: Any) -> Document:
    return {
        **OWNER,
        "id": "harbour",
        "publish": True,
        "name": "Old Harbour",
        "address": "Molo Vecchio 12",
        "city": "Genova",
        "postal_code": "16126",
        "country": "ITA",
        "coordinates": {"latitude": "44.408100", "longitude": "8.928000"},
        "parking_type": "PARKING_LOT",
        "evses": [_evse()],
        "time_zone": "Europe/Rome",
        "last_updated": DATE,
        **fields,
    }


def _public_evse(name: str, newer: bool) -> Document:
    found = _evse(
        uid=name,
        capabilities=["RFID_READER"],
        connectors=[_connector(tariff_ids=["T1"]), _connector(id="right", format="SOCKET", tariff_ids=["T2"])],
        physical_reference=name.upper(),
        floor_level="+1",
    )
    return {**found, "parking": [{"parking_id": name, "evse_position": "RIGHT"}]} if newer else found


def _parked(names: list[str]) -> Document:
    return {
        "parking_places": [
            {
                "id": name,
                "physical_reference": f"bay {name}",
                "vehicle_types": ["VAN", "BUS"],
                "reservation_required": True,
                "restricted_to_type": False,
            }
            for name in names
        ]
    }


def _mix(**fields: Any) -> Example:
    return Example("location fields", {"energy_mix": {"is_green_energy": False, **fields}})


def _hours(*, regular: Any = (), opened: int = 0, closed: int = 0) -> Document:
    exception = {"period_begin": "2026-08-15T06:00:00Z", "period_end": "2026-08-15T09:00:00Z"}
    hours = [{"weekday": day, "period_begin": "06:30", "period_end": "21:45"} for day in regular]
    return {
        "twentyfourseven": not hours,
        **({"regular_hours": hours} if hours else {}),
        **({"exceptional_openings": [exception]} if opened else {}),
        **({"exceptional_closings": [exception]} if closed else {}),
    }
