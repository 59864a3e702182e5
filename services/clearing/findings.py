"""What an audit can find: one catalogue of codes, each with its severity and its sentence."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Severity(StrEnum):
    """What a finding does to the verdict."""

    INFORM = "INFORM"
    FLAG = "FLAG"
    REJECT = "REJECT"


class Verdict(StrEnum):
    """What becomes of a CDR."""

    ACCEPTED = "ACCEPTED"
    FLAGGED = "FLAGGED"
    REJECTED = "REJECTED"


class Code(StrEnum):
    """Everything that can be found. A code is permanent: analysts filter by it."""

    SESSION_NOT_NAMED = "SESSION_NOT_NAMED"
    TARIFF_NOT_NAMED = "TARIFF_NOT_NAMED"
    SESSION_NOT_FOUND = "SESSION_NOT_FOUND"
    TARIFF_NOT_FOUND = "TARIFF_NOT_FOUND"
    SESSION_MISMATCH = "SESSION_MISMATCH"
    NOT_RATED = "NOT_RATED"
    TOTAL_MISMATCH = "TOTAL_MISMATCH"
    PARTS_MISMATCH = "PARTS_MISMATCH"
    ENERGY_NEGATIVE = "ENERGY_NEGATIVE"
    ENERGY_IMPLAUSIBLE = "ENERGY_IMPLAUSIBLE"
    ENERGY_PERIODS_MISMATCH = "ENERGY_PERIODS_MISMATCH"
    ENERGY_ZERO = "ENERGY_ZERO"
    TIME_REVERSED = "TIME_REVERSED"
    TIME_IMPLAUSIBLE = "TIME_IMPLAUSIBLE"
    CONNECTOR_OVERLAP = "CONNECTOR_OVERLAP"
    NO_AGREEMENT = "NO_AGREEMENT"
    NUMBER_OUT_OF_RANGE = "NUMBER_OUT_OF_RANGE"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    CREDIT_UNMATCHED = "CREDIT_UNMATCHED"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in one CDR; the detail is a sentence with the numbers that led to it."""

    code: Code
    severity: Severity
    detail: str


_I, _F, _R = Severity.INFORM, Severity.FLAG, Severity.REJECT

CATALOGUE: Final = MappingProxyType(
    {
        Code.SESSION_NOT_NAMED: (_I, "The CDR names no session."),
        Code.TARIFF_NOT_NAMED: (_I, "The CDR names no tariff."),
        Code.SESSION_NOT_FOUND: (_F, "Session {session} was not reported in time."),
        Code.TARIFF_NOT_FOUND: (_F, "Tariff {tariffs} was not published in time."),
        Code.SESSION_MISMATCH: (_F, "The CDR differs from session {session}: {differences}."),
        Code.NOT_RATED: (_I, "We have no price of our own: {reason}."),
        Code.TOTAL_MISMATCH: (
            _R,
            "The total {tax} is {claimed} {currency}, by the tariff it is {rated}; tolerated are {tolerance}.",
        ),
        Code.PARTS_MISMATCH: (_F, "The total is {claimed} {currency}, its parts sum to {parts}."),
        Code.ENERGY_NEGATIVE: (_F, "The energy is {energy} kWh."),
        Code.ENERGY_IMPLAUSIBLE: (_F, "The energy is {energy} kWh; at most {limit} kWh are plausible ({why})."),
        Code.ENERGY_PERIODS_MISMATCH: (_F, "The energy is {energy} kWh, its periods sum to {periods} kWh."),
        Code.ENERGY_ZERO: (_I, "No energy was delivered."),
        Code.TIME_REVERSED: (_R, "The session ends at {ended}, before it starts at {started}."),
        Code.TIME_IMPLAUSIBLE: (_F, "The session lasts {hours} hours; at most {limit} are plausible."),
        Code.CONNECTOR_OVERLAP: (_F, "CDR {other} is for the same connector at the same time."),
        Code.NO_AGREEMENT: (_R, "{csp} and {cso} have no agreement that covers {started}."),
        Code.NUMBER_OUT_OF_RANGE: (_R, "No number of at most 20 digits before the point: {fields}."),
        Code.CURRENCY_MISMATCH: (_R, "The CDR is in {currency}, its {other} in {expected}."),
        Code.CREDIT_UNMATCHED: (_F, "The CDR that this credit refers to ({reference}) {reason}."),
    }
)
"""Severity and sentence of each code; the names in braces are the numbers and ids that a finding gives."""


def find(code: Code, **numbers: object) -> Finding:
    """Return a finding of the catalogue, its sentence filled in."""
    severity, sentence = CATALOGUE[code]
    return Finding(code, severity, sentence.format(**{name: _plain(value) for name, value in numbers.items()}))


def verdict(findings: Iterable[Finding]) -> Verdict:
    """Return the verdict that the worst finding calls for."""
    severities = {finding.severity for finding in findings}
    if Severity.REJECT in severities:
        return Verdict.REJECTED
    return Verdict.FLAGGED if Severity.FLAG in severities else Verdict.ACCEPTED


def _plain(value: object) -> object:
    """Return decimals without exponent and trailing zeros: people read them."""
    if not isinstance(value, Decimal):
        return value
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
