"""Double entry: what a verdict books, and that it nets to zero.

Accepted and flagged CDRs book the claimed total, disputed and rejected ones 0. A revision books the difference to what
was booked before, so that the sum over all revisions of all CDRs is the ledger.
"""

from dataclasses import dataclass
from decimal import Decimal

from services.clearing.audit.findings import Verdict
from services.core.money import EXACT, ZERO, quantize8


@dataclass(frozen=True, slots=True)
class Amounts:
    """An amount with tax (or without, where the CSO does not say the tax) and the same without tax."""

    amount: Decimal
    excl_tax: Decimal


NOTHING = Amounts(ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a posting; positive is owed to the account's owner."""

    account: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Booking:
    """What one revision changes and what is in force after it."""

    change: Amounts
    in_force: Amounts


def book(verdict: Verdict, claimed: Amounts, before: Amounts = NOTHING) -> Booking:
    """Return what a revision with this verdict books, where `before` was in force until now.

    Raises:
        services.core.money.OutOfRange: when a difference does not fit decimal(28,8).
    """
    in_force = claimed if verdict.books else NOTHING
    change = Amounts(
        quantize8(EXACT.subtract(in_force.amount, before.amount)),
        quantize8(EXACT.subtract(in_force.excl_tax, before.excl_tax)),
    )
    return Booking(change, in_force)


def entries(visited_cso: str, home_csp: str, amount: Decimal) -> tuple[Entry, ...]:
    """Return the two sides of a change, which sum to zero; none for a change of zero."""
    if not amount:
        return ()
    owed = EXACT.subtract(ZERO, amount)
    return Entry(receivable(visited_cso, home_csp), amount), Entry(payable(visited_cso, home_csp), owed)


def receivable(visited_cso: str, home_csp: str) -> str:
    """Return the account of what a home-CSP owes a visited-CSO, as the CSO sees it."""
    return f"{visited_cso}/receivable/{home_csp}"


def payable(visited_cso: str, home_csp: str) -> str:
    """Return the account of the same debt as the home-CSP sees it."""
    return f"{home_csp}/payable/{visited_cso}"
