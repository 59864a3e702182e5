"""Tariffs, tokens, sessions and CDRs as they come over the wire, as far as all versions have them.

Validation takes parsed JSON (`services.gateway.ocpi.documents`) and returns plain dictionaries of these shapes. Fields
that are not named here are not looked at and stay in the stored body. Source: the object description of each module.
"""

from typing import Annotated, Final, Literal, NotRequired, TypeAlias

from pydantic import TypeAdapter, WithJsonSchema
from typing_extensions import TypedDict

from services.gateway.ocpi.common.places import DisplayText, EnergyMix, GeoLocation
from services.gateway.ocpi.types import (
    Code,
    Country,
    Country3,
    Currency,
    DateTime,
    Flag,
    Id36,
    Id39,
    Id48,
    LongText,
    Many,
    Number,
    Party,
    Some,
    Text,
    Whitelist,
    Whole,
)

SessionStatus: TypeAlias = Literal["ACTIVE", "COMPLETED", "INVALID", "PENDING", "RESERVATION", "RESERVED"]
"""mod_sessions, SessionStatus, with the second word that the text has for a reservation."""


class PriceComponent(TypedDict):
    """mod_tariffs, PriceComponent class."""

    type: Code
    price: Number
    vat: NotRequired[Number | None]
    step_size: Annotated[Number, WithJsonSchema({"type": "integer"})]


class TariffRestrictions(TypedDict):
    """mod_tariffs, TariffRestrictions class."""

    start_time: NotRequired[Text | None]
    end_time: NotRequired[Text | None]
    start_date: NotRequired[Text | None]
    end_date: NotRequired[Text | None]
    min_kwh: NotRequired[Number | None]
    max_kwh: NotRequired[Number | None]
    min_current: NotRequired[Number | None]
    max_current: NotRequired[Number | None]
    min_power: NotRequired[Number | None]
    max_power: NotRequired[Number | None]
    min_duration: NotRequired[Number | None]
    max_duration: NotRequired[Number | None]
    day_of_week: NotRequired[Many[Code]]
    reservation: NotRequired[Code | None]


class TariffElement(TypedDict):
    """mod_tariffs, TariffElement class."""

    price_components: Some[PriceComponent]
    restrictions: NotRequired[TariffRestrictions | None]


class TariffParts(TypedDict):
    """mod_tariffs, Tariff object: what all versions have of it, without its least and highest price."""

    country_code: Country
    party_id: Party
    id: Id36
    currency: Currency
    type: NotRequired[Code | None]
    tariff_alt_text: NotRequired[Many[DisplayText]]
    tariff_alt_url: NotRequired[Text | None]
    elements: Some[TariffElement]
    start_date_time: NotRequired[DateTime | None]
    end_date_time: NotRequired[DateTime | None]
    energy_mix: NotRequired[EnergyMix | None]
    last_updated: DateTime


class EnergyContract(TypedDict):
    """mod_tokens, EnergyContract class."""

    supplier_name: Text
    contract_id: NotRequired[Text | None]


class TokenParts(TypedDict):
    """mod_tokens, Token object: what all versions have of it, without its type."""

    country_code: Country
    party_id: Party
    uid: Id36
    contract_id: Id36
    visual_number: NotRequired[Text | None]
    issuer: Text
    group_id: NotRequired[Id36 | None]
    valid: Flag
    whitelist: Whitelist
    language: NotRequired[Code | None]
    default_profile_type: NotRequired[Code | None]
    energy_contract: NotRequired[EnergyContract | None]
    last_updated: DateTime


class CdrTokenParts(TypedDict):
    """mod_cdrs, CdrToken class: what all versions have of it, without its type."""

    country_code: Country
    party_id: Party
    uid: Id36
    contract_id: Id36


class CdrDimension(TypedDict):
    """mod_cdrs, CdrDimension class."""

    type: Code
    volume: Number


class ChargingPeriod(TypedDict):
    """mod_cdrs, ChargingPeriod class."""

    start_date_time: DateTime
    dimensions: Many[CdrDimension]
    tariff_id: NotRequired[Id36 | None]


class SessionParts(TypedDict):
    """mod_sessions, Session object: what all versions have of it, without its token and its cost."""

    country_code: Country
    party_id: Party
    id: Id36
    start_date_time: DateTime
    end_date_time: NotRequired[DateTime | None]
    kwh: Number
    auth_method: Code
    authorization_reference: NotRequired[Id36 | None]
    location_id: Id36
    evse_uid: Id36
    connector_id: Id36
    meter_id: NotRequired[Text | None]
    currency: Currency
    charging_periods: NotRequired[Many[ChargingPeriod]]
    status: SessionStatus
    last_updated: DateTime


class CdrLocation(TypedDict):
    """mod_cdrs, CdrLocation class."""

    id: Id36
    name: NotRequired[Text | None]
    address: Text
    city: Text
    postal_code: NotRequired[Text | None]
    state: NotRequired[Text | None]
    country: Country3
    coordinates: GeoLocation
    evse_uid: Id36
    evse_id: Id48
    connector_id: Id36
    connector_standard: Code
    connector_format: Code
    connector_power_type: Code


class SignedValue(TypedDict):
    """mod_cdrs, SignedValue class."""

    nature: Code
    plain_data: LongText
    signed_data: LongText


class SignedData(TypedDict):
    """mod_cdrs, SignedData class."""

    encoding_method: Text
    encoding_method_version: NotRequired[Whole | None]
    public_key: NotRequired[LongText | None]
    signed_values: Some[SignedValue]
    url: NotRequired[Text | None]


class CdrParts(TypedDict):
    """mod_cdrs, CDR object: what all versions have of it, without its token, tariffs and costs."""

    country_code: Country
    party_id: Party
    id: Id39
    start_date_time: DateTime
    end_date_time: DateTime
    session_id: NotRequired[Id36 | None]
    auth_method: Code
    authorization_reference: NotRequired[Id36 | None]
    cdr_location: CdrLocation
    meter_id: NotRequired[Text | None]
    currency: Currency
    charging_periods: Some[ChargingPeriod]
    signed_data: NotRequired[SignedData | None]
    total_energy: Number
    total_time: Number
    total_parking_time: NotRequired[Number | None]
    remark: NotRequired[Text | None]
    invoice_reference_id: NotRequired[Id39 | None]
    credit: NotRequired[Flag | None]
    credit_reference_id: NotRequired[Id39 | None]
    home_charging_compensation: NotRequired[Flag | None]
    last_updated: DateTime


class Dated(TypedDict):
    """What every PATCH must hold (status codes, 2001: `last_updated` missing in a PATCH)."""

    last_updated: DateTime


PATCH: Final = TypeAdapter(Dated)
