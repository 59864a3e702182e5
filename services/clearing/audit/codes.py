"""The catalogue of everything that an audit can find: code, severity, meaning and sentence, all in this file."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self


class Severity(StrEnum):
    """What a finding does to the verdict, from the least to the worst."""

    INFORM = "INFORM"
    FLAG = "FLAG"
    DISPUTE = "DISPUTE"
    REJECT = "REJECT"


_I, _F, _D, _R = Severity.INFORM, Severity.FLAG, Severity.DISPUTE, Severity.REJECT


class Code(StrEnum):
    """Everything that can be found. A code is permanent: analysts filter by it.

    Attributes:
        severity: Where the agreement of the two parties says nothing else.
        meaning: When it is found, in one line.
    """

    _value_: str
    severity: Severity
    meaning: str

    def __new__(cls, name: str, severity: Severity, meaning: str) -> Self:
        """Return a member whose value is its name."""
        code = str.__new__(cls, name)
        code._value_, code.severity, code.meaning = name, severity, meaning
        return code

    # The document
    CDR_UNREADABLE = "CDR_UNREADABLE", _R, "no object, or no id, start, end, currency or total: nothing can be judged"
    SCHEMA_INVALID = "SCHEMA_INVALID", _F, "a field is missing, or is not what OCPI says it is"
    TEXT_TOO_LONG = "TEXT_TOO_LONG", _I, "a text is longer than OCPI allows"
    NUMBER_OUT_OF_RANGE = (
        "NUMBER_OUT_OF_RANGE",
        _R,
        "a number that decimal(28,8) cannot hold, or that is none; it counts as 0",
    )
    NUMBER_OVER_PRECISE = (
        "NUMBER_OVER_PRECISE",
        _I,
        "a number has more than eight digits after the point",
    )
    # The terms
    NO_AGREEMENT = "NO_AGREEMENT", _R, "no agreement of the two covers the start of the session"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH", _R, "its currency is not the tariff's or the session's"
    # Session and authorization
    SESSION_NOT_NAMED = "SESSION_NOT_NAMED", _I, "the CDR names no session"
    SESSION_NOT_FOUND = "SESSION_NOT_FOUND", _F, "the session that it names is not known, or was not in time"
    SESSION_MISMATCH = (
        "SESSION_MISMATCH",
        _F,
        "place, credential, home-CSP, times or energy differ from the session, or that is not over or invalid",
    )
    AUTHORIZATION_NOT_FOUND = "AUTHORIZATION_NOT_FOUND", _I, "the authorization that it names is not known"
    AUTHORIZATION_MISMATCH = "AUTHORIZATION_MISMATCH", _F, "the authorization was for another credential or place"
    AUTHORIZATION_DENIED = "AUTHORIZATION_DENIED", _D, "the authorization that it names was denied"
    # Tariffs
    TARIFF_NOT_NAMED = "TARIFF_NOT_NAMED", _I, "it names no tariff, neither copied nor in a period"
    TARIFF_NOT_FOUND = (
        "TARIFF_NOT_FOUND",
        _F,
        "a tariff that it names and does not copy is not known, or was not in time",
    )
    TARIFF_NOT_VALID = "TARIFF_NOT_VALID", _F, "a tariff was not valid when what it prices began"
    TARIFF_DIFFERS = "TARIFF_DIFFERS", _F, "its copy of a tariff has other prices or conditions than the published one"
    TARIFF_NEVER_MATCHES = "TARIFF_NEVER_MATCHES", _I, "no element of its tariffs prices anything that was used"
    COMPONENT_UNKNOWN = "COMPONENT_UNKNOWN", _F, "a tariff prices what OCPI does not know, or in no positive steps"
    RESTRICTION_UNKNOWN = "RESTRICTION_UNKNOWN", _F, "a restriction of a tariff that cannot be read"
    TIME_ZONE_UNKNOWN = "TIME_ZONE_UNKNOWN", _F, "the location's time zone does not exist"
    # Price and totals
    NOT_RATED = "NOT_RATED", _I, "it names a tariff, but we have no price of our own; the detail says why"
    TOTAL_MISMATCH = "TOTAL_MISMATCH", _R, "the total lies further from our price than the agreement tolerates"
    PARTS_MISMATCH = "PARTS_MISMATCH", _F, "the parts that it gives do not sum to its total"
    PART_MISRATED = "PART_MISRATED", _I, "the cost of its energy or its time lies further from our price than tolerated"
    TOTAL_NEGATIVE = "TOTAL_NEGATIVE", _F, "it asks for less than nothing, takes nothing back and delivers energy"
    TAX_IMPLAUSIBLE = "TAX_IMPLAUSIBLE", _F, "the tax in a total is negative or higher than any tax is"
    # Times
    TIME_REVERSED = "TIME_REVERSED", _R, "the end lies before the start"
    TIME_UNKNOWN = "TIME_UNKNOWN", _F, "start or end is 1970-01-01, which means that the CSO does not know it"
    TIME_ZERO = "TIME_ZERO", _I, "the session ends when it starts"
    TIME_IMPLAUSIBLE = "TIME_IMPLAUSIBLE", _F, "longer than 24 hours"
    TIME_IN_FUTURE = "TIME_IN_FUTURE", _F, "the session ends after the time at which it is audited"
    TIME_TOTAL_MISMATCH = "TIME_TOTAL_MISMATCH", _F, "the total time is not that from start to end"
    PARKING_TIME_IMPLAUSIBLE = "PARKING_TIME_IMPLAUSIBLE", _F, "the parking time is negative or above the total time"
    UPDATED_BEFORE_END = "UPDATED_BEFORE_END", _I, "it was written before the session was over"
    # Charging periods
    PERIODS_MISSING = "PERIODS_MISSING", _F, "it has no charging period"
    PERIODS_UNORDERED = "PERIODS_UNORDERED", _I, "its charging periods are not in order of time"
    PERIOD_REPEATED = "PERIOD_REPEATED", _F, "two charging periods are the same"
    PERIOD_OUTSIDE_SESSION = "PERIOD_OUTSIDE_SESSION", _F, "a charging period begins before or after the session"
    PERIODS_GAP = "PERIODS_GAP", _I, "the first charging period begins after the session did"
    PERIOD_TIME_IMPLAUSIBLE = "PERIOD_TIME_IMPLAUSIBLE", _F, "a charging period measures more time than it lasts"
    PERIOD_VOLUME_NEGATIVE = "PERIOD_VOLUME_NEGATIVE", _F, "a charging period measures negative time"
    PERIODS_TIME_MISMATCH = "PERIODS_TIME_MISMATCH", _F, "the charging periods measure more time than the total"
    DIMENSION_UNKNOWN = "DIMENSION_UNKNOWN", _F, "a charging period measures what OCPI does not know"
    DIMENSION_OF_SESSION = "DIMENSION_OF_SESSION", _I, "a period has a dimension that OCPI has for sessions only"
    # Energy
    ENERGY_PERIODS_MISMATCH = (
        "ENERGY_PERIODS_MISMATCH",
        _F,
        "the total and the sum of the periods differ by more than 0.01 kWh",
    )
    ENERGY_NEGATIVE = "ENERGY_NEGATIVE", _I, "energy below 0, as where a car feeds the grid"
    ENERGY_NEGATIVE_BILLED = "ENERGY_NEGATIVE_BILLED", _F, "money is asked for energy below 0"
    ENERGY_ZERO = "ENERGY_ZERO", _I, "no energy"
    ENERGY_IMPLAUSIBLE = (
        "ENERGY_IMPLAUSIBLE",
        _F,
        "more, either way, than connector power times duration times 1.1, than the car holds, or than 1,000 kWh",
    )
    PERIOD_ENERGY_IMPLAUSIBLE = "PERIOD_ENERGY_IMPLAUSIBLE", _F, "the same for one period, by its own power too"
    POWER_IMPLAUSIBLE = "POWER_IMPLAUSIBLE", _F, "a charging period measures more power than the connector has"
    # Other CDRs
    CONNECTOR_OVERLAP = "CONNECTOR_OVERLAP", _F, "another CDR that was not taken back shares connector and time"
    CREDENTIAL_OVERLAP = "CREDENTIAL_OVERLAP", _I, "another one shares credential and time, elsewhere"
    CDR_ID_REPEATED = "CDR_ID_REPEATED", _D, "another one has the same id"
    CDR_REPEATED = "CDR_REPEATED", _D, "another one is for the same session, or for connector, credential and start"
    CDR_NEAR_DUPLICATE = "CDR_NEAR_DUPLICATE", _F, "another one has connector and energy, and starts within minutes"
    CREDIT_UNMATCHED = (
        "CREDIT_UNMATCHED",
        _F,
        "what a credit takes back is unknown, another pair's, taken back already, or not its opposite",
    )
    CREDIT_UNMARKED = "CREDIT_UNMARKED", _F, "it names a CDR that it takes back, and does not say that it is a credit"
    # Signed meter values
    METER_VALUES_UNVERIFIED = "METER_VALUES_UNVERIFIED", _I, "signed meter values that nobody could verify"
    METER_VALUES_UNREADABLE = "METER_VALUES_UNREADABLE", _F, "signed meter values that are not what they are said to be"
    METER_SIGNATURE_INVALID = "METER_SIGNATURE_INVALID", _D, "a signed meter value was changed after it was signed"
    METER_KEY_MISMATCH = "METER_KEY_MISMATCH", _D, "the public key is none that the CSO registered for this place"
    METER_ENERGY_MISMATCH = "METER_ENERGY_MISMATCH", _D, "the signed readings do not give the total energy"
    METER_TIME_MISMATCH = "METER_TIME_MISMATCH", _F, "the signed readings are of another time than the session"
    # Sets of CDRs
    NUMBERING_GAP = "NUMBERING_GAP", _I, "a sender numbers its CDRs, and numbers are missing"
    CDR_MISSING = "CDR_MISSING", _F, "a session ended and has no CDR after the agreed time"


Severities = Mapping[Code, Severity]
"""What two parties agreed on, for those codes for which it is not the catalogue's."""

SENTENCES: Final[Mapping[Code, str]] = MappingProxyType(
    {
        Code.CDR_UNREADABLE: "The CDR cannot be read: {reason}.",
        Code.SCHEMA_INVALID: "{path}: {reason}.",
        Code.TEXT_TOO_LONG: "{path} has {length} characters; OCPI allows {limit}.",
        Code.NUMBER_OUT_OF_RANGE: "No number of at most 20 digits before the point: {fields}.",
        Code.NUMBER_OVER_PRECISE: "More than eight digits after the point, which are rounded: {fields}.",
        Code.NO_AGREEMENT: "{csp} and {cso} have no agreement that covers {started}.",
        Code.CURRENCY_MISMATCH: "The CDR is in {currency}, its {other} in {expected}.",
        Code.SESSION_NOT_NAMED: "The CDR names no session.",
        Code.SESSION_NOT_FOUND: "Session {session} is not among those that are known.",
        Code.SESSION_MISMATCH: "The CDR differs from session {session}: {differences}.",
        Code.AUTHORIZATION_NOT_FOUND: "Authorization {authorization} is not known.",
        Code.AUTHORIZATION_MISMATCH: "The CDR differs from authorization {authorization}: {differences}.",
        Code.AUTHORIZATION_DENIED: "Authorization {authorization} was denied: {result}.",
        Code.TARIFF_NOT_NAMED: "The CDR names no tariff.",
        Code.TARIFF_NOT_FOUND: "Tariff {tariffs} is neither copied nor among those that are known.",
        Code.TARIFF_NOT_VALID: "Tariff {tariff} is valid from {begins} to {ends}, and prices from {began}.",
        Code.TARIFF_DIFFERS: "Tariff {tariff} is not as it was published: {differences}.",
        Code.TARIFF_NEVER_MATCHES: "No element of tariff {tariffs} prices what was used ({used}).",
        Code.COMPONENT_UNKNOWN: "Tariff {tariff} prices {component} in steps of {step}, which OCPI does not know.",
        Code.RESTRICTION_UNKNOWN: "Tariff {tariff} has a restriction that cannot be read: {reason}.",
        Code.TIME_ZONE_UNKNOWN: "Location {location} lies in {time_zone}, a time zone that does not exist.",
        Code.NOT_RATED: "We have no price of our own: {reason}.",
        Code.TOTAL_MISMATCH: (
            "The total {tax} is {claimed} {currency}, by the tariff it is {rated}; tolerated are {tolerance}."
        ),
        Code.PARTS_MISMATCH: "The total {tax} is {claimed} {currency}, its parts sum to {parts}.",
        Code.PART_MISRATED: "The cost of {part} is {claimed} {currency}, by the tariff it is {rated}.",
        Code.TOTAL_NEGATIVE: "The total is {claimed} {currency} for {energy} kWh, and the CDR is no credit.",
        Code.TAX_IMPLAUSIBLE: (
            "The {what} is {excl_tax} {currency} without tax and {incl_tax} with it; up to {limit} % are plausible."
        ),
        Code.TIME_REVERSED: "The session ends at {ended}, before it starts at {started}.",
        Code.TIME_UNKNOWN: "The CSO does not know when the session was ({started} to {ended}).",
        Code.TIME_ZERO: "The session starts and ends at {started}.",
        Code.TIME_IMPLAUSIBLE: "The session lasts {hours} hours; at most {limit} are plausible.",
        Code.TIME_IN_FUTURE: "The session ends at {ended}, and it is {now}.",
        Code.TIME_TOTAL_MISMATCH: "The total time is {claimed} hours, from start to end it is {lasted}.",
        Code.PARKING_TIME_IMPLAUSIBLE: "The parking time is {parking} hours, the total time {hours}.",
        Code.UPDATED_BEFORE_END: "The CDR is of {updated}, and the session ended at {ended}.",
        Code.PERIODS_MISSING: "The CDR has no charging period.",
        Code.PERIODS_UNORDERED: "Charging period {period} begins at {began}, before the one that it follows.",
        Code.PERIOD_REPEATED: "Charging periods {first} and {second} are the same.",
        Code.PERIOD_OUTSIDE_SESSION: (
            "Charging period {period} begins at {began}; the session is from {started} to {ended}."
        ),
        Code.PERIODS_GAP: "The first charging period begins at {began}, the session at {started}.",
        Code.PERIOD_TIME_IMPLAUSIBLE: "Charging period {period} lasts {lasts} hours and measures {measured}.",
        Code.PERIOD_VOLUME_NEGATIVE: "Charging period {period} measures {volume} hours of {dimension}.",
        Code.PERIODS_TIME_MISMATCH: "The charging periods measure {measured} hours, the total is {hours}.",
        Code.DIMENSION_UNKNOWN: "Charging period {period} measures {dimension}, which OCPI does not know.",
        Code.DIMENSION_OF_SESSION: "Charging period {period} measures {dimension}, which is for sessions.",
        Code.ENERGY_PERIODS_MISMATCH: "The energy is {energy} kWh, its periods sum to {periods} kWh.",
        Code.ENERGY_NEGATIVE: "The energy is {energy} kWh.",
        Code.ENERGY_NEGATIVE_BILLED: "The energy is {energy} kWh, and {claimed} {currency} are asked for it.",
        Code.ENERGY_ZERO: "No energy was delivered.",
        Code.ENERGY_IMPLAUSIBLE: "The energy is {energy} kWh; at most {limit} kWh are plausible ({why}).",
        Code.PERIOD_ENERGY_IMPLAUSIBLE: (
            "The energy of charging period {period} is {energy} kWh; at most {limit} kWh are plausible ({why})."
        ),
        Code.POWER_IMPLAUSIBLE: "Charging period {period} measures {power} kW; the connector has {limit} kW.",
        Code.CONNECTOR_OVERLAP: "CDR {other} is for the same connector at the same time.",
        Code.CREDENTIAL_OVERLAP: "CDR {other} is for the same credential at the same time, on another connector.",
        Code.CDR_ID_REPEATED: "There is another CDR {other}, {difference}.",
        Code.CDR_REPEATED: "CDR {other} is for the same {what}.",
        Code.CDR_NEAR_DUPLICATE: "CDR {other} has the same connector and energy, and starts {minutes} minutes apart.",
        Code.CREDIT_UNMATCHED: "The CDR that this credit refers to ({reference}) {reason}.",
        Code.CREDIT_UNMARKED: "The CDR takes {reference} back and does not say that it is a credit.",
        Code.METER_VALUES_UNVERIFIED: "The signed meter values were not verified: {reason}.",
        Code.METER_VALUES_UNREADABLE: "Signed meter value {value}: {reason}.",
        Code.METER_SIGNATURE_INVALID: "Signed meter value {value} ({nature}) does not fit its signature.",
        Code.METER_KEY_MISMATCH: "The key of the meter values is none that the CSO registered ({registered} are).",
        Code.METER_ENERGY_MISMATCH: "The total energy is {energy} kWh, the signed readings give {signed} kWh.",
        Code.METER_TIME_MISMATCH: "The signed reading of the {which} is of {read}, the session's is {time}.",
        Code.NUMBERING_GAP: "Of the CDRs {first} to {last} {missing} are missing: {ranges}.",
        Code.CDR_MISSING: "Session {session} ended at {ended} and has no CDR {hours} hours later.",
    }
)
"""The sentence of each code; the names in braces are the numbers and ids that a finding gives."""
