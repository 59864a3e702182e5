"""Locations as they come over the wire, as far as all versions have them (mod_locations).

Fields that are not named here are not looked at and stay in the stored body; enumerations are open.
"""

from typing import NotRequired

from typing_extensions import TypedDict

from services.gateway.ocpi.types import (
    Code,
    Country,
    Country3,
    DateTime,
    Flag,
    Id36,
    Id48,
    Many,
    Number,
    Party,
    Text,
    Whole,
)


class DisplayText(TypedDict):
    """Types, DisplayText class."""

    language: Code
    text: Text


class GeoLocation(TypedDict):
    """GeoLocation class; text, so that no digit is lost."""

    latitude: Code
    longitude: Code


class AdditionalGeoLocation(GeoLocation):
    """AdditionalGeoLocation class."""

    name: NotRequired[DisplayText | None]


class Image(TypedDict):
    """Image class."""

    url: Text
    thumbnail: NotRequired[Text | None]
    category: Code
    type: Code
    width: NotRequired[Whole | None]
    height: NotRequired[Whole | None]


class BusinessDetails(TypedDict):
    """BusinessDetails class."""

    name: Text
    website: NotRequired[Text | None]
    logo: NotRequired[Image | None]


class EnergySource(TypedDict):
    """EnergySource class."""

    source: Code
    percentage: Number


class EnvironmentalImpact(TypedDict):
    """EnvironmentalImpact class."""

    category: Code
    amount: Number


class EnergyMix(TypedDict):
    """EnergyMix class."""

    is_green_energy: Flag
    energy_sources: NotRequired[Many[EnergySource]]
    environ_impact: NotRequired[Many[EnvironmentalImpact]]
    supplier_name: NotRequired[Text | None]
    energy_product_name: NotRequired[Text | None]


class RegularHours(TypedDict):
    """RegularHours class."""

    weekday: Whole
    period_begin: Code
    period_end: Code


class ExceptionalPeriod(TypedDict):
    """ExceptionalPeriod class."""

    period_begin: DateTime
    period_end: DateTime


class Hours(TypedDict):
    """Hours class."""

    twentyfourseven: Flag
    regular_hours: NotRequired[Many[RegularHours]]
    exceptional_openings: NotRequired[Many[ExceptionalPeriod]]
    exceptional_closings: NotRequired[Many[ExceptionalPeriod]]


class PublishToken(TypedDict):
    """PublishTokenType class."""

    uid: NotRequired[Id36 | None]
    type: NotRequired[Code | None]
    visual_number: NotRequired[Text | None]
    issuer: NotRequired[Text | None]
    group_id: NotRequired[Id36 | None]


class StatusSchedule(TypedDict):
    """StatusSchedule class."""

    period_begin: DateTime
    period_end: NotRequired[DateTime | None]
    status: Code


class ConnectorParts(TypedDict):
    """Connector object: what all versions have of it."""

    id: Id36
    standard: Code
    format: Code
    power_type: Code
    max_voltage: Whole
    max_amperage: Whole
    max_electric_power: NotRequired[Whole | None]
    tariff_ids: NotRequired[Many[Id36]]
    terms_and_conditions: NotRequired[Text | None]
    last_updated: DateTime


class EvseParts(TypedDict):
    """EVSE object: what all versions have of it, without its connectors."""

    uid: Id36
    evse_id: NotRequired[Id48 | None]
    status: Code
    status_schedule: NotRequired[Many[StatusSchedule]]
    capabilities: NotRequired[Many[Code]]
    floor_level: NotRequired[Text | None]
    coordinates: NotRequired[GeoLocation | None]
    physical_reference: NotRequired[Text | None]
    directions: NotRequired[Many[DisplayText]]
    parking_restrictions: NotRequired[Many[Code]]
    images: NotRequired[Many[Image]]
    last_updated: DateTime


class LocationParts(TypedDict):
    """Location object: what all versions have of it, without its EVSEs."""

    country_code: Country
    party_id: Party
    id: Id36
    publish: Flag
    publish_allowed_to: NotRequired[Many[PublishToken]]
    name: NotRequired[Text | None]
    address: Text
    city: Text
    postal_code: NotRequired[Text | None]
    state: NotRequired[Text | None]
    country: Country3
    coordinates: GeoLocation
    related_locations: NotRequired[Many[AdditionalGeoLocation]]
    parking_type: NotRequired[Code | None]
    directions: NotRequired[Many[DisplayText]]
    operator: NotRequired[BusinessDetails | None]
    suboperator: NotRequired[BusinessDetails | None]
    owner: NotRequired[BusinessDetails | None]
    facilities: NotRequired[Many[Code]]
    time_zone: Text
    opening_times: NotRequired[Hours | None]
    charging_when_closed: NotRequired[Flag | None]
    images: NotRequired[Many[Image]]
    energy_mix: NotRequired[EnergyMix | None]
    last_updated: DateTime
