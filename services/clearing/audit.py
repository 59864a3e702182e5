"""The audit: a CDR and the facts give findings and, where it can be rated, our own price.

Every check is a function of its own that yields at most one finding of each code. What a CDR does not say is never held
against it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from services.clearing import session_audit
from services.clearing.claims import Claim
from services.clearing.facts import AgreementFact, Facts
from services.clearing.findings import Code, Finding, find
from services.clearing.matching import Named, missing
from services.clearing.rating import engine
from services.clearing.rating.results import Line, NotRated, Rating, Rounding
from services.clearing.rating.tariffs import Tariff
from services.clearing.rating.zones import zone_of
from services.clearing.rules import AuditRules
from services.core.money import EXACT, ZERO, total

_HOUR: Final = timedelta(hours=1)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found.

    Attributes:
        findings: In the order of the checks.
        agreement: The one in force when the session started.
        tariff: The only tariff that the CDR names and that is known, whether it could be rated or not.
        rating: None where there is no price of our own.
    """

    findings: tuple[Finding, ...]
    agreement: AgreementFact | None
    tariff: Tariff | None
    rating: Rating | None


@dataclass(frozen=True, slots=True)
class _Case:
    claim: Claim
    facts: Facts
    rules: AuditRules
    agreement: AgreementFact | None
    tariff: Tariff | None
    rated: Rating | NotRated

    @property
    def tolerance(self) -> Decimal:
        return self.agreement.total_tolerance if self.agreement else ZERO


def audit(claim: Claim, facts: Facts, rules: AuditRules) -> Audit:
    """Audit one CDR against what is known."""
    agreement = facts.agreement_at(claim.cdr.started_at)
    tariff = _only_tariff(claim, facts)
    case = _Case(claim, facts, rules, agreement, tariff, _rate(claim, facts, agreement, rules))
    findings = tuple(finding for check in _CHECKS for finding in check(case))
    rated = case.rated if isinstance(case.rated, Rating) else None
    return Audit(findings, agreement, tariff, rated)


def _only_tariff(claim: Claim, facts: Facts) -> Tariff | None:
    if len(claim.tariff_names) != 1 or len(claim.tariffs) > 1:
        return None
    return claim.tariffs[0] if claim.tariffs else facts.tariffs.get(next(iter(claim.tariff_names)))


def _rate(claim: Claim, facts: Facts, agreement: AgreementFact | None, rules: AuditRules) -> Rating | NotRated:
    if agreement is None:
        return NotRated("without an agreement there is no rounding rule")
    found = [facts.tariffs[name] for name in claim.tariffs_to_find if name in facts.tariffs]
    tariffs = [*claim.tariffs, *found]
    reason = _obstacle(claim, tariffs, rules)
    if reason is not None:
        return NotRated(reason)
    zone = None if facts.location is None else zone_of(facts.location.time_zone)
    rated = engine.rate(claim.used, tariffs, zone, Rounding(agreement.rounding))
    if isinstance(rated, NotRated):
        return rated
    if rated.excl_tax is None:
        return NotRated("the tariff has prices with a tax whose rate it does not tell")
    return _negated(rated) if claim.cdr.credit else rated


def _obstacle(claim: Claim, tariffs: Sequence[Tariff], rules: AuditRules) -> str | None:
    if claim.unreadable:
        return "some of the CDR's numbers cannot be read"
    if not tariffs:
        return "no tariff is known"
    if _energy_gap(claim) > rules.periods_energy_tolerance_kwh:
        return "the energy and its periods differ"
    return None


def _negated(rated: Rating) -> Rating:
    """Return the price of a credit: OCPI 2.2.1 mod_cdrs, Credit CDRs, has only the cost negated, not the usage.

    The totals are negated as they were rounded: rounded anew, up or down, they would not take back what was billed.
    """
    lines = tuple(_negated_line(line) for line in rated.lines)
    return replace(
        rated, lines=lines, excl_tax=_minus_optional(rated.excl_tax), incl_tax=_minus_optional(rated.incl_tax)
    )


def _negated_line(line: Line) -> Line:
    return replace(
        line,
        amount_excl_tax=_minus_optional(line.amount_excl_tax),
        tax_amount=_minus_optional(line.tax_amount),
        amount_incl_tax=_minus_optional(line.amount_incl_tax),
    )


def _minus_optional(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else EXACT.subtract(ZERO, amount)


def _energy_gap(claim: Claim) -> Decimal:
    """Return how far the periods' energy is from the total; periods that measure none say nothing."""
    periods = claim.volumes.get("ENERGY")
    return ZERO if periods is None else abs(EXACT.subtract(periods, claim.energy))


def _agreement(case: _Case) -> Iterator[Finding]:
    if case.agreement is None:
        cdr = case.claim.cdr
        yield find(Code.NO_AGREEMENT, csp=cdr.home_csp, cso=cdr.visited_cso, started=cdr.started_at.isoformat())


def _numbers(case: _Case) -> Iterator[Finding]:
    if case.claim.unreadable:
        yield find(Code.NUMBER_OUT_OF_RANGE, fields=", ".join(case.claim.unreadable))


def _named(case: _Case) -> Iterator[Finding]:
    claim, facts = case.claim, case.facts
    absent = missing(claim, facts)
    if claim.session is None:
        yield find(Code.SESSION_NOT_NAMED)
    elif facts.session is None:
        yield find(Code.SESSION_NOT_FOUND, session=claim.cdr.session_id)
    if not claim.tariff_names:
        yield find(Code.TARIFF_NOT_NAMED)
    elif Named.TARIFF in absent:
        unknown = [claim.tariff_names[name] for name in claim.tariffs_to_find if name not in facts.tariffs]
        yield find(Code.TARIFF_NOT_FOUND, tariffs=", ".join(unknown))


def _session(case: _Case) -> Iterator[Finding]:
    if case.facts.session is not None:
        differences = session_audit.differences(case.claim, case.facts.session, case.rules)
        if differences:
            yield find(Code.SESSION_MISMATCH, session=case.claim.cdr.session_id, differences="; ".join(differences))


def _currency(case: _Case) -> Iterator[Finding]:
    currency = case.claim.cdr.currency
    others = [("tariff", tariff.currency) for tariff in (*case.claim.tariffs, *case.facts.tariffs.values())]
    if case.facts.session is not None:
        others.append(("session", case.facts.session.currency))
    for other, expected in others:
        if expected != currency:
            yield find(Code.CURRENCY_MISMATCH, currency=currency, other=other, expected=expected)
            return


def _total(case: _Case) -> Iterator[Finding]:
    rated, claim = case.rated, case.claim
    if isinstance(rated, NotRated):
        if claim.tariff_names:
            yield find(Code.NOT_RATED, reason=rated.reason)
        return
    pairs = [("without tax", claim.total_excl_tax, rated.excl_tax), ("with tax", claim.total_incl_tax, rated.incl_tax)]
    for tax, claimed, ours in pairs:
        if claimed is not None and ours is not None and abs(EXACT.subtract(claimed, ours)) > case.tolerance:
            numbers = {"claimed": claimed, "rated": ours, "tolerance": case.tolerance}
            yield find(Code.TOTAL_MISMATCH, tax=tax, currency=claim.cdr.currency, **numbers)
            return


def _parts(case: _Case) -> Iterator[Finding]:
    claim, tariffs = case.claim, (*case.claim.tariffs, *case.facts.tariffs.values())
    # A least or highest price of the session is in the total and in none of the parts.
    if not claim.parts or claim.unreadable or any(tariff.limited for tariff in tariffs):
        return
    parts = total(claim.parts)
    claimed = EXACT.subtract(ZERO, claim.total_excl_tax) if claim.cdr.credit else claim.total_excl_tax
    tolerance = max(case.tolerance, case.rules.parts_tolerance)
    # A credit CDR may negate its parts or, as OCPI says, only the total.
    if min(abs(EXACT.subtract(claimed, parts)), abs(EXACT.subtract(claim.total_excl_tax, parts))) > tolerance:
        yield find(Code.PARTS_MISMATCH, claimed=claim.total_excl_tax, currency=claim.cdr.currency, parts=parts)


def _energy(case: _Case) -> Iterator[Finding]:
    energy = case.claim.energy
    if energy < 0:
        yield find(Code.ENERGY_NEGATIVE, energy=energy)
    elif not energy and not case.claim.unreadable:
        yield find(Code.ENERGY_ZERO)
    limit, why = _plausible_energy(case)
    if energy > limit:
        yield find(Code.ENERGY_IMPLAUSIBLE, energy=energy, limit=limit, why=why)
    if not case.claim.unreadable and _energy_gap(case.claim) > case.rules.periods_energy_tolerance_kwh:
        periods = case.claim.volumes["ENERGY"]
        yield find(Code.ENERGY_PERIODS_MISMATCH, energy=energy, periods=periods)


def _plausible_energy(case: _Case) -> tuple[Decimal, str]:
    rules, location = case.rules, case.facts.location
    ceiling = rules.energy_ceiling_kwh, "no session delivers more"
    if location is None or location.power_kw is None:
        return ceiling
    by_power = EXACT.multiply(EXACT.multiply(location.power_kw, _hours(case.claim)), rules.power_margin_factor)
    by_power = by_power.quantize(Decimal("0.001"), context=EXACT)
    reason = f"{location.power_kw.normalize():f} kW for the time of the session, with a margin"
    return min((max(by_power, ZERO), reason), ceiling, key=lambda bound: bound[0])


def _hours(claim: Claim) -> Decimal:
    # Integer division: a timedelta's own seconds are floats.
    return EXACT.divide(Decimal((claim.cdr.ended_at - claim.cdr.started_at) // _MICROSECOND), Decimal(3_600_000_000))


def _time(case: _Case) -> Iterator[Finding]:
    cdr, limit = case.claim.cdr, case.rules.longest_session_hours
    if cdr.ended_at < cdr.started_at:
        yield find(Code.TIME_REVERSED, started=cdr.started_at.isoformat(), ended=cdr.ended_at.isoformat())
    else:
        hours = max(_hours(case.claim), case.claim.hours)
        if hours > limit:
            yield find(Code.TIME_IMPLAUSIBLE, hours=hours.quantize(Decimal("0.01"), context=EXACT), limit=limit)


def _overlap(case: _Case) -> Iterator[Finding]:
    if case.facts.overlapping is not None:
        yield find(Code.CONNECTOR_OVERLAP, other=case.facts.overlapping)


def _credit(case: _Case) -> Iterator[Finding]:
    claim, credited = case.claim, case.facts.credited
    if not claim.cdr.credit:
        return
    reason = None
    if credited is None:
        reason = "is not known"
    elif credited.home_csp != claim.cdr.home_csp:
        reason = "is for another home-CSP"
    elif credited.credited_by is not None:
        reason = f"was already taken back by {credited.credited_by}"
    elif credited.currency != claim.cdr.currency:
        reason = f"is in {credited.currency}"
    elif EXACT.add(credited.amount, claim.amounts.amount):
        reason = f"booked {credited.amount.normalize():f}, not the opposite of {claim.amounts.amount.normalize():f}"
    if reason is not None:
        yield find(Code.CREDIT_UNMATCHED, reference=claim.cdr.credit_reference_id or "no id", reason=reason)


_CHECKS: Final[tuple[Callable[[_Case], Iterator[Finding]], ...]] = (
    _agreement,
    _numbers,
    _currency,
    _named,
    _session,
    _total,
    _parts,
    _energy,
    _time,
    _overlap,
    _credit,
)
