"""Whether the energy is plausible for connector, car and time, and the same as that of the charging periods."""

from collections.abc import Iterator
from decimal import Decimal
from operator import itemgetter
from typing import Final

from services.clearing.audit.cases import Case
from services.clearing.audit.claims import Claim
from services.clearing.audit.codes import Code
from services.clearing.audit.findings import Finding, find
from services.core.money import ZERO, plain, total

_WATT_HOUR: Final = Decimal("0.001")
_POWERS: Final = ("MAX_POWER", "POWER")
Bound = tuple[Decimal, str, Decimal]
"""Most energy, why, and the figure that stands in the reason."""


def amount(case: Case) -> Iterator[Finding]:
    """Find energy that is negative, none, or more than can be, which holds for what a car feeds back too."""
    energy = case.claim.energy
    if energy < ZERO:
        yield find(Code.ENERGY_NEGATIVE, energy=energy)
        yield from _billed(case.claim)
    elif not energy and not case.claim.unreadable and "ENERGY" in case.claim.used.totals:
        yield find(Code.ENERGY_ZERO)
    limit, why, figure = min(_bounds(case), key=itemgetter(0))
    if abs(energy) > limit:
        yield find(Code.ENERGY_IMPLAUSIBLE, energy=energy, limit=limit, why=why.format(_figure(figure)))


def _billed(claim: Claim) -> Iterator[Finding]:
    """Find money that is asked for energy below zero; a credit negates the total alone."""
    parts = {name: cost.excl_tax for name, cost in claim.parts.items()}
    of_energy = parts.pop("energy", None)
    if of_energy is None:
        of_energy = claim.total_excl_tax - total(parts.values())
    if of_energy > 0 and not claim.credit and not claim.unreadable:
        yield find(Code.ENERGY_NEGATIVE_BILLED, energy=claim.energy, claimed=of_energy, currency=claim.currency)


def against_periods(case: Case) -> Iterator[Finding]:
    """Find a total energy that is not the sum of the periods."""
    claim = case.claim
    if not claim.unreadable and periods_gap(claim) > case.rules.periods_energy_tolerance_kwh:
        yield find(Code.ENERGY_PERIODS_MISMATCH, energy=claim.energy, periods=claim.volumes["ENERGY"])


def periods_gap(claim: Claim) -> Decimal:
    """Return how far the periods' energy is from the total, kWh; periods that measure none say nothing."""
    periods = claim.volumes.get("ENERGY")
    return ZERO if periods is None else abs(periods - claim.energy)


def of_periods(case: Case) -> Iterator[Finding]:
    """Find a period with more energy or power than the connector gives, or more energy than it itself allows."""
    location = case.facts.location
    power = None if location is None else location.power_kw
    if power is not None and not case.claim.volumes.keys().isdisjoint(_POWERS):
        yield from _too_strong(case, power)
    if case.claim.times_known and (power is not None or "MAX_POWER" in case.claim.volumes):
        yield from _too_much(case, power)


def _too_much(case: Case, power: Decimal | None) -> Iterator[Finding]:
    """Borders between periods may be estimates: a period is taken as longer by what times may differ."""
    longer, margin = case.rules.time_tolerance_hours, case.rules.power_margin_factor
    for each in case.periods:
        energy, own = each.period.volumes.get("ENERGY"), each.period.volumes.get("MAX_POWER")
        if energy is None or energy <= ZERO:
            continue
        hours = (each.hours + longer) * margin
        for highest, whose in ((own, "its own highest"), (power, "the connector's")):
            if highest is not None and highest > ZERO and energy > highest * hours:
                numbers = {"energy": energy, "limit": _at_power(highest, hours), "why": f"{whose} power, with a margin"}
                yield find(Code.PERIOD_ENERGY_IMPLAUSIBLE, period=each.number, **numbers)
                return


def _too_strong(case: Case, power: Decimal) -> Iterator[Finding]:
    limit = power * case.rules.power_margin_factor
    for each in case.periods:
        measured = max((each.period.volumes.get(kind, ZERO) for kind in _POWERS), default=ZERO)
        if measured > limit:
            yield find(Code.POWER_IMPLAUSIBLE, period=each.number, power=measured, limit=power)
            return


def _bounds(case: Case) -> Iterator[Bound]:
    rules, location, battery = case.rules, case.facts.location, case.facts.battery_kwh
    yield rules.energy_ceiling_kwh, "no session delivers more", ZERO
    if battery is None:
        held = rules.largest_battery_kwh
        yield held * rules.battery_margin_factor, "no car's battery holds so much, with a margin", held
    else:
        yield battery * rules.battery_margin_factor, "the battery holds {} kWh", battery
    if not case.claim.times_known:
        return
    if location is not None and location.power_kw is not None:
        limit = _at_power(location.power_kw, case.hours * rules.power_margin_factor)
        yield limit, "{} kW for the time of the session, with a margin", location.power_kw
    elif case.claim.started_at == case.claim.ended_at:
        yield ZERO, "the session takes no time", ZERO


def _at_power(power: Decimal, hours: Decimal) -> Decimal:
    return max(ZERO, (power * hours).quantize(_WATT_HOUR))


def _figure(value: Decimal) -> str:
    return plain(value.normalize())
