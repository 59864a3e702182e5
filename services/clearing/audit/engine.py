"""A CDR and the facts give findings and, where it can be rated, our own price."""

import decimal
from collections.abc import Sequence
from typing import Final

import msgspec

from services.clearing.audit import (
    authorization,
    credit,
    document,
    duplicates,
    energy,
    metering,
    overlaps,
    periods,
    price,
    session,
    tariffs,
    terms,
    times,
    totals,
)
from services.clearing.audit.cases import Case, Check
from services.clearing.audit.claims import Claim
from services.clearing.audit.facts import AgreementFact, Facts
from services.clearing.audit.findings import Finding, Verdict, as_agreed, bounded, verdict
from services.clearing.audit.rules import AuditRules
from services.clearing.rating.results import Outcome, Rating
from services.clearing.rating.tariffs import Tariff
from services.core.money import EXACT

_CHECKS: Final[tuple[Check, ...]] = (
    terms.agreement,
    document.numbers,
    terms.currency,
    session.named,
    tariffs.named,
    session.differing,
    authorization.named,
    tariffs.validity,
    tariffs.readable,
    tariffs.as_published,
    tariffs.zone,
    tariffs.matching,
    price.total,
    price.parts,
    totals.parts,
    totals.sign,
    totals.tax,
    energy.amount,
    energy.against_periods,
    energy.of_periods,
    times.order_and_length,
    times.against_clocks,
    times.totals,
    periods.order,
    periods.within_session,
    periods.measured_times,
    periods.dimensions,
    overlaps.on_connector,
    overlaps.on_credential,
    duplicates.repeated,
    credit.original,
    credit.unmarked,
    metering.signed,
)


class Audit(msgspec.Struct, frozen=True):
    """What an audit found.

    Attributes:
        findings: In the order of the checks, with the severities that the agreement gives them.
        agreement: The one in force when the session started.
        tariffs: Those that the CDR names and that are known, whether it could be rated or not.
        rating: Our own price, or why there is none.
    """

    findings: tuple[Finding, ...]
    agreement: AgreementFact | None
    tariffs: Sequence[Tariff]
    rating: Outcome

    @property
    def rated(self) -> Rating | None:
        """Our own price, where there is one."""
        return self.rating if isinstance(self.rating, Rating) else None

    @property
    def tariff(self) -> Tariff | None:
        """The tariff, where there is just one."""
        return self.tariffs[0] if len(self.tariffs) == 1 else None

    @property
    def verdict(self) -> Verdict:
        """What becomes of the CDR."""
        return verdict(self.findings)


def audit(claim: Claim, facts: Facts, rules: AuditRules) -> Audit:
    """Audit one CDR against what is known; it never raises for what a CDR says."""
    # As in the rating engine, numbers are reckoned with operators, and none is rounded.
    with decimal.localcontext(EXACT):
        return _audit(claim, facts, rules)


def _audit(claim: Claim, facts: Facts, rules: AuditRules) -> Audit:
    agreement = facts.agreement_at(claim.started_at)
    known = [*claim.tariffs, *(facts.tariffs[name] for name in claim.tariffs_to_find if name in facts.tariffs)]
    case = Case(claim, facts, rules, agreement, known, price.rate(claim, facts, known, agreement, rules))
    found = [finding for check in _CHECKS for finding in check(case)]
    if agreement is not None and agreement.severities:
        found = [as_agreed(finding, agreement.severities) for finding in found]
    return Audit(bounded(found, rules.max_findings), agreement, known, case.rating)
