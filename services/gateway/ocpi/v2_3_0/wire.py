"""OCPI 2.3.0's objects as they come over the wire, with what it has of its own: taxes, parking places, open types."""

from typing import Final, Literal, NotRequired, TypeAlias

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from services.gateway.ocpi.common.places import ConnectorParts, EvseParts, Image, LocationParts
from services.gateway.ocpi.common.wire import (
    CdrParts,
    CdrTokenParts,
    Dated,
    SessionParts,
    TariffParts,
    TokenParts,
)
from services.gateway.ocpi.types import Code, Flag, Id36, Many, Number, Some, Text

TaxIncluded: TypeAlias = Literal["YES", "NO", "N/A"]


class TaxAmount(TypedDict):
    """Types, TaxAmount class."""

    name: Text
    account_number: NotRequired[Text | None]
    percentage: NotRequired[Number | None]
    amount: Number


class Price(TypedDict):
    """Types, Price class."""

    before_taxes: Number
    taxes: NotRequired[Many[TaxAmount]]


class PriceLimit(TypedDict):
    """mod_tariffs, PriceLimit class."""

    before_taxes: Number
    after_taxes: NotRequired[Number | None]


class Connector(ConnectorParts):
    """mod_locations, Connector object."""

    capabilities: NotRequired[Many[Code]]


class EvseParking(TypedDict):
    """mod_locations, EVSEParking class."""

    parking_id: Id36
    evse_position: NotRequired[Code | None]


class Evse(EvseParts):
    """mod_locations, EVSE object."""

    connectors: Some[Connector]
    parking: NotRequired[Many[EvseParking]]
    accepted_service_providers: NotRequired[Many[Text]]


class Parking(TypedDict):
    """mod_locations, Parking object; lengths in centimetres, weights in kilograms, times in minutes."""

    id: Id36
    physical_reference: NotRequired[Text | None]
    vehicle_types: Some[Code]
    max_vehicle_weight: NotRequired[Number | None]
    max_vehicle_height: NotRequired[Number | None]
    max_vehicle_length: NotRequired[Number | None]
    max_vehicle_width: NotRequired[Number | None]
    parking_space_length: NotRequired[Number | None]
    parking_space_width: NotRequired[Number | None]
    dangerous_goods_allowed: NotRequired[Flag | None]
    direction: NotRequired[Code | None]
    drive_through: NotRequired[Flag | None]
    restricted_to_type: Flag
    reservation_required: Flag
    time_limit: NotRequired[Number | None]
    roofed: NotRequired[Flag | None]
    images: NotRequired[Many[Image]]
    lighting: NotRequired[Flag | None]
    refrigeration_outlet: NotRequired[Flag | None]
    standards: NotRequired[Many[Text]]
    apds_reference: NotRequired[Text | None]


class Location(LocationParts):
    """mod_locations, Location object."""

    evses: NotRequired[Many[Evse]]
    parking_places: NotRequired[Many[Parking]]
    help_phone: NotRequired[Text | None]


class CdrTariff(TariffParts):
    """mod_tariffs, Tariff object as a CDR copies it.

    Without `tax_included`, which the text's own example of a CDR lacks, its prices are without taxes: so they are in
    that example, by its totals, and so they were in every version before.
    """

    min_price: NotRequired[PriceLimit | None]
    max_price: NotRequired[PriceLimit | None]
    tax_included: NotRequired[TaxIncluded | None]


class Tariff(TariffParts):
    """mod_tariffs, Tariff object; without `tax_included` nobody could tell what its prices mean."""

    min_price: NotRequired[PriceLimit | None]
    max_price: NotRequired[PriceLimit | None]
    tax_included: TaxIncluded


class Token(TokenParts):
    """mod_tokens, Token object; the list of types is open."""

    type: Code


class CdrToken(CdrTokenParts):
    """mod_cdrs, CdrToken class."""

    type: Code


class Session(SessionParts):
    """mod_sessions, Session object."""

    cdr_token: CdrToken
    total_cost: NotRequired[Price | None]


class SessionPatch(Dated):
    """mod_sessions, PATCH: what is read of a change before it is merged."""

    cdr_token: NotRequired[CdrToken | None]


class Cdr(CdrParts):
    """mod_cdrs, CDR object."""

    cdr_token: CdrToken
    tariffs: NotRequired[Many[CdrTariff]]
    total_cost: Price
    total_fixed_cost: NotRequired[Price | None]
    total_energy_cost: NotRequired[Price | None]
    total_time_cost: NotRequired[Price | None]
    total_parking_cost: NotRequired[Price | None]
    total_reservation_cost: NotRequired[Price | None]


LOCATION: Final = TypeAdapter(Location)
EVSE: Final = TypeAdapter(Evse)
CONNECTOR: Final = TypeAdapter(Connector)
TARIFF: Final = TypeAdapter(Tariff)
TOKEN: Final = TypeAdapter(Token)
SESSION: Final = TypeAdapter(Session)
SESSION_PATCH: Final = TypeAdapter(SessionPatch)
CDR: Final = TypeAdapter(Cdr)
