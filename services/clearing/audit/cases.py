"""What every check looks at, and what a check is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from services.clearing.audit.claims import Claim
from services.clearing.audit.facts import AgreementFact, Facts
from services.clearing.audit.findings import Finding
from services.clearing.audit.rules import AuditRules
from services.clearing.rating.results import Outcome
from services.clearing.rating.tariffs import Tariff
from services.core.money import ZERO


@dataclass(frozen=True, slots=True)
class Case:
    """One CDR under audit.

    Attributes:
        agreement: The one in force when the session started.
        tariffs: Those that the CDR names and that are known: its own copies, and the published ones for the others.
        rating: Our own price, or why there is none.
    """

    claim: Claim
    facts: Facts
    rules: AuditRules
    agreement: AgreementFact | None
    tariffs: Sequence[Tariff]
    rating: Outcome

    @property
    def tolerance(self) -> Decimal:
        """How far a total may lie from our rating."""
        return self.agreement.total_tolerance if self.agreement else ZERO


Check: TypeAlias = Callable[[Case], Iterator[Finding]]
"""Looks at one subject; what a CDR does not say is never held against it."""
