"""The bounds that an audit measures with; an operator can set each."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class AuditRules:
    """Bounds of the audit.

    Attributes:
        energy_ceiling_kwh: More in one session is implausible whatever the connector.
        power_margin_factor: Energy above connector power times duration times this factor is implausible.
        longest_session_hours: A longer session is implausible.
        session_time_tolerance_seconds: How far start and end may lie from the tracked session's.
        session_energy_tolerance_kwh: How far the energy may be from the tracked session's.
        periods_energy_tolerance_kwh: How far the energy may be from the sum of its periods.
        parts_tolerance: How far the parts' sum may be from the total, in the CDR's currency, where the agreement
            tolerates less: parts are rounded one by one.
    """

    energy_ceiling_kwh: Decimal = Decimal(1000)
    power_margin_factor: Decimal = Decimal("1.1")
    longest_session_hours: Decimal = Decimal(24)
    session_time_tolerance_seconds: int = 60
    session_energy_tolerance_kwh: Decimal = Decimal("0.1")
    periods_energy_tolerance_kwh: Decimal = Decimal("0.01")
    parts_tolerance: Decimal = Decimal("0.02")
