"""The claimed totals against each other."""

from collections.abc import Iterator

from services.clearing.audit.cases import Case
from services.clearing.audit.codes import Code
from services.clearing.audit.findings import Finding, find
from services.core.money import EXACT, ZERO, total


def parts(case: Case) -> Iterator[Finding]:
    """Find parts that do not sum to the total."""
    claim = case.claim
    # A least or highest price of the session is in the total and in none of the parts.
    if not claim.parts or claim.unreadable or any(tariff.limited for tariff in case.tariffs):
        return
    summed = total(part.excl_tax for part in claim.parts.values())
    claimed = EXACT.subtract(ZERO, claim.total_excl_tax) if claim.credit else claim.total_excl_tax
    tolerance = max(case.tolerance, case.rules.parts_tolerance)
    # A credit CDR may negate its parts or, as OCPI says, only the total.
    if min(abs(EXACT.subtract(claimed, summed)), abs(EXACT.subtract(claim.total_excl_tax, summed))) > tolerance:
        numbers = {"claimed": claim.total_excl_tax, "parts": summed}
        yield find(Code.PARTS_MISMATCH, tax="without tax", currency=claim.currency, **numbers)
