"""The names of what clearing can find in a CDR, and what a finding does.

They stand here because an agreement of two partners names them too; severities, sentences and meanings are clearing's.
A name is permanent: analysts filter by it, and agreements stand on it.
"""

from enum import StrEnum


class Severity(StrEnum):
    """What a finding does to a CDR, from the mildest to the worst; the worst finding decides."""

    INFORM = "INFORM"
    """Nothing: the CDR is accepted, and booked."""
    FLAG = "FLAG"
    """The CDR is flagged, and booked."""
    DISPUTE = "DISPUTE"
    """The CDR is disputed: nothing is booked as long as the two have not agreed."""
    REJECT = "REJECT"
    """The CDR is rejected: nothing is booked."""


class Code(StrEnum):
    """Everything that can be found."""

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
