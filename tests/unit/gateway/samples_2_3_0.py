"""OCPI 2.3.0 objects for tests, each whole and valid; keyword arguments replace fields."""

from typing import Any

from tests.unit.gateway import samples
from tests.unit.gateway.samples import Document


def price(before_taxes: Any, *taxes: Any) -> Document:
    return {"before_taxes": before_taxes, "taxes": [{"name": "VAT", "amount": each} for each in taxes]}


def parking(**fields: Any) -> Document:
    return {
        "id": "P1",
        "physical_reference": "B12",
        "vehicle_types": ["PERSONAL_VEHICLE"],
        "max_vehicle_height": 210,
        "restricted_to_type": False,
        "reservation_required": False,
        **fields,
    }


def evse(**fields: Any) -> Document:
    connector = samples.connector(capabilities=["ISO_15118_2_PLUG_AND_CHARGE"])
    return samples.evse(
        **{
            "connectors": [connector],
            "parking": [{"parking_id": "P1", "evse_position": "LEFT"}],
            "accepted_service_providers": ["Charge Co"],
            **fields,
        }
    )


def location(**fields: Any) -> Document:
    given = {"evses": [evse()], "parking_places": [parking()], "help_phone": "+33 1 99 00 00 00", **fields}
    return samples.location(**given)


def tariff(**fields: Any) -> Document:
    return samples.tariff(**{"tax_included": "NO", **fields})


def token(**fields: Any) -> Document:
    return samples.token(**fields)


def session(**fields: Any) -> Document:
    return samples.session(**{"total_cost": price(0.5, 0.1), **fields})


def cdr(**fields: Any) -> Document:
    given = {
        "tariffs": [tariff()],
        "total_cost": price(2.5, 0.5),
        "total_energy_cost": {"before_taxes": 2.5},
        **fields,
    }
    return samples.cdr(**given)


def invoice(**fields: Any) -> Document:
    return {
        "country_code": "FR",
        "party_id": "SUN",
        "id": "R1",
        "invoice_id": "2026/03 0017",
        "cdrs": ["CDR1"],
        "last_updated": samples.NOW,
        **fields,
    }
