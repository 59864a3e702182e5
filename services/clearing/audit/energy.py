"""Whether the energy is plausible, and the same as that of the charging periods."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from services.clearing.audit.cases import Case
from services.clearing.audit.claims import Claim
from services.clearing.audit.codes import Code
from services.clearing.audit.findings import Finding, find
from services.clearing.audit.times import hours_between
from services.core.money import EXACT, ZERO

_WATT_HOUR: Final = Decimal("0.001")


def amount(case: Case) -> Iterator[Finding]:
    """Find energy that is negative, none, or more than can be."""
    energy = case.claim.energy
    if energy < 0:
        yield find(Code.ENERGY_NEGATIVE, energy=energy)
    elif not energy and not case.claim.unreadable:
        yield find(Code.ENERGY_ZERO)
    limit, why = _plausible(case)
    if energy > limit:
        yield find(Code.ENERGY_IMPLAUSIBLE, energy=energy, limit=limit, why=why)


def against_periods(case: Case) -> Iterator[Finding]:
    """Find a total energy that is not the sum of the periods."""
    claim = case.claim
    if not claim.unreadable and periods_gap(claim) > case.rules.periods_energy_tolerance_kwh:
        yield find(Code.ENERGY_PERIODS_MISMATCH, energy=claim.energy, periods=claim.volumes["ENERGY"])


def periods_gap(claim: Claim) -> Decimal:
    """Return how far the periods' energy is from the total, kWh; periods that measure none say nothing."""
    periods = claim.volumes.get("ENERGY")
    return ZERO if periods is None else abs(EXACT.subtract(periods, claim.energy))


def _plausible(case: Case) -> tuple[Decimal, str]:
    rules, location = case.rules, case.facts.location
    ceiling = rules.energy_ceiling_kwh, "no session delivers more"
    if location is None or location.power_kw is None:
        return ceiling
    hours = hours_between(case.claim.started_at, case.claim.ended_at)
    by_power = EXACT.multiply(EXACT.multiply(location.power_kw, hours), rules.power_margin_factor)
    by_power = by_power.quantize(_WATT_HOUR, context=EXACT)
    reason = f"{location.power_kw.normalize():f} kW for the time of the session, with a margin"
    return min((max(by_power, ZERO), reason), ceiling, key=lambda bound: bound[0])
