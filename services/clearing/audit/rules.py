"""The bounds that an audit measures with; an operator can set each."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cached_property

from services.core.money import EXACT


@dataclass(frozen=True)
class AuditRules:
    """Bounds of the audit.

    Attributes:
        energy_ceiling_kwh: More in one session is implausible whatever the connector.
        largest_battery_kwh: What the largest battery of a car holds; those of lorries hold more than twice as much.
        battery_margin_factor: Energy above what the battery holds times this factor is implausible.
        power_margin_factor: Energy above connector power times duration times this factor is implausible.
        longest_session_hours: A longer session is implausible.
        time_tolerance_seconds: How far the times within a CDR may contradict each other.
        future_tolerance_seconds: How far the CSO's clock may be ahead of ours.
        session_time_tolerance_seconds: How far start and end may lie from the tracked session's.
        session_energy_tolerance_kwh: How far the energy may be from the tracked session's.
        periods_energy_tolerance_kwh: How far the energy may be from the sum of its periods.
        meter_energy_tolerance_kwh: How far the energy may be from what the signed readings give.
        meter_time_tolerance_seconds: How far signed readings may lie from start and end.
        max_findings: The most findings of one CDR; of more, the first of each code and then the first of the others.
        max_signed_values: The most signed readings of one CDR that are verified.
        max_signed_value_characters: The longest one.
        max_meter_keys: The most registered keys of a meter that are tried.
        near_duplicate_minutes: Sessions of one connector and energy that start no further apart may be the same.
        parts_tolerance: How far the parts' sum may be from the total, in the CDR's currency, where the agreement
            tolerates less: parts are rounded one by one.
        highest_tax_percent: A higher tax in a total is implausible.
    """

    energy_ceiling_kwh: Decimal = Decimal(1000)
    largest_battery_kwh: Decimal = Decimal(250)
    battery_margin_factor: Decimal = Decimal("1.25")
    power_margin_factor: Decimal = Decimal("1.1")
    longest_session_hours: Decimal = Decimal(24)
    time_tolerance_seconds: int = 60
    future_tolerance_seconds: int = 300
    session_time_tolerance_seconds: int = 60
    session_energy_tolerance_kwh: Decimal = Decimal("0.1")
    periods_energy_tolerance_kwh: Decimal = Decimal("0.01")
    meter_energy_tolerance_kwh: Decimal = Decimal("0.01")
    meter_time_tolerance_seconds: int = 300
    max_findings: int = 100
    max_signed_values: int = 100
    max_meter_keys: int = 5
    max_signed_value_characters: int = 10_000
    near_duplicate_minutes: int = 5
    parts_tolerance: Decimal = Decimal("0.02")
    highest_tax_percent: Decimal = Decimal(30)

    @cached_property
    def highest_tax_factor(self) -> Decimal:
        """The highest plausible tax as a share of what it is on."""
        return EXACT.divide(self.highest_tax_percent, Decimal(100))

    @cached_property
    def time_tolerance(self) -> timedelta:
        """How far the times within a CDR may contradict each other."""
        return timedelta(seconds=self.time_tolerance_seconds)

    @cached_property
    def time_tolerance_hours(self) -> Decimal:
        """The same in hours."""
        return EXACT.divide(Decimal(self.time_tolerance_seconds), Decimal(3600))
