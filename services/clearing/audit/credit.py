"""A credit CDR, and the one that it takes back. OCPI mod_cdrs, Credit CDRs: the total alone is negated."""

from collections.abc import Iterator

from services.clearing.audit.cases import Case
from services.clearing.audit.claims import Claim
from services.clearing.audit.codes import Code
from services.clearing.audit.facts import CreditedFact, Source
from services.clearing.audit.findings import Finding, find


def original(case: Case) -> Iterator[Finding]:
    """Find a credit that names none, which OCPI requires, or is not the opposite of what its two parties booked."""
    claim, credited = case.claim, case.facts.credited
    if not claim.credit:
        return
    if credited is None and claim.credit_reference_id and Source.CDRS not in case.facts.sources:
        return
    unknown = "is not known" if claim.credit_reference_id else "is not named"
    reason = unknown if credited is None else _unfit(claim, credited)
    if reason is not None:
        yield find(Code.CREDIT_UNMATCHED, reference=claim.credit_reference_id or "no id", reason=reason)


def unmarked(case: Case) -> Iterator[Finding]:
    """Find a CDR that names one to take back and does not say that it is a credit: it would be paid."""
    claim = case.claim
    if claim.credit_reference_id and not claim.credit:
        yield find(Code.CREDIT_UNMARKED, reference=claim.credit_reference_id)


def _unfit(claim: Claim, credited: CreditedFact) -> str | None:
    if credited.home_csp != claim.home_csp:
        return "is for another home-CSP"
    if credited.credited_by is not None:
        return f"was already taken back by {credited.credited_by}"
    if credited.currency != claim.currency:
        return f"is in {credited.currency}"
    if credited.amount + claim.amount:
        return f"booked {credited.amount.normalize():f}, not the opposite of {claim.amount.normalize():f}"
    return None
