"""On what terms the CDR is: the agreement of its parties, and its currency."""

from collections.abc import Iterator

from services.clearing.audit.cases import Case
from services.clearing.audit.codes import Code
from services.clearing.audit.findings import Finding, find


def agreement(case: Case) -> Iterator[Finding]:
    """Find a CDR that no agreement covers."""
    claim = case.claim
    if case.agreement is None:
        yield find(Code.NO_AGREEMENT, csp=claim.home_csp, cso=claim.visited_cso, started=claim.started_at)


def currency(case: Case) -> Iterator[Finding]:
    """Find the first currency that is another than the CDR's: of its tariffs or its session."""
    others = [("tariff", tariff.currency) for tariff in case.tariffs]
    if case.facts.session is not None:
        others.append(("session", case.facts.session.currency))
    for other, expected in others:
        if expected != case.claim.currency:
            yield find(Code.CURRENCY_MISMATCH, currency=case.claim.currency, other=other, expected=expected)
            return
