from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.money import (
    EXACT,
    CurrencyDiffers,
    Money,
    OutOfRange,
    RoundingMode,
    RoundingRule,
    plain,
    quantize8,
    total,
)

LIMIT = Decimal(10) ** 20
AMOUNTS = st.decimals(min_value=-LIMIT / 2, max_value=LIMIT / 2, places=8, allow_nan=False, allow_infinity=False)
RULES = st.builds(RoundingRule, st.sampled_from(RoundingMode), st.integers(0, 8))


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_quantize8_fits_or_refuses(value: Decimal) -> None:
    try:
        result = quantize8(value)
    except OutOfRange:
        assert not value.is_finite() or abs(value) >= LIMIT - Decimal("1E-8")
        return
    assert result.as_tuple().exponent == -8
    assert len(result.as_tuple().digits) <= 28
    assert abs(result - value) <= Decimal("0.5E-8")
    assert not (result.is_zero() and result.is_signed())


@pytest.mark.parametrize("text", ["1E+999999", "-1E+999999", "100000000000000000000", "99999999999999999999.999999999"])
def test_quantize8_refuses_what_is_too_large(text: str) -> None:
    with pytest.raises(OutOfRange):
        quantize8(Decimal(text))


def test_quantize8_rounds_a_ninth_digit_half_to_even() -> None:
    assert quantize8(Decimal("0.000000005")) == 0
    assert quantize8(Decimal("0.000000015")) == Decimal("0.00000002")


@given(st.lists(AMOUNTS))
def test_total_is_exact_and_ignores_the_order(values: list[Decimal]) -> None:
    scaled = sum(int(EXACT.scaleb(value, 8)) for value in values)
    assert int(EXACT.scaleb(total(values), 8)) == scaled
    assert total(reversed(values)) == total(values)


def test_total_keeps_digits_that_the_default_context_drops() -> None:
    assert total([LIMIT - 1, Decimal("0.00000001"), LIMIT]) == Decimal("199999999999999999999.00000001")


@given(AMOUNTS, AMOUNTS)
def test_adding_and_taking_away_gives_the_same_back(left: Decimal, right: Decimal) -> None:
    assert Money(left, "EUR") + Money(right, "EUR") - Money(right, "EUR") == Money(left, "EUR")
    assert Money(left, "EUR") - (-Money(right, "EUR")) == Money(left, "EUR") + Money(right, "EUR")


def test_currencies_do_not_mix() -> None:
    with pytest.raises(CurrencyDiffers):
        Money(Decimal(1), "EUR") + Money(Decimal(1), "GBP")


@given(AMOUNTS, RULES)
def test_rounding_stays_near_and_is_stable(amount: Decimal, rule: RoundingRule) -> None:
    rounded = rule.round(amount)
    assert abs(rounded - amount) < Decimal(1).scaleb(-rule.digits)
    assert rule.round(rounded) == rounded
    assert rounded.scaleb(rule.digits) == int(rounded.scaleb(rule.digits))


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("HALF_UP", "0.13"), ("HALF_EVEN", "0.12"), ("HALF_DOWN", "0.12"), ("UP", "0.13"), ("DOWN", "0.12")],
)
def test_rounding_a_half(mode: str, expected: str) -> None:
    rule = RoundingRule(RoundingMode(mode), 2)
    assert Money(Decimal("0.125"), "EUR").rounded(rule) == Money(Decimal(expected), "EUR")


def test_rounding_rule_bounds_its_digits() -> None:
    with pytest.raises(ValueError, match="digits"):
        RoundingRule(RoundingMode.HALF_UP, 9)


def test_plain_has_no_exponent() -> None:
    assert [plain(Decimal(text)) for text in ("0E-8", "1E+3", "-5.50")] == ["0.00000000", "1000", "-5.50"]
