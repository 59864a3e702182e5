"""What every check looks at, and what a check is."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from decimal import Context, Decimal
from functools import cached_property
from typing import Final, TypeAlias

import msgspec

from services.clearing.audit.claims import Claim
from services.clearing.audit.facts import AgreementFact, Facts
from services.clearing.audit.findings import Finding
from services.clearing.audit.rules import AuditRules
from services.clearing.rating.results import Outcome
from services.clearing.rating.sessions import Period
from services.clearing.rating.tariffs import Tariff
from services.core.money import ZERO

_MICROSECOND: Final = timedelta(microseconds=1)
_MICROSECONDS_OF_AN_HOUR: Final = Decimal(3_600_000_000)
_WIDE: Final = Context(prec=40)
"""For hours: they never end in decimals, and these are more digits than any comparison needs."""


def hours_of(span: timedelta) -> Decimal:
    """Return a span in hours; it can be negative."""
    # Integer division: a timedelta's own seconds are floats.
    return _WIDE.divide(Decimal(span // _MICROSECOND), _MICROSECONDS_OF_AN_HOUR)


def is_longer(hours: Decimal, span: timedelta) -> bool:
    """Say whether hours are more than a span, without a division that never ends."""
    return hours * _MICROSECONDS_OF_AN_HOUR > span // _MICROSECOND


class Lasting(msgspec.Struct, frozen=True):
    """A charging period with its place in the CDR, counted from 1, and how long it lasts.

    OCPI mod_cdrs, ChargingPeriod: it ends where the next one begins, the last one with the session.
    """

    number: int
    period: Period
    lasts: timedelta

    @property
    def hours(self) -> Decimal:
        """How long it lasts."""
        return hours_of(self.lasts)


class Case(msgspec.Struct, frozen=True, dict=True):
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

    @cached_property
    def hours(self) -> Decimal:
        """From start to end."""
        return hours_of(self.claim.ended_at - self.claim.started_at)

    @cached_property
    def periods(self) -> Sequence[Lasting]:
        """The charging periods in order of time."""
        ordered = sorted(enumerate(self.claim.used.periods, 1), key=lambda each: each[1].started_at)
        ends = [period.started_at for _, period in ordered[1:]]
        ends.append(self.claim.ended_at)
        return [
            Lasting(number, period, end - period.started_at)
            for (number, period), end in zip(ordered, ends, strict=False)
        ]


Check: TypeAlias = Callable[[Case], Iterator[Finding]]
"""Looks at one subject; what a CDR does not say is never held against it. It reckons in the context of the engine."""
