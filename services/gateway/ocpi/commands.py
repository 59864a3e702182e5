"""Commands and charging profiles as OCPI has them: the same in 2.2.1 and 2.3.0 (mod_commands, mod_charging_profiles).

Only what the hub needs to route, to bind and to bound is checked; the rest, unknown fields included, goes on to the
party that is asked, which knows better.
"""

from typing import Any, Final, NotRequired

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from services.gateway.ocpi.types import Code, Country, DateTime, Flag, Id36, Many, Number, Party, Text, Whole


class CommandToken(TypedDict):
    """mod_tokens, Token object; enumerations are open, since the CSO that is asked need not know the token."""

    country_code: Country
    party_id: Party
    uid: Id36
    type: Code
    contract_id: Id36
    issuer: Text
    valid: Flag
    whitelist: Code
    last_updated: DateTime


class CancelReservation(TypedDict):
    """mod_commands, CancelReservation object."""

    reservation_id: Id36


class ReserveNow(TypedDict):
    """mod_commands, ReserveNow object."""

    token: CommandToken
    expiry_date: DateTime
    reservation_id: Id36
    location_id: Id36
    evse_uid: NotRequired[Id36 | None]
    authorization_reference: NotRequired[Id36 | None]


class StartSession(TypedDict):
    """mod_commands, StartSession object."""

    token: CommandToken
    location_id: Id36
    evse_uid: NotRequired[Id36 | None]
    connector_id: NotRequired[Id36 | None]
    authorization_reference: NotRequired[Id36 | None]


class StopSession(TypedDict):
    """mod_commands, StopSession object."""

    session_id: Id36


class UnlockConnector(TypedDict):
    """mod_commands, UnlockConnector object."""

    location_id: Id36
    evse_uid: Id36
    connector_id: Id36


class Result(TypedDict):
    """mod_commands, CommandResult; mod_charging_profiles, the results of all three requests."""

    result: Code


class ChargingProfilePeriod(TypedDict):
    """mod_charging_profiles, ChargingProfilePeriod class."""

    start_period: Whole
    limit: Number


class ChargingProfile(TypedDict):
    """mod_charging_profiles, ChargingProfile class."""

    start_date_time: NotRequired[DateTime | None]
    duration: NotRequired[Whole | None]
    charging_rate_unit: Code
    min_charging_rate: NotRequired[Number | None]
    charging_profile_period: NotRequired[Many[ChargingProfilePeriod]]


class SetChargingProfile(TypedDict):
    """mod_charging_profiles, SetChargingProfile object."""

    charging_profile: ChargingProfile


class ActiveChargingProfile(TypedDict):
    """mod_charging_profiles, ActiveChargingProfile class."""

    start_date_time: DateTime
    charging_profile: ChargingProfile


class ChargingPreferences(TypedDict):
    """mod_sessions, ChargingPreferences object."""

    profile_type: Code
    departure_time: NotRequired[DateTime | None]
    energy_need: NotRequired[Number | None]
    discharge_allowed: NotRequired[Flag | None]


COMMANDS: Final[dict[str, TypeAdapter[Any]]] = {
    "CANCEL_RESERVATION": TypeAdapter(CancelReservation),
    "RESERVE_NOW": TypeAdapter(ReserveNow),
    "START_SESSION": TypeAdapter(StartSession),
    "STOP_SESSION": TypeAdapter(StopSession),
    "UNLOCK_CONNECTOR": TypeAdapter(UnlockConnector),
}
"""By the command's name in the URL (CommandType)."""

RESULT: Final = TypeAdapter(Result)
SET_CHARGING_PROFILE: Final = TypeAdapter(SetChargingProfile)
ACTIVE_CHARGING_PROFILE: Final = TypeAdapter(ActiveChargingProfile)
CHARGING_PREFERENCES: Final = TypeAdapter(ChargingPreferences)
