"""OCPI 2.2.1's objects as they come over the wire: the fields that the platform reads, with their cardinality.

Validation takes parsed JSON (`services.gateway.ocpi.documents`) and returns plain dictionaries of these shapes; fields
that are not named here are not looked at and stay in the stored body. Source: the object description of each module.
"""

from typing import Annotated, Final, NotRequired, TypeAlias, TypeVar

from pydantic import BeforeValidator, Field, TypeAdapter
from typing_extensions import TypedDict

from services.gateway.ocpi.v2_2_1.types import (
    Code,
    Country,
    Country3,
    Currency,
    DateTime,
    Flag,
    Id36,
    Id39,
    Id48,
    Number,
    Party,
    Text,
    TokenType,
    Whitelist,
    Whole,
)

Item = TypeVar("Item")
# Cardinality "*": a list, null or nothing.
Many: TypeAlias = Annotated[list[Item], BeforeValidator(lambda value: [] if value is None else value)]
# Cardinality "+".
Some: TypeAlias = Annotated[list[Item], Field(min_length=1)]


class Price(TypedDict):
    """Types, Price class."""

    excl_vat: Number
    incl_vat: NotRequired[Number | None]


class GeoLocation(TypedDict):
    """mod_locations, GeoLocation class; text, so that no digit is lost."""

    latitude: Code
    longitude: Code


class Named(TypedDict):
    """mod_locations, BusinessDetails class: what of it is read."""

    name: Text


class Connector(TypedDict):
    """mod_locations, Connector object."""

    id: Id36
    standard: Code
    format: Code
    power_type: Code
    max_voltage: Whole
    max_amperage: Whole
    max_electric_power: NotRequired[Whole | None]
    tariff_ids: NotRequired[Many[Id36]]
    last_updated: DateTime


class Evse(TypedDict):
    """mod_locations, EVSE object."""

    uid: Id36
    evse_id: NotRequired[Id48 | None]
    status: Code
    capabilities: NotRequired[Many[Code]]
    connectors: Some[Connector]
    last_updated: DateTime


class Location(TypedDict):
    """mod_locations, Location object."""

    country_code: Country
    party_id: Party
    id: Id36
    publish: Flag
    name: NotRequired[Text | None]
    address: Text
    city: Text
    postal_code: NotRequired[Text | None]
    country: Country3
    coordinates: GeoLocation
    evses: NotRequired[Many[Evse]]
    operator: NotRequired[Named | None]
    time_zone: Text
    last_updated: DateTime


class PriceComponent(TypedDict):
    """mod_tariffs, PriceComponent class."""

    type: Code
    price: Number
    vat: NotRequired[Number | None]
    step_size: Number


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


class Tariff(TypedDict):
    """mod_tariffs, Tariff object."""

    country_code: Country
    party_id: Party
    id: Id36
    currency: Currency
    type: NotRequired[Code | None]
    elements: Some[TariffElement]
    min_price: NotRequired[Price | None]
    max_price: NotRequired[Price | None]
    start_date_time: NotRequired[DateTime | None]
    end_date_time: NotRequired[DateTime | None]
    last_updated: DateTime


class Token(TypedDict):
    """mod_tokens, Token object."""

    country_code: Country
    party_id: Party
    uid: Id36
    type: TokenType
    contract_id: Id36
    issuer: Text
    valid: Flag
    whitelist: Whitelist
    last_updated: DateTime


class CdrToken(TypedDict):
    """mod_cdrs, CdrToken class."""

    country_code: Country
    party_id: Party
    uid: Id36
    type: TokenType
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


class Session(TypedDict):
    """mod_sessions, Session object."""

    country_code: Country
    party_id: Party
    id: Id36
    start_date_time: DateTime
    end_date_time: NotRequired[DateTime | None]
    kwh: Number
    cdr_token: CdrToken
    auth_method: Code
    authorization_reference: NotRequired[Id36 | None]
    location_id: Id36
    evse_uid: Id36
    connector_id: Id36
    currency: Currency
    charging_periods: NotRequired[Many[ChargingPeriod]]
    total_cost: NotRequired[Price | None]
    status: Code
    last_updated: DateTime


class CdrLocation(TypedDict):
    """mod_cdrs, CdrLocation class."""

    id: Id36
    name: NotRequired[Text | None]
    address: Text
    city: Text
    postal_code: NotRequired[Text | None]
    country: Country3
    coordinates: GeoLocation
    evse_uid: Id36
    evse_id: Id48
    connector_id: Id36
    connector_standard: Code
    connector_format: Code
    connector_power_type: Code


class Cdr(TypedDict):
    """mod_cdrs, CDR object."""

    country_code: Country
    party_id: Party
    id: Id39
    start_date_time: DateTime
    end_date_time: DateTime
    session_id: NotRequired[Id36 | None]
    cdr_token: CdrToken
    auth_method: Code
    authorization_reference: NotRequired[Id36 | None]
    cdr_location: CdrLocation
    currency: Currency
    tariffs: NotRequired[Many[Tariff]]
    charging_periods: Some[ChargingPeriod]
    total_cost: Price
    total_fixed_cost: NotRequired[Price | None]
    total_energy: Number
    total_energy_cost: NotRequired[Price | None]
    total_time: Number
    total_time_cost: NotRequired[Price | None]
    total_parking_time: NotRequired[Number | None]
    total_parking_cost: NotRequired[Price | None]
    total_reservation_cost: NotRequired[Price | None]
    remark: NotRequired[Text | None]
    credit: NotRequired[Flag | None]
    credit_reference_id: NotRequired[Id39 | None]
    last_updated: DateTime


class Dated(TypedDict):
    """What every PATCH must hold (status codes, 2001: `last_updated` missing in a PATCH)."""

    last_updated: DateTime


class SessionPatch(Dated):
    """mod_sessions, PATCH: what is read of a change before it is merged."""

    cdr_token: NotRequired[CdrToken | None]


LOCATION: Final = TypeAdapter(Location)
EVSE: Final = TypeAdapter(Evse)
CONNECTOR: Final = TypeAdapter(Connector)
TARIFF: Final = TypeAdapter(Tariff)
TOKEN: Final = TypeAdapter(Token)
SESSION: Final = TypeAdapter(Session)
CDR: Final = TypeAdapter(Cdr)
PATCH: Final = TypeAdapter(Dated)
SESSION_PATCH: Final = TypeAdapter(SessionPatch)
