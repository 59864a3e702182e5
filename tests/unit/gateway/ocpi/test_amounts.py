from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.ocpi.amounts import Amount, is_amount, minus, plus, without_percentage

# As large, as small and as long as the wire models let numbers be.
amounts = st.integers(-(10**99), 10**99) | st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent), st.integers(-(10**60), 10**60), st.integers(-90, 30)
)


@given(amounts, amounts)
def test_nothing_is_lost_in_sums_and_differences(one: Amount, other: Amount) -> None:
    assert minus(plus(one, other), other) == one
    assert plus(minus(one, other), other) == one


def test_digits_are_kept_as_written() -> None:
    assert str(plus(Decimal("4.00"), Decimal("0.40"))) == "4.40"
    assert str(minus(Decimal("4.40"), Decimal("4.00"))) == "0.40"
    assert str(plus(4, 1)) == "5"


@pytest.mark.parametrize("value", [True, None, "1", 1.5, [1], {}])
def test_what_is_no_amount(value: object) -> None:
    assert not is_amount(value)


@pytest.mark.parametrize(
    ("amount", "percentage", "expected"),
    [
        (Decimal("0.30"), 20, "0.25"),
        (Decimal("2.10"), 5, "2"),
        (Decimal("0.25"), Decimal("21.0"), "0.20661157"),
        (Decimal("-0.30"), 20, "-0.25"),
        (Decimal("0.30"), 0, "0.3"),
        (0, 20, "0"),
        (1200, 20, "1000"),
    ],
)
def test_what_an_amount_was_before_a_percentage(amount: Amount, percentage: Amount, expected: str) -> None:
    assert str(without_percentage(amount, percentage)) == expected


@pytest.mark.parametrize("percentage", [-100, Decimal("-100.5")])
def test_no_amount_becomes_nothing_or_less(percentage: Amount) -> None:
    assert without_percentage(Decimal("0.30"), percentage) is None


@given(st.decimals(Decimal("-1E9"), Decimal("1E9"), places=4), st.decimals(0, 100, places=2))
def test_adding_the_percentage_again_leads_back(amount: Decimal, percentage: Decimal) -> None:
    before = without_percentage(amount, percentage)
    assert before is not None
    assert abs(before * (100 + percentage) / 100 - amount) <= Decimal("1E-8")
