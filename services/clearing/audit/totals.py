"""The claimed totals against each other."""

from collections.abc import Iterator
from decimal import Decimal

from services.clearing.audit.cases import Case
from services.clearing.audit.claims import Cost
from services.clearing.audit.codes import Code
from services.clearing.audit.findings import Finding, find
from services.core.money import EXACT, ZERO, total


def parts(case: Case) -> Iterator[Finding]:
    """Find parts that do not sum to the total, without tax or with it."""
    claim = case.claim
    # A least or highest price of the session is in the total and in none of the parts.
    if not claim.parts or claim.unreadable or any(tariff.limited for tariff in case.tariffs):
        return
    without = [part.excl_tax for part in claim.parts.values()]
    taxed = [part.incl_tax for part in claim.parts.values() if part.incl_tax is not None]
    sums = [("without tax", claim.total_excl_tax, total(without))]
    if claim.total_incl_tax is not None and len(taxed) == len(without):
        sums.append(("with tax", claim.total_incl_tax, total(taxed)))
    for tax, claimed, summed in sums:
        if _apart(case, claimed, summed):
            yield find(Code.PARTS_MISMATCH, tax=tax, claimed=claimed, currency=claim.currency, parts=summed)
            return


def _apart(case: Case, claimed: Decimal, summed: Decimal) -> bool:
    tolerance = max(case.tolerance, case.rules.parts_tolerance)
    # A credit CDR may negate its parts or, as OCPI says, only the total.
    signs = [claimed, EXACT.subtract(ZERO, claimed)] if case.claim.credit else [claimed]
    return all(abs(EXACT.subtract(each, summed)) > tolerance for each in signs)


def sign(case: Case) -> Iterator[Finding]:
    """Find a total below zero that neither takes something back nor pays for energy that the car gave."""
    claim = case.claim
    if claim.total_excl_tax < 0 <= claim.energy and not claim.credit:
        yield find(Code.TOTAL_NEGATIVE, claimed=claim.total_excl_tax, currency=claim.currency, energy=claim.energy)


def tax(case: Case) -> Iterator[Finding]:
    """Find the first of total and parts whose tax is negative or above any rate that there is."""
    claim, limit = case.claim, case.rules.highest_tax_percent
    costs = {"total": Cost(claim.total_excl_tax, claim.total_incl_tax)}
    costs |= {f"cost of {name}": cost for name, cost in claim.parts.items()}
    for what, cost in costs.items():
        if cost.incl_tax is not None and not claim.unreadable and not _is_taxable(cost, cost.incl_tax, case):
            numbers = {"excl_tax": cost.excl_tax, "incl_tax": cost.incl_tax, "limit": limit}
            yield find(Code.TAX_IMPLAUSIBLE, what=what, currency=claim.currency, **numbers)
            return


def _is_taxable(cost: Cost, incl_tax: Decimal, case: Case) -> bool:
    """Say whether one amount can be the other with tax; each may have been rounded by itself."""
    added, excl_tax, slack = EXACT.subtract(incl_tax, cost.excl_tax), cost.excl_tax, case.rules.parts_tolerance
    if excl_tax < 0:
        added, excl_tax = EXACT.minus(added), EXACT.minus(excl_tax)
    highest = EXACT.multiply(excl_tax, case.rules.highest_tax_factor)
    return EXACT.minus(slack) <= added <= EXACT.add(highest, slack)
