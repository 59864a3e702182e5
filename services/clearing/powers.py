"""What a connector can deliver."""

from decimal import Decimal
from typing import Final

_PHASES: Final = {"AC_1_PHASE": 1, "AC_2_PHASE": 2, "AC_2_PHASE_SPLIT": 2, "AC_3_PHASE": 3, "DC": 1}
_WATTS: Final = Decimal(1000)


def connector_power_kw(
    power_type: str, watts: Decimal | None, volts: Decimal | None, amperes: Decimal | None
) -> Decimal | None:
    """Return a connector's highest power, kW; None where neither a power nor voltage, current and phases say it.

    OCPI 2.2.1 mod_locations: `max_voltage` is line to neutral, so each phase carries it.
    """
    if watts is not None and watts > 0:
        return watts / _WATTS
    phases = _PHASES.get(power_type)
    if phases is None or volts is None or amperes is None or volts <= 0 or amperes <= 0:
        return None
    return volts * amperes * phases / _WATTS
