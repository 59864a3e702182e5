"""The claimed totals against each other."""

from collections.abc import Iterator
from decimal import Decimal

from services.clearing.audit.cases import Case
from services.clearing.audit.claims import Cost
from services.clearing.audit.codes import Code
from services.clearing.audit.findings import Finding, find
from services.core.money import ZERO


def parts(case: Case) -> Iterator[Finding]:
    """Find parts that do not sum to the total, without tax or with it."""
    claim = case.claim
    # A least or highest price of the session is in the total and in none of the parts.
    if not claim.parts or claim.unreadable or any(tariff.limited for tariff in case.tariffs):
        return
    sums = [("without tax", claim.total_excl_tax, sum([part.excl_tax for part in claim.parts.values()], ZERO))]
    taxed = [part.incl_tax for part in claim.parts.values() if part.incl_tax is not None]
    if claim.total_incl_tax is not None and len(taxed) == len(claim.parts):
        sums.append(("with tax", claim.total_incl_tax, sum(taxed, ZERO)))
    for tax, claimed, summed in sums:
        if _apart(case, claimed, summed):
            yield find(Code.PARTS_MISMATCH, tax=tax, claimed=claimed, currency=claim.currency, parts=summed)
            return


def _apart(case: Case, claimed: Decimal, summed: Decimal) -> bool:
    tolerance = max(case.tolerance, case.rules.parts_tolerance)
    if abs(claimed - summed) <= tolerance:
        return False
    # A credit CDR may negate its parts or, as OCPI says, only the total.
    return not case.claim.credit or abs(claimed + summed) > tolerance


def sign(case: Case) -> Iterator[Finding]:
    """Find a total below zero that neither takes something back nor pays for energy that the car gave."""
    claim = case.claim
    if claim.total_excl_tax < 0 <= claim.energy and not claim.credit:
        yield find(Code.TOTAL_NEGATIVE, claimed=claim.total_excl_tax, currency=claim.currency, energy=claim.energy)


def tax(case: Case) -> Iterator[Finding]:
    """Find the first of total and parts whose tax is negative or above any rate that there is."""
    claim, limit = case.claim, case.rules.highest_tax_percent
    if claim.unreadable:
        return
    for part, cost in (("", Cost(claim.total_excl_tax, claim.total_incl_tax)), *claim.parts.items()):
        if cost.incl_tax is not None and not _is_taxable(cost, cost.incl_tax, case):
            numbers = {"excl_tax": cost.excl_tax, "incl_tax": cost.incl_tax, "limit": limit}
            what = f"cost of {part}" if part else "total"
            yield find(Code.TAX_IMPLAUSIBLE, what=what, currency=claim.currency, **numbers)
            return


def _is_taxable(cost: Cost, incl_tax: Decimal, case: Case) -> bool:
    """Say whether one amount can be the other with tax; each may have been rounded by itself."""
    added, excl_tax, slack = incl_tax - cost.excl_tax, cost.excl_tax, case.rules.parts_tolerance
    if excl_tax < ZERO:
        added, excl_tax = -added, -excl_tax
    return -slack <= added <= excl_tax * case.rules.highest_tax_factor + slack
