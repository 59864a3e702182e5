"""CDRs as partners send them, which tests vary."""

from typing import Any

PLACE = {
    "id": "L1",
    "name": "Gent Zuid",
    "address": "F.Rooseveltlaan 3A",
    "city": "Gent",
    "postal_code": "9000",
    "country": "BEL",
    "coordinates": {"latitude": "51.047599", "longitude": "3.729944"},
    "evse_uid": "E1",
    "evse_id": "BE*BEC*E041503001",
    "connector_id": "1",
    "connector_standard": "IEC_62196_T2",
    "connector_format": "SOCKET",
    "connector_power_type": "AC_3_PHASE",
}
TOKEN = {"country_code": "NL", "party_id": "TNM", "uid": "04ABCDEF", "type": "RFID", "contract_id": "NL8ACC12E46L89"}


def tariff(**changes: Any) -> dict[str, Any]:
    component = {"type": "ENERGY", "price": 0.25, "vat": 10, "step_size": 1}
    values: dict[str, Any] = {
        "country_code": "BE",
        "party_id": "BEC",
        "id": "T1",
        "currency": "EUR",
        "elements": [{"price_components": [component]}],
        "last_updated": "2026-02-20T08:00:00Z",
    }
    return values | changes


def period(**changes: Any) -> dict[str, Any]:
    dimensions = [{"type": "ENERGY", "volume": 20}, {"type": "TIME", "volume": 2}]
    return {"start_date_time": "2026-03-01T08:00:00Z", "tariff_id": "T1", "dimensions": dimensions} | changes


def document(**changes: Any) -> dict[str, Any]:
    """A CDR of 20 kWh in two hours at 0.25 a kWh and 10 % tax: 5.00 without tax, 5.50 with it; None leaves out."""
    values: dict[str, Any] = {
        "country_code": "BE",
        "party_id": "BEC",
        "id": "C1",
        "start_date_time": "2026-03-01T08:00:00Z",
        "end_date_time": "2026-03-01T10:00:00Z",
        "session_id": "S1",
        "cdr_token": TOKEN,
        "auth_method": "WHITELIST",
        "cdr_location": PLACE,
        "currency": "EUR",
        "tariffs": [tariff()],
        "charging_periods": [period()],
        "total_cost": {"excl_vat": 5.00, "incl_vat": 5.50},
        "total_energy": 20,
        "total_energy_cost": {"excl_vat": 5.00, "incl_vat": 5.50},
        "total_time": 2,
        "last_updated": "2026-03-01T10:05:00Z",
    }
    return {name: value for name, value in (values | changes).items() if value is not None}
