"""Numbers in sentences."""

from decimal import Decimal

import pytest

from services.clearing.rating.figures import figure


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1.500", "1.5"),
        ("100", "100"),
        ("1E+3", "1000"),
        ("0E-8", "0"),
        ("-0.50", "-0.5"),
        ("0.00000001", "0.00000001"),
    ],
)
def test_no_exponent_and_no_trailing_zeros(value: str, shown: str) -> None:
    assert figure(Decimal(value)) == shown


def test_a_ninth_digit_is_not_shown() -> None:
    assert figure(Decimal(1) / 3) == "0.33333333"
    assert figure(Decimal("0.666666666")) == "0.66666667"


def test_what_is_not_known_is_said() -> None:
    assert figure(None) == "unknown"


def test_large_numbers_lose_no_digit() -> None:
    assert figure(Decimal("12345678901234567890.12345678")) == "12345678901234567890.12345678"
