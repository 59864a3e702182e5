"""The columns of a CSV file of CDRs: OCPI's names, flattened, and what else partners call them."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

_PRICES: Final = (
    *("total_cost", "total_fixed_cost", "total_energy_cost", "total_time_cost", "total_parking_cost"),
    "total_reservation_cost",
)
TEXTS: Final = (
    *("id", "country_code", "party_id", "session_id", "start_date_time", "end_date_time", "auth_method"),
    *("authorization_reference", "meter_id", "currency", "credit_reference_id", "invoice_reference_id", "remark"),
    *("last_updated", "cdr_token.country_code", "cdr_token.party_id", "cdr_token.uid", "cdr_token.type"),
    *("cdr_token.contract_id", "cdr_location.id", "cdr_location.name", "cdr_location.address", "cdr_location.city"),
    *("cdr_location.postal_code", "cdr_location.country", "cdr_location.coordinates.latitude"),
    *("cdr_location.coordinates.longitude", "cdr_location.evse_uid", "cdr_location.evse_id"),
    *("cdr_location.connector_id", "cdr_location.connector_standard", "cdr_location.connector_format"),
    "cdr_location.connector_power_type",
)
"""Fields of a CDR that are taken as they are."""

NUMBERS: Final = (
    *("total_energy", "total_time", "total_parking_time"),
    *(f"{price}.{part}" for price in _PRICES for part in ("excl_vat", "incl_vat", "before_taxes")),
)
"""Fields that are numbers: kWh, hours, money."""

FLAGS: Final = ("credit", "home_charging_compensation")
LISTS: Final = ("charging_periods", "tariffs", "signed_data")
"""Fields whose cell holds JSON as OCPI has it."""

OWN: Final = ("tariff_id", "max_power_kw", "time_zone", *(f"{price}.taxes" for price in _PRICES))
"""What is no field of a CDR: the tariff of its only period, what is known of its place, and the sum of its taxes."""

REQUIRED: Final = (
    ("id",),
    ("start_date_time",),
    ("end_date_time",),
    ("currency",),
    ("total_energy",),
    ("total_cost.excl_vat", "total_cost.before_taxes"),
)
"""A file needs one column of each of these."""

ALIASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("cdr_id", "cdr", "cdrid"), "id"),
        **dict.fromkeys(("start", "started_at", "start_time", "start_datetime", "session_start"), "start_date_time"),
        **dict.fromkeys(("end", "ended_at", "end_time", "end_datetime", "stop_time", "session_end"), "end_date_time"),
        **dict.fromkeys(("kwh", "energy", "energy_kwh", "total_kwh", "volume", "consumed_energy"), "total_energy"),
        **dict.fromkeys(("hours", "duration_hours"), "total_time"),
        "parking_hours": "total_parking_time",
        **dict.fromkeys(
            ("cost", "amount", "price", "total_cost", "cost_excl_vat", "net_amount"), "total_cost.excl_vat"
        ),
        **dict.fromkeys(("cost_incl_vat", "gross_amount", "total_cost_after_taxes"), "total_cost.incl_vat"),
        **dict.fromkeys(("token_uid", "uid", "rfid", "card", "card_number"), "cdr_token.uid"),
        **dict.fromkeys(("contract_id", "emaid", "evco_id"), "cdr_token.contract_id"),
        **dict.fromkeys(("location_id", "location"), "cdr_location.id"),
        "evse_uid": "cdr_location.evse_uid",
        **dict.fromkeys(("evse_id", "evse"), "cdr_location.evse_id"),
        **dict.fromkeys(("connector_id", "connector"), "cdr_location.connector_id"),
        "power_type": "cdr_location.connector_power_type",
        **dict.fromkeys(("session", "charging_session_id"), "session_id"),
        **dict.fromkeys(("tariff", "tariffid"), "tariff_id"),
        **dict.fromkeys(("power_kw", "max_power"), "max_power_kw"),
        **dict.fromkeys(("timezone", "location_time_zone"), "time_zone"),
        **dict.fromkeys(("cpo_country_code", "cso_country_code"), "country_code"),
        **dict.fromkeys(("cpo_party_id", "cso_party_id", "cpo_id", "operator_id"), "party_id"),
        **dict.fromkeys(("emsp_country_code", "csp_country_code"), "cdr_token.country_code"),
        **dict.fromkeys(("emsp_party_id", "csp_party_id", "emsp_id"), "cdr_token.party_id"),
    }
)
"""Other names; OCPI's own come first."""

_OTHER: Final = re.compile(r"[^a-z0-9]+")


def plain_name(heading: str) -> str:
    """Return a heading in the form that its spellings share: `CDR Token.UID` and `cdrToken_uid` are `cdrtokenuid`."""
    return _OTHER.sub("", heading.lower())


def field_of(heading: str) -> str | None:
    """Return the field that a column holds; None where the heading says nothing to us."""
    name = plain_name(heading)
    return _FIELDS.get(name) or _ALIASES.get(name)


def missing_of(fields: Sequence[str | None]) -> list[str]:
    """Return the columns that a file needs and does not have."""
    return [" or ".join(choice) for choice in REQUIRED if not set(choice) & set(fields)]


_FIELDS: Final = {plain_name(name): name for name in (*TEXTS, *NUMBERS, *FLAGS, *LISTS, *OWN)}
_ALIASES: Final = {plain_name(name): field for name, field in ALIASES.items()}
