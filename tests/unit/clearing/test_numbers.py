from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.clearing.numbers import is_rounded, read

HELD = st.decimals(
    min_value=-(Decimal(10) ** 20) + 1,
    max_value=Decimal(10) ** 20 - 1,
    places=8,
    allow_nan=False,
    allow_infinity=False,
)


@given(HELD)
def test_reads_what_decimal_28_8_holds(number: Decimal) -> None:
    assert read(str(number)) == number


@given(st.text(max_size=30))
def test_never_raises(text: str) -> None:
    number = read(text)
    assert number is None or number.is_finite()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4.3999999999999995", "4.4"),
        ("1E2", "100"),
        ("1e-9", "0"),
        ("-0", "0"),
        ("0.000000005", "0"),
        ("99999999999999999999.99999999", "99999999999999999999.99999999"),
    ],
)
def test_reads(text: str, expected: str) -> None:
    number = read(text)
    assert number is not None
    assert str(number) == str(Decimal(expected).quantize(Decimal("1E-8")))


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1_0", "NaN", "Infinity", "1E999999", "100000000000000000000", "99999999999999999999.999999999", "٣",
     "1." + "0" * 200, ".5", "0x1"],
)  # fmt: skip
def test_refuses(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "rounded"),
    [("4.3999999999999995", True), ("1e-9", True), ("0.000000001", True), ("4.40000000000", False), ("1E2", False)],
)
def test_says_what_was_rounded(text: str, rounded: bool) -> None:
    number = read(text)
    assert number is not None
    assert is_rounded(text, number) is rounded


@given(st.decimals(min_value=-(10**6), max_value=10**6, places=12).map(str))
def test_what_was_rounded_is_another_number(text: str) -> None:
    number = read(text)
    assert number is not None
    assert is_rounded(text, number) is (number != Decimal(text))
