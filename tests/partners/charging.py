"""What the stand-in CSO says: its location, tariff, sessions and CDRs, built by pure functions with exact prices."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.partners.ocpi import NEWER, OLDER, Party, now_text

Object = dict[str, Any]
FOUR_PLACES = Decimal("0.0001")
CURRENCY = "EUR"
VAT_PERCENT = Decimal(20)
PRICE_PER_KWH = Decimal("0.35")
PRICE_PER_SESSION = Decimal("0.50")
PARKING: Object = {
    "id": "P1",
    "vehicle_types": ["PERSONAL_VEHICLE"],
    "restricted_to_type": False,
    "reservation_required": False,
    "roofed": True,
}


@dataclass(frozen=True, slots=True)
class Charge:
    """One charging session as the CSO's own systems know it.

    Attributes:
        token: The `cdr_token`: whose credential it was.
        reference: `authorization_reference` given by the home-CSP, or None.
        kwh: Energy so far.
        ended_at: None while it runs.
    """

    session_id: str
    token: Mapping[str, Any]
    auth_method: str
    reference: str | None
    location_id: str
    evse: int
    tariff_id: str
    started_at: datetime
    kwh: Decimal = Decimal(0)
    ended_at: datetime | None = None

    def progressed(self, kwh: Decimal, ended_at: datetime | None = None) -> "Charge":
        """The same session later."""
        return replace(self, kwh=kwh, ended_at=ended_at)


def location(party: Party, location_id: str, tariff_id: str, at: datetime, version: str = OLDER) -> Object:
    """A site with two 50 kW chargers; 2.3.0 has words for its parking places too."""
    newer = {"help_phone": "+33 3 20 00 00 00", "parking_places": [PARKING]} if version == NEWER else {}
    return newer | {
        "country_code": party.country_code,
        "party_id": party.party_id,
        "id": location_id,
        "publish": True,
        "name": "Park and Ride North",
        "address": "Avenue de la Gare 12",
        "city": "Lille",
        "postal_code": "59000",
        "country": "FRA",
        "coordinates": {"latitude": "50.636565", "longitude": "3.063528"},
        "time_zone": "Europe/Paris",
        "operator": {"name": "Stand-in operator"},
        "evses": [_evse(party, location_id, number, tariff_id, at, version) for number in (1, 2)],
        "last_updated": now_text(at),
    }  # fmt: skip


def _evse(party: Party, location_id: str, number: int, tariff_id: str, at: datetime, version: str = OLDER) -> Object:
    connector = {
        "id": "1",
        "standard": "IEC_62196_T2_COMBO",
        "format": "CABLE",
        "power_type": "DC",
        "max_voltage": 500,
        "max_amperage": 125,
        "max_electric_power": 50000,
        "tariff_ids": [tariff_id],
        "last_updated": now_text(at),
    }
    newer = {"parking": [{"parking_id": PARKING["id"]}]} if version == NEWER else {}
    return newer | {
        "uid": evse_uid(location_id, number),
        "evse_id": evse_id(party, location_id, number),
        "status": "AVAILABLE",
        "capabilities": ["RFID_READER"],
        "connectors": [connector],
        "last_updated": now_text(at),
    }  # fmt: skip


def evse_uid(location_id: str, number: int) -> str:
    """The EVSE's id in the CSO's system."""
    return f"{location_id}-{number}"


def evse_id(party: Party, location_id: str, number: int) -> str:
    """The EVSE id as printed on the charger."""
    return f"{party.country_code}*{party.party_id}*E{location_id}{number}"


def tariff(party: Party, tariff_id: str, at: datetime, version: str = OLDER) -> Object:
    """A price per kWh and one per session, VAT on top of both, unrestricted and with step size 1."""
    prices = (("ENERGY", PRICE_PER_KWH), ("FLAT", PRICE_PER_SESSION))
    return ({"tax_included": "NO"} if version == NEWER else {}) | {
        "country_code": party.country_code,
        "party_id": party.party_id,
        "id": tariff_id,
        "currency": CURRENCY,
        "elements": [
            {"price_components": [{"type": kind, "price": price, "vat": VAT_PERCENT, "step_size": 1}]}
            for kind, price in prices
        ],
        "last_updated": now_text(at),
    }  # fmt: skip


def session(party: Party, charge: Charge, at: datetime, version: str = OLDER) -> Object:
    """The whole session object as it is now."""
    ended = {} if charge.ended_at is None else {"end_date_time": now_text(charge.ended_at)}
    return _authorized(charge) | ended | {
        "country_code": party.country_code,
        "party_id": party.party_id,
        "id": charge.session_id,
        "start_date_time": now_text(charge.started_at),
        "kwh": charge.kwh,
        "location_id": charge.location_id,
        "evse_uid": evse_uid(charge.location_id, charge.evse),
        "connector_id": "1",
        "currency": CURRENCY,
        "charging_periods": [_period(charge)],
        "total_cost": price(PRICE_PER_SESSION + PRICE_PER_KWH * charge.kwh, version),
        "status": "ACTIVE" if charge.ended_at is None else "COMPLETED",
        "last_updated": now_text(at),
    }  # fmt: skip


def cdr(party: Party, charge: Charge, cdr_id: str, place: Mapping[str, Any], used: Object, at: datetime) -> Object:
    """The CDR of an ended session, at a place (location object) and by a tariff, right to the cent, in its version."""
    version = NEWER if "tax_included" in used else OLDER
    ended_at = charge.ended_at or charge.started_at
    energy_cost = PRICE_PER_KWH * charge.kwh
    return _authorized(charge) | {
        "country_code": party.country_code,
        "party_id": party.party_id,
        "id": cdr_id,
        "session_id": charge.session_id,
        "start_date_time": now_text(charge.started_at),
        "end_date_time": now_text(ended_at),
        "cdr_location": cdr_location(place, charge.evse),
        "currency": CURRENCY,
        "tariffs": [used],
        "charging_periods": [_period(charge)],
        "total_cost": price(PRICE_PER_SESSION + energy_cost, version),
        "total_fixed_cost": price(PRICE_PER_SESSION, version),
        "total_energy": charge.kwh,
        "total_energy_cost": price(energy_cost, version),
        "total_time": hours(charge.started_at, ended_at),
        "last_updated": now_text(at),
    }


def cdr_location(place: Mapping[str, Any], number: int) -> Object:
    """The part of a location that a CDR carries."""
    evse = place["evses"][number - 1]
    connector = evse["connectors"][0]
    copied = ("id", "name", "address", "city", "postal_code", "country", "coordinates")
    return {name: place[name] for name in copied} | {
        "evse_uid": evse["uid"],
        "evse_id": evse["evse_id"],
        "connector_id": connector["id"],
        "connector_standard": connector["standard"],
        "connector_format": connector["format"],
        "connector_power_type": connector["power_type"],
    }


def price(excluding_vat: Decimal, version: str = OLDER) -> Object:
    """A Price to four places: without VAT and with it, or in 2.3.0 before taxes and the taxes."""
    excluding, including = _four(excluding_vat), _four(excluding_vat * (1 + VAT_PERCENT / 100))
    if version == NEWER:
        return {"before_taxes": excluding, "taxes": [{"name": "VAT", "amount": including - excluding}]}
    return {"excl_vat": excluding, "incl_vat": including}


def hours(start: datetime, end: datetime) -> Decimal:
    """Duration in hours to four places."""
    return _four(Decimal((end - start) // timedelta(seconds=1)) / 3600)


def _four(number: Decimal) -> Decimal:
    return number.quantize(FOUR_PLACES, ROUND_HALF_UP)


def _authorized(charge: Charge) -> Object:
    reference = {} if charge.reference is None else {"authorization_reference": charge.reference}
    return {"cdr_token": dict(charge.token), "auth_method": charge.auth_method, **reference}


def _period(charge: Charge) -> Object:
    dimensions = [{"type": "ENERGY", "volume": charge.kwh}]
    if charge.ended_at is not None:
        dimensions.append({"type": "TIME", "volume": hours(charge.started_at, charge.ended_at)})
    return {
        "start_date_time": now_text(charge.started_at),
        "dimensions": dimensions,
        "tariff_id": charge.tariff_id,
    }
