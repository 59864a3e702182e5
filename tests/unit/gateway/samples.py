"""OCPI 2.2.1 objects for tests, each whole and valid; keyword arguments replace fields."""

from typing import Any

from services.gateway.ocpi import documents

Document = dict[str, Any]

NOW = "2026-03-01T10:00:00Z"
LATER = "2026-03-01T11:00:00Z"
BEFORE = "2026-03-01T09:00:00Z"


def connector(**fields: Any) -> Document:
    return {
        "id": "1",
        "standard": "IEC_62196_T2",
        "format": "SOCKET",
        "power_type": "AC_3_PHASE",
        "max_voltage": 230,
        "max_amperage": 32,
        "tariff_ids": ["T1"],
        "last_updated": NOW,
        **fields,
    }


def evse(**fields: Any) -> Document:
    return {
        "uid": "E1",
        "evse_id": "FR*SUN*E1",
        "status": "AVAILABLE",
        "capabilities": ["RFID_READER"],
        "connectors": [connector()],
        "last_updated": NOW,
        **fields,
    }


def location(**fields: Any) -> Document:
    return {
        "country_code": "FR",
        "party_id": "SUN",
        "id": "LOC1",
        "publish": True,
        "name": "Gare",
        "address": "1 Rue de la Gare",
        "city": "Lyon",
        "postal_code": "69002",
        "country": "FRA",
        "coordinates": {"latitude": "45.748000", "longitude": "4.825000"},
        "evses": [evse()],
        "time_zone": "Europe/Paris",
        "last_updated": NOW,
        **fields,
    }


def tariff(**fields: Any) -> Document:
    return {
        "country_code": "FR",
        "party_id": "SUN",
        "id": "T1",
        "currency": "EUR",
        "elements": [{"price_components": [{"type": "ENERGY", "price": 0.25, "vat": 20, "step_size": 1}]}],
        "last_updated": NOW,
        **fields,
    }


def token(**fields: Any) -> Document:
    return {
        "country_code": "NL",
        "party_id": "CSP",
        "uid": "04A1B2C3",
        "type": "RFID",
        "contract_id": "NL-CSP-C00000001-1",
        "issuer": "Charge Co",
        "valid": True,
        "whitelist": "ALLOWED",
        "last_updated": NOW,
        **fields,
    }


def cdr_token(**fields: Any) -> Document:
    names = ("country_code", "party_id", "uid", "type", "contract_id")
    return {**{name: token()[name] for name in names}, **fields}


def session(**fields: Any) -> Document:
    return {
        "country_code": "FR",
        "party_id": "SUN",
        "id": "S1",
        "start_date_time": "2026-03-01T08:00:00Z",
        "kwh": 1.5,
        "cdr_token": cdr_token(),
        "auth_method": "WHITELIST",
        "location_id": "LOC1",
        "evse_uid": "E1",
        "connector_id": "1",
        "currency": "EUR",
        "charging_periods": [period()],
        "status": "ACTIVE",
        "last_updated": NOW,
        **fields,
    }


def period(**fields: Any) -> Document:
    return {
        "start_date_time": "2026-03-01T08:00:00Z",
        "dimensions": [{"type": "ENERGY", "volume": 1.5}],
        "tariff_id": "T1",
        **fields,
    }


def cdr(**fields: Any) -> Document:
    return {
        "country_code": "FR",
        "party_id": "SUN",
        "id": "CDR1",
        "start_date_time": "2026-03-01T08:00:00Z",
        "end_date_time": "2026-03-01T09:00:00Z",
        "session_id": "S1",
        "cdr_token": cdr_token(),
        "auth_method": "WHITELIST",
        "cdr_location": {
            "id": "LOC1",
            "name": "Gare",
            "address": "1 Rue de la Gare",
            "city": "Lyon",
            "postal_code": "69002",
            "country": "FRA",
            "coordinates": {"latitude": "45.748000", "longitude": "4.825000"},
            "evse_uid": "E1",
            "evse_id": "FR*SUN*E1",
            "connector_id": "1",
            "connector_standard": "IEC_62196_T2",
            "connector_format": "SOCKET",
            "connector_power_type": "AC_3_PHASE",
        },
        "currency": "EUR",
        "tariffs": [tariff()],
        "charging_periods": [period(dimensions=[{"type": "ENERGY", "volume": 10}])],
        "total_cost": {"excl_vat": 2.5, "incl_vat": 3},
        "total_energy": 10,
        "total_time": 1,
        "total_energy_cost": {"excl_vat": 2.5},
        "last_updated": NOW,
        **fields,
    }


def as_body(document: Document) -> bytes:
    """The object as a partner sends it; floats are written as Python writes them, for tests alone."""
    import json

    return json.dumps(document).encode()


def parsed(document: Document) -> Document:
    """The object as the gateway reads it, with exact numbers."""
    return documents.parse(as_body(document), 32)
