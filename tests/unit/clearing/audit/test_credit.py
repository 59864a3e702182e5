from decimal import Decimal
from typing import Any

import pytest

from services.clearing.audit.claims import Cost
from services.clearing.audit.codes import Code
from services.clearing.audit.facts import CreditedFact
from services.core.money import RoundingMode, RoundingRule
from tests.unit.clearing.audit.examples import Example, audited, codes, period
from tests.unit.clearing.samples import CSP, agreement, facts

CREDIT: dict[str, Any] = {
    "cdr_id": "C1-credit",
    "credit": True,
    "credit_reference_id": "C1",
    "total_excl_tax": Decimal("-5.00"),
    "total_incl_tax": Decimal("-5.50"),
}


def original(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {"cdr_id": "C1", "revision": 1, "home_csp": CSP, "amount": Decimal("5.50")}
    return {"credited": CreditedFact(**(values | {"currency": "EUR", "credited_by": None} | changes))}


FOUND = [
    Example(Code.CREDIT_UNMATCHED, CREDIT),
    Example(Code.CREDIT_UNMATCHED, CREDIT | {"credit_reference_id": None}),
    Example(Code.CREDIT_UNMATCHED, CREDIT | {"credit_reference_id": None}, {"sources": frozenset()}),
    Example(Code.CREDIT_UNMATCHED, CREDIT, original(home_csp="DE-ABC")),
    Example(Code.CREDIT_UNMATCHED, CREDIT, original(credited_by="C1-c")),
    Example(Code.CREDIT_UNMATCHED, CREDIT, original(currency="GBP")),
    Example(Code.CREDIT_UNMATCHED, CREDIT, original(amount=Decimal(0))),
    Example(Code.CREDIT_UNMARKED, {"credit_reference_id": "C0"}),
]
LEGAL = [
    Example(Code.CREDIT_UNMATCHED, CREDIT, original()),
    Example(Code.CREDIT_UNMATCHED, CREDIT, {"sources": frozenset()}),
    Example(Code.CREDIT_UNMATCHED),
    Example(Code.CREDIT_UNMARKED, CREDIT, original()),
]


@pytest.mark.parametrize("example", FOUND)
def test_found(example: Example) -> None:
    assert codes(example.audited) == {example.code}


@pytest.mark.parametrize("example", LEGAL)
def test_legal(example: Example) -> None:
    assert codes(example.audited) == set()


def test_which_original_is_meant_is_told() -> None:
    for changes, reference in (({}, "C1"), ({"credit_reference_id": None}, "no id")):
        (finding,) = Example(Code.CREDIT_UNMATCHED, CREDIT | changes).audited.findings
        assert finding.numbers["reference"] == reference
        assert ("is not named" in finding.detail) == (reference == "no id")


@pytest.mark.parametrize(
    ("changes", "phrase"),
    [
        ({"home_csp": "DE-ABC"}, "another home-CSP"),
        ({"credited_by": "C1-c"}, "already taken back by C1-c"),
        ({"currency": "GBP"}, "is in GBP"),
        ({"amount": Decimal(0)}, "booked 0"),
    ],
)
def test_why_an_original_does_not_fit_is_told(changes: dict[str, Any], phrase: str) -> None:
    (finding,) = Example(Code.CREDIT_UNMATCHED, CREDIT, original(**changes)).audited.findings
    assert phrase in finding.detail


@pytest.mark.ocpi_rule(23)
def test_a_right_credit_negates_the_total_alone_or_its_parts_too() -> None:
    for sign in (1, -1):
        found = audited(facts(**original()), **CREDIT, parts={"energy": Cost(Decimal(5 * sign))})
        assert found.findings == ()
        assert found.rated is not None
        assert found.rated.incl_tax == Decimal("-5.50")


@pytest.mark.parametrize("mode", RoundingMode)
def test_a_credit_takes_back_what_was_billed_however_it_was_rounded(mode: RoundingMode) -> None:
    known = facts(agreements=[agreement(rounding=RoundingRule(mode, 2), total_tolerance=Decimal(0))])
    usage: dict[str, Any] = {
        "energy": Decimal("1.111"),
        "periods": (period({"ENERGY": "1.111"}),),
        "session_id": None,
        "parts": {},
    }
    billed = audited(known, **usage).rated
    assert billed is not None
    assert billed.incl_tax is not None
    assert billed.excl_tax is not None
    back = {"total_excl_tax": -billed.excl_tax, "total_incl_tax": -billed.incl_tax}
    found = audited(known, **(CREDIT | usage | back))
    assert Code.TOTAL_MISMATCH not in codes(found)


def test_a_credit_that_asks_for_money_is_rejected() -> None:
    money = {"total_excl_tax": Decimal("5.00"), "total_incl_tax": Decimal("5.50")}
    assert Code.TOTAL_MISMATCH in codes(audited(facts(**original()), **(CREDIT | money)))
