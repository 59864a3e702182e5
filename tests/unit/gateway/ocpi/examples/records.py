"""Examples of sessions and CDRs."""

from typing import Any

from tests.unit.gateway.ocpi.examples.locations import place
from tests.unit.gateway.ocpi.examples.parts import DATE, ISSUER, OWNER, Document, Example, change, without
from tests.unit.gateway.ocpi.examples.tariffs import priced, tariff


def _price(newer: bool, without: Any, tax: Any = None, included: Any = None) -> Document:
    if not newer:
        return {"excl_vat": without} if tax is None else {"excl_vat": without, "incl_vat": included}
    return {"before_taxes": without} | ({} if tax is None else {"taxes": [{"name": "IVA", "amount": tax}]})


def _copied_token() -> Document:
    return {**ISSUER, "uid": "77AA01", "type": "RFID", "contract_id": "PT-VIA-C00000077-X"}


def records(newer: bool) -> dict[str, Example]:
    session = {
        **OWNER,
        "id": "S-40",
        "start_date_time": DATE,
        "kwh": 0.0,
        "cdr_token": _copied_token(),
        "auth_method": "AUTH_REQUEST",
        "location_id": "harbour",
        "evse_uid": "post-7",
        "connector_id": "left",
        "currency": "EUR",
        "total_cost": _price(newer, 1.2),
        "status": "ACTIVE",
        "last_updated": DATE,
    }
    dimensions = [{"type": "ENERGY", "volume": 12.5}, {"type": "MAX_POWER", "volume": 11}]
    period: Document = {"start_date_time": DATE, "dimensions": dimensions}
    cost = _price(newer, 3.6, 0.792, 4.392)
    finished = {
        "end_date_time": "2026-04-02T09:00:00Z",
        "kwh": 12.5,
        "charging_periods": [period, {**period, "tariff_id": "T1"}],
        "total_cost": cost,
        "status": "COMPLETED",
    }
    charged = change(kwh=4.75, charging_periods=[period], total_cost=cost)
    return {
        "session_example_1_simple_start": Example("sessions", session),
        "session_example_2_short_finished": Example("sessions", {**session, **finished}),
        "session_patch_example_total_cost": Example("session change", change(total_cost=cost)),
        "session_patch_example_charging_period": Example("session change", charged),
        "cdr_example": Example("cdrs", _cdr(newer, {**period, "tariff_id": "T1"}, cost)),
    }


def _cdr(newer: bool, period: Document, cost: Document) -> Document:
    where = without(place(), "country_code", "party_id", "publish", "parking_type", "evses", "time_zone")
    names = {"evse_uid": "post-7", "evse_id": "IT*LUM*E0000007", "connector_id": "left"}
    plug = {"connector_standard": "IEC_62196_T2", "connector_format": "CABLE", "connector_power_type": "AC_3_PHASE"}
    # As in the text, this tariff does not say whether its prices are with taxes, in neither version.
    copied = without(tariff(newer, [[priced("ENERGY", 0.288, 22)]]).document, "tax_included")
    return {
        **OWNER,
        "id": "C-40",
        "start_date_time": DATE,
        "end_date_time": "2026-04-02T09:00:00Z",
        "cdr_token": _copied_token(),
        "auth_method": "AUTH_REQUEST",
        "cdr_location": {**without(where, "last_updated"), **names, **plug},
        "currency": "EUR",
        "tariffs": [copied],
        "charging_periods": [period],
        "total_cost": cost,
        "total_energy": 12.5,
        "total_time": 1.5,
        "total_time_cost": cost,
        "last_updated": DATE,
    }
