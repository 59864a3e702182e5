"""OCPI 2.2.1's objects as they come over the wire, with what is its own: prices with VAT, a closed list of tokens."""

from typing import Final, Literal, NotRequired, TypeAlias

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from services.gateway.ocpi.common.places import ConnectorParts, EvseParts, LocationParts
from services.gateway.ocpi.common.wire import (
    CdrParts,
    CdrTokenParts,
    Dated,
    SessionParts,
    TariffParts,
    TokenParts,
)
from services.gateway.ocpi.types import Many, Number, Some

TokenType: TypeAlias = Literal["AD_HOC_USER", "APP_USER", "OTHER", "RFID"]


class Price(TypedDict):
    """Types, Price class."""

    excl_vat: Number
    incl_vat: NotRequired[Number | None]


class Connector(ConnectorParts):
    """mod_locations, Connector object."""


class Evse(EvseParts):
    """mod_locations, EVSE object."""

    connectors: Some[Connector]


class Location(LocationParts):
    """mod_locations, Location object."""

    evses: NotRequired[Many[Evse]]


class Tariff(TariffParts):
    """mod_tariffs, Tariff object."""

    min_price: NotRequired[Price | None]
    max_price: NotRequired[Price | None]


class Token(TokenParts):
    """mod_tokens, Token object."""

    type: TokenType


class CdrToken(CdrTokenParts):
    """mod_cdrs, CdrToken class."""

    type: TokenType


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
    tariffs: NotRequired[Many[Tariff]]
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
