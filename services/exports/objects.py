"""What a replayed city says as a visited-CSO and its cards' home-CSP: pure functions to OCPI 2.2.1 objects.

Prices are exact decimals; totals are rounded to cents half up, as a city's back office would print them.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from services.core.party import PartyId
from services.exports.files import Format, ImportedSession
from services.exports.times import ZONE_NAME

Object = dict[str, Any]
TARIFF_ID: Final = "REPLAY"
_CENT: Final = Decimal("0.01")
_FOUR_PLACES: Final = Decimal("0.0001")
_STATED_POWER: Final = re.compile(r"(?<!\d)(\d{1,5})\s{0,3}kW", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Prices:
    """The tariff of a replay: major units of the currency without VAT, VAT in percent."""

    currency: str
    per_kwh: Decimal
    per_hour: Decimal
    per_session: Decimal
    vat_percent: Decimal

    def components(self) -> list[tuple[str, Decimal]]:
        """The price components in force, at least one."""
        found = [("ENERGY", self.per_kwh), ("TIME", self.per_hour), ("FLAT", self.per_session)]
        return [each for each in found if each[1]] or [("ENERGY", Decimal(0))]


@dataclass(frozen=True, slots=True)
class City:
    """Who speaks and where."""

    cso: PartyId
    csp: PartyId
    format: Format
    prices: Prices


@dataclass(frozen=True, slots=True)
class Power:
    """What a connector can give, read from the charger's model name."""

    power_type: str
    volts: int
    amperes: int
    watts: int
    standard: str
    cable: str


def power_of(model: str) -> Power:
    """The power of a charger by its model: `22kW` as written, rapid 50 kW DC, semi-rapid 22 kW AC, else 7 kW AC."""
    stated = _STATED_POWER.search(model)
    if stated is None:
        kilowatts = 22 if "semi-rapid" in model.lower() else 50 if "rapid" in model.lower() else 7
    else:
        kilowatts = int(stated.group(1))
    if kilowatts >= 43:
        return Power("DC", 500, kilowatts * 2, kilowatts * 1000, "IEC_62196_T2_COMBO", "CABLE")
    if kilowatts > 7:
        return Power("AC_3_PHASE", 400, 32, kilowatts * 1000, "IEC_62196_T2", "SOCKET")
    return Power("AC_1_PHASE", 230, 32, kilowatts * 1000, "IEC_62196_T2", "SOCKET")


class Places(dict[tuple[str, str], str]):
    """An id for each (charge point, site): the charge point's own for its first site, a numbered one for the next."""

    def __init__(self) -> None:
        super().__init__()
        self._sites: Counter[str] = Counter()

    def of(self, row: ImportedSession) -> str:
        """The id of where a session was, given now if it is the first there."""
        key = (row.charge_point, row.site)
        if key not in self:
            self._sites[row.charge_point] += 1
            number = self._sites[row.charge_point]
            self[key] = row.charge_point if number == 1 else f"{row.charge_point}.{number}"
        return self[key]


def location_ids(sessions: Iterable[ImportedSession]) -> dict[tuple[str, str], str]:
    """The places of all these sessions."""
    found = Places()
    for each in sessions:
        found.of(each)
    return found


def location(city: City, location_id: str, sessions: Iterable[ImportedSession], at: datetime) -> Object:
    """A charge point as a location; each connector that the sessions name is an EVSE."""
    models = {each.connector: each.model for each in sessions}
    first = next(iter(sessions))
    place = _place(city, location_id, first.site)
    evses = [
        {
            "uid": evse_uid(location_id, connector),
            "evse_id": evse_id(city, location_id, connector),
            "status": "AVAILABLE",
            "connectors": [_connector(connector, power_of(model), at)],
            "last_updated": text_of(at),
        }
        for connector, model in sorted(models.items())
    ]
    return _owned(city.cso) | place | {
        "publish": True,
        "time_zone": ZONE_NAME,
        "evses": evses,
        "last_updated": text_of(at),
    }  # fmt: skip


def tariff(city: City, at: datetime) -> Object:
    """One unrestricted tariff for the whole city, step size 1."""
    elements = [
        {"price_components": [{"type": kind, "price": price, "vat": city.prices.vat_percent, "step_size": 1}]}
        for kind, price in city.prices.components()
    ]
    described = {"id": TARIFF_ID, "currency": city.prices.currency, "elements": elements}
    return _owned(city.cso) | described | {"last_updated": text_of(at)}


def token(city: City, card: str, at: datetime) -> Object:
    """A card number as a whitelisted credential of the home-CSP."""
    return _owned(city.csp) | {
        "uid": card,
        "type": "RFID",
        "contract_id": contract_id(city, card),
        "issuer": f"{city.format.name} cards",
        "valid": True,
        "whitelist": "ALWAYS",
        "last_updated": text_of(at),
    }


def session(city: City, row: ImportedSession, location_id: str, *, ended: bool) -> Object:
    """The session at its start or at its end."""
    energy = row.kwh if ended else Decimal(0)
    end = {"end_date_time": text_of(row.ended_at)} if ended else {}
    return _owned(city.cso) | end | {
        "id": row.row_id,
        "start_date_time": text_of(row.started_at),
        "kwh": energy,
        "cdr_token": cdr_token(city, row),
        "auth_method": "WHITELIST",
        "location_id": location_id,
        "evse_uid": evse_uid(location_id, row.connector),
        "connector_id": row.connector,
        "currency": city.prices.currency,
        "status": "COMPLETED" if ended else "ACTIVE",
        # The end counts as the later news even where the file puts it before the start.
        "last_updated": text_of(max(row.started_at, row.ended_at) + timedelta(seconds=1) if ended else row.started_at),
    }  # fmt: skip


def cdr(city: City, row: ImportedSession, location_id: str, used: Object) -> Object:
    """The CDR of a session, by the tariff as published."""
    found = delivered(city, row, location_id)
    periods = [period | {"tariff_id": TARIFF_ID} for period in found["charging_periods"]]
    return found | {
        "tariffs": [used],
        "charging_periods": periods,
        "total_cost": price(city.prices, row.kwh, _hours(row)),
    }


def delivered(city: City, row: ImportedSession, location_id: str) -> Object:
    """What a CDR says of a session before anything is said about its price."""
    power, hours = power_of(row.model), _hours(row)
    volumes = {"ENERGY": row.kwh, "TIME": hours}
    return _owned(city.cso) | {
        "id": row.row_id,
        "session_id": row.row_id,
        "start_date_time": text_of(row.started_at),
        "end_date_time": text_of(row.ended_at),
        "cdr_token": cdr_token(city, row),
        "auth_method": "WHITELIST",
        "cdr_location": _place(city, location_id, row.site) | {
            "evse_uid": evse_uid(location_id, row.connector),
            "evse_id": evse_id(city, location_id, row.connector),
            "connector_id": row.connector,
            "connector_standard": power.standard,
            "connector_format": power.cable,
            "connector_power_type": power.power_type,
        },
        "currency": city.prices.currency,
        "charging_periods": [
            {
                "start_date_time": text_of(row.started_at),
                "dimensions": [{"type": kind, "volume": volume} for kind, volume in volumes.items()],
            }
        ],
        "total_energy": row.kwh,
        "total_time": hours,
        "last_updated": text_of(max(row.started_at, row.ended_at)),
    }  # fmt: skip


def price(prices: Prices, kwh: Decimal, hours: Decimal) -> Object:
    """The total of energy and duration by the tariff, to cents."""
    excluding = prices.per_kwh * kwh + prices.per_hour * hours + prices.per_session
    including = excluding * (1 + prices.vat_percent / 100)
    return {"excl_vat": _cents(excluding), "incl_vat": _cents(including)}


def cdr_token(city: City, row: ImportedSession) -> Object:
    """The credential as sessions and CDRs carry it; a row without a card was an ad-hoc user."""
    uid = row.card or f"ADHOC-{row.row_id}"
    kind = "RFID" if row.card else "AD_HOC_USER"
    return _owned(city.csp) | {"uid": uid, "type": kind, "contract_id": contract_id(city, uid)}


def contract_id(city: City, uid: str) -> str:
    """The contract behind a card."""
    return f"{city.csp}-C{uid}"[:36]


def evse_uid(location_id: str, connector: str) -> str:
    """Id of an EVSE in the city's system: a connector of a charge point."""
    return f"{location_id}-{connector}"


def evse_id(city: City, location_id: str, connector: str) -> str:
    """The EVSE id as printed on the charger."""
    return f"{city.cso.country_code}*{city.cso.party_id}*E{location_id.replace('.', '*')}*{connector}"


def text_of(moment: datetime) -> str:
    """A DateTime of OCPI."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _owned(party: PartyId) -> Object:
    return {"country_code": party.country_code, "party_id": party.party_id}


def _place(city: City, location_id: str, site: str) -> Object:
    return {
        "id": location_id,
        "name": site,
        "address": site[:45],
        "city": city.format.city,
        "country": "GBR",
        "coordinates": {"latitude": city.format.latitude, "longitude": city.format.longitude},
    }


def _connector(connector: str, power: Power, at: datetime) -> Object:
    return {
        "id": connector,
        "standard": power.standard,
        "format": power.cable,
        "power_type": power.power_type,
        "max_voltage": power.volts,
        "max_amperage": power.amperes,
        "max_electric_power": power.watts,
        "tariff_ids": [TARIFF_ID],
        "last_updated": text_of(at),
    }


def _hours(row: ImportedSession) -> Decimal:
    seconds = Decimal((row.ended_at - row.started_at) // timedelta(seconds=1))
    return (seconds / 3600).quantize(_FOUR_PLACES, ROUND_HALF_UP)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)
