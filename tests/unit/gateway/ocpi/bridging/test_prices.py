from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.ocpi.bridging.prices import limit_down, limit_up, price_down, price_up

pytestmark = pytest.mark.ocpi_rule(25)

numbers = st.integers(-(10**12), 10**12) | st.decimals(
    Decimal("-1E20"), Decimal("1E20"), allow_nan=False, allow_infinity=False
)


@given(numbers, st.none() | numbers)
def test_a_price_of_2_2_1_comes_back_as_it_was(excluding: Any, including: Any) -> None:
    price = {"excl_vat": excluding} if including is None else {"excl_vat": excluding, "incl_vat": including}
    assert price_down(price_up(price)) == price


@given(numbers, st.lists(numbers, min_size=1, max_size=4))
def test_the_taxes_of_2_3_0_are_one_tax_on_the_way_back(before: Any, amounts: list[Any]) -> None:
    taxes = [{"name": f"tax {number}", "amount": amount} for number, amount in enumerate(amounts)]
    back = price_up(price_down({"before_taxes": before, "taxes": taxes}))
    assert back["before_taxes"] == before
    (tax,) = back["taxes"]
    assert tax["name"] == "VAT"
    assert Fraction(tax["amount"]) == sum(Fraction(each) for each in amounts)


def test_a_known_tax_of_nothing_stays_known() -> None:
    assert price_up({"excl_vat": 4, "incl_vat": 4}) == {"before_taxes": 4, "taxes": [{"name": "VAT", "amount": 0}]}


@pytest.mark.parametrize("taxes", [{}, {"taxes": []}, {"taxes": None}])
def test_an_unknown_tax_stays_unknown(taxes: dict[str, Any]) -> None:
    assert price_down({"before_taxes": 4, **taxes}) == {"excl_vat": 4}
    assert price_up({"excl_vat": 4, "incl_vat": None}) == {"before_taxes": 4}


def test_numbers_keep_their_digits() -> None:
    raised = price_up({"excl_vat": Decimal("4.00"), "incl_vat": Decimal("4.40")})
    assert str(raised["taxes"][0]["amount"]) == "0.40"
    assert str(price_down(raised)["incl_vat"]) == "4.40"


def test_limits_have_other_names_only() -> None:
    assert limit_up({"excl_vat": 1, "incl_vat": 2, "own": 3}) == {"before_taxes": 1, "after_taxes": 2, "own": 3}
    assert limit_down({"before_taxes": 1}) == {"excl_vat": 1}
