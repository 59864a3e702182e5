"""Our own price of a CDR, and the total against it."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from services.clearing.audit.cases import Case
from services.clearing.audit.claims import Claim
from services.clearing.audit.codes import Code
from services.clearing.audit.energy import periods_gap
from services.clearing.audit.facts import AgreementFact, Facts
from services.clearing.audit.findings import Finding, find
from services.clearing.audit.rules import AuditRules
from services.clearing.rating import engine
from services.clearing.rating.results import Line, NotRated, Outcome, Rating, Rounding
from services.clearing.rating.tariffs import Tariff
from services.clearing.rating.zones import zone_of
from services.core.money import ZERO

WITH_TAX: Final = "with tax"
"""What a finding calls a total with its tax; only where the one without is right it is told of."""

_RATED_PARTS: Final = {"energy": "ENERGY", "time": "TIME"}


def rate(
    claim: Claim, facts: Facts, tariffs: Sequence[Tariff], agreement: AgreementFact | None, rules: AuditRules
) -> Outcome:
    """Return our own price of what the CDR says was used, or why there is none."""
    if agreement is None:
        return NotRated("without an agreement there is no rounding rule")
    reason = _obstacle(claim, tariffs, rules)
    if reason is not None:
        return NotRated(reason)
    zone = None if facts.location is None else zone_of(facts.location.time_zone)
    rated = engine.rate(claim.used, tariffs, zone, Rounding(agreement.rounding, agreement.rounding_per_line))
    if isinstance(rated, NotRated):
        return rated
    if rated.excl_tax is None and (rated.incl_tax is None or claim.total_incl_tax is None):
        # With the tax in it the price may be known, and compared with a total that has the tax in it too.
        return NotRated("the tariff has prices with a tax whose rate it does not tell")
    return _negated(rated) if claim.credit else rated


def total(case: Case) -> Iterator[Finding]:
    """Find a total that is further from our price than the agreement tolerates, or that there is no such price."""
    rated, claim = case.rating, case.claim
    if isinstance(rated, NotRated):
        if claim.tariff_names:
            yield find(Code.NOT_RATED, reason=rated.reason)
        return
    pairs = [("without tax", claim.total_excl_tax, rated.excl_tax), (WITH_TAX, claim.total_incl_tax, rated.incl_tax)]
    for tax, claimed, ours in pairs:
        if claimed is not None and ours is not None and abs(claimed - ours) > case.tolerance:
            numbers = {"claimed": claimed, "rated": ours, "tolerance": case.tolerance}
            yield find(Code.TOTAL_MISMATCH, tax=tax, currency=claim.currency, **numbers)
            return


def parts(case: Case) -> Iterator[Finding]:
    """Find a cost of energy or of time that is another than ours, where only the total counts.

    The other parts have no clear counterpart: OCPI mod_cdrs counts some flat prices to parking and reservation.
    """
    rated, claim = case.rating, case.claim
    if not isinstance(rated, Rating) or claim.credit or any(tariff.limited for tariff in case.tariffs):
        return
    tolerance = max(case.tolerance, case.rules.parts_tolerance)
    for part, component in _RATED_PARTS.items():
        cost = claim.parts.get(part)
        if cost is not None:
            amounts = [
                line.amount_excl_tax
                for line in rated.lines
                if line.component_type == component and not line.reservation
            ]
            ours = sum((amount for amount in amounts if amount is not None), ZERO)
            if None not in amounts and abs(cost.excl_tax - ours) > tolerance:
                numbers = {"claimed": cost.excl_tax, "rated": ours}
                yield find(Code.PART_MISRATED, part=part, currency=claim.currency, **numbers)


def _obstacle(claim: Claim, tariffs: Sequence[Tariff], rules: AuditRules) -> str | None:
    if claim.unreadable:
        return "some of the CDR's numbers cannot be read"
    if not tariffs:
        return "no tariff is known"
    if periods_gap(claim) > rules.periods_energy_tolerance_kwh:
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
    return line._replace(
        amount_excl_tax=_minus_optional(line.amount_excl_tax),
        tax_amount=_minus_optional(line.tax_amount),
        amount_incl_tax=_minus_optional(line.amount_incl_tax),
    )


def _minus_optional(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else ZERO - amount
