from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.clearing.audit.findings import Verdict
from services.clearing.ledger import NOTHING, Amounts, book, entries, payable, receivable
from services.core.money import total

MONEY = st.decimals(min_value=-(10**15), max_value=10**15, places=8, allow_nan=False, allow_infinity=False)
AMOUNTS = st.builds(Amounts, MONEY, MONEY)
VERDICTS = st.sampled_from(Verdict)


@given(MONEY)
def test_every_posting_nets_to_zero(amount: Decimal) -> None:
    assert total(entry.amount for entry in entries("BE-BEC", "NL-TNM", amount)) == 0


@given(st.lists(st.tuples(VERDICTS, AMOUNTS), min_size=1))
def test_the_sum_over_all_revisions_is_what_is_in_force(revisions: list[tuple[Verdict, Amounts]]) -> None:
    in_force = NOTHING
    changes: list[Amounts] = []
    receivables: list[Decimal] = []
    for verdict, claimed in revisions:
        booking = book(verdict, claimed, in_force)
        in_force = booking.in_force
        changes.append(booking.change)
        posted = entries("BE-BEC", "NL-TNM", booking.change.amount)
        receivables.extend(entry.amount for entry in posted if "/receivable/" in entry.account)
    last_verdict, last_claim = revisions[-1]
    expected = last_claim if last_verdict in {Verdict.ACCEPTED, Verdict.FLAGGED} else NOTHING
    assert total(change.amount for change in changes) == in_force.amount == expected.amount == total(receivables)
    assert total(change.excl_tax for change in changes) == expected.excl_tax


def test_accepted_and_flagged_book_the_claim_and_the_others_nothing() -> None:
    claim = Amounts(Decimal("5.50"), Decimal(5))
    assert book(Verdict.ACCEPTED, claim).change == claim
    assert book(Verdict.FLAGGED, claim).change == claim
    assert book(Verdict.DISPUTED, claim).change == NOTHING
    assert book(Verdict.REJECTED, claim).change == NOTHING
    assert entries("BE-BEC", "NL-TNM", NOTHING.amount) == ()


def test_the_home_csp_owes_the_visited_cso() -> None:
    posted = entries("BE-BEC", "NL-TNM", Decimal("5.50"))
    assert {entry.account: entry.amount for entry in posted} == {
        "BE-BEC/receivable/NL-TNM": Decimal("5.50"),
        "NL-TNM/payable/BE-BEC": Decimal("-5.50"),
    }
    assert receivable("A", "B") == "A/receivable/B"
    assert payable("A", "B") == "B/payable/A"
