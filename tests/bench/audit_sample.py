"""A file of CDRs that the audit is measured with: most of them right, some wrong in each of several ways."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

EVSES: Final = 400
CARDS: Final = 5_000
BEGIN: Final = datetime(2025, 1, 1, tzinfo=UTC)
FAULTS: Final = 50
"""One CDR of so many has a fault."""

TARIFF: Final[dict[str, Any]] = {
    "country_code": "NL",
    "party_id": "CSO",
    "id": "DAY-NIGHT",
    "currency": "EUR",
    "elements": [
        {
            "price_components": [{"type": "ENERGY", "price": 0.25, "vat": 21, "step_size": 1}],
            "restrictions": {"start_time": "22:00", "end_time": "06:00"},
        },
        {
            "price_components": [
                {"type": "ENERGY", "price": 0.40, "vat": 21, "step_size": 1},
                {"type": "PARKING_TIME", "price": 1.20, "vat": 21, "step_size": 60},
            ]
        },
    ],
    "last_updated": "2024-12-01T00:00:00Z",
}


def cdr(number: int) -> dict[str, Any]:
    """A CDR by day: an hour of charging in two periods, then a quarter of an hour of parking."""
    evse, turn = number % EVSES, number // EVSES
    # Each EVSE serves eight sessions a day, one after the other.
    began = BEGIN + timedelta(days=turn // 8, hours=7 + (turn % 8) * 1.7, seconds=evse)
    halves = began + timedelta(minutes=30), began + timedelta(hours=1)
    kwh = 8 + number % 37 / 10
    energy = round(kwh * 0.40 * 2, 4)
    total = round(energy + 0.30, 2)
    return {
        "country_code": "NL",
        "party_id": "CSO",
        "id": f"C-{number:08}",
        "start_date_time": _text(began),
        "end_date_time": _text(began + timedelta(minutes=75)),
        "session_id": f"S-{number:08}",
        "cdr_token": {
            "country_code": "DE",
            "party_id": ("CSP", "EMO", "DRV")[number // 7 % 3],
            "uid": f"04{number % CARDS:012X}",
            "type": "RFID",
            "contract_id": f"DE-CSP-C{number % CARDS:08}",
        },
        "auth_method": "WHITELIST",
        "cdr_location": {
            "id": f"LOC-{evse // 4}",
            "name": "At the station",
            "address": "Stationsplein 1",
            "city": "Utrecht",
            "postal_code": "3511 ED",
            "country": "NLD",
            "coordinates": {"latitude": "52.089444", "longitude": "5.110278"},
            "evse_uid": f"E-{evse}",
            "evse_id": f"NL*CSO*E{evse}",
            "connector_id": "1",
            "connector_standard": "IEC_62196_T2",
            "connector_format": "SOCKET",
            "connector_power_type": "AC_3_PHASE",
        },
        "currency": "EUR",
        "tariffs": [TARIFF],
        "charging_periods": [
            {"start_date_time": _text(each), "dimensions": dimensions, "tariff_id": "DAY-NIGHT"}
            for each, dimensions in (
                (began, [{"type": "ENERGY", "volume": kwh}, {"type": "TIME", "volume": 0.5}]),
                (halves[0], [{"type": "ENERGY", "volume": kwh}, {"type": "TIME", "volume": 0.5}]),
                (halves[1], [{"type": "PARKING_TIME", "volume": 0.25}]),
            )
        ],
        "total_cost": {"excl_vat": total, "incl_vat": round(total * 1.21, 2)},
        "total_energy_cost": {"excl_vat": energy, "incl_vat": round(energy * 1.21, 4)},
        "total_parking_cost": {"excl_vat": 0.30, "incl_vat": 0.363},
        "total_energy": round(kwh * 2, 4),
        "total_time": 1.25,
        "total_parking_time": 0.25,
        "last_updated": _text(began + timedelta(minutes=80)),
    }


def faulty(number: int, right: dict[str, Any]) -> dict[str, Any]:
    """The same CDR with the fault that its number chooses."""
    excl, incl = right["total_cost"]["excl_vat"], right["total_cost"]["incl_vat"]
    dearer = {"excl_vat": round(excl * 1.5, 2), "incl_vat": round(incl * 1.5, 2)}
    ways: tuple[dict[str, Any], ...] = (
        {"total_cost": dearer},
        {"id": f"C-{number:08}-AGAIN", "session_id": f"S-{number - 1:08}"},
        {"end_date_time": right["start_date_time"]},
        {"total_energy": right["total_energy"] + 30},
        {"currency": "CHF"},
        {"session_id": None, "total_cost": {"excl_vat": round(excl - 0.5, 2)}},
    )
    return right | ways[number // FAULTS % len(ways)]


def cdrs(count: int) -> Iterator[dict[str, Any]]:
    """So many CDRs, in the order in which they began."""
    for number in range(count):
        right = cdr(number)
        yield faulty(number, right) if number % FAULTS == FAULTS - 1 else right


def write(path: Path, count: int) -> None:
    """Write a list of so many CDRs."""
    with path.open("w", encoding="utf-8") as file:
        for number, each in enumerate(cdrs(count)):
            file.write("[\n" if number == 0 else ",\n")
            file.write(json.dumps(each, separators=(",", ":")))
        file.write("\n]\n")


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
