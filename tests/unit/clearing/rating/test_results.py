"""A price as values."""

from datetime import UTC, datetime
from decimal import Decimal

from services.clearing.rating.results import DEFAULT_ROUNDING, Part, Rating

START = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


def part(dimension: str, element: int | None) -> Part:
    return Part(1, START, START, "T1", dimension, Decimal(1), element, ())


def rating(*parts: Part) -> Rating:
    return Rating("EUR", parts, (), DEFAULT_ROUNDING, None, None)


def test_what_no_element_prices_is_told_in_order() -> None:
    parts = part("TIME", None), part("ENERGY", 1), part("PARKING_TIME", None)
    assert [each.dimension for each in rating(*parts).unpriced] == ["TIME", "PARKING_TIME"]


def test_where_all_is_priced_nothing_is_told() -> None:
    assert rating(part("ENERGY", 1)).unpriced == ()
    assert rating().unpriced == ()


def test_without_an_agreement_totals_have_two_digits_and_a_half_goes_up() -> None:
    assert not DEFAULT_ROUNDING.per_line
    given = ("0.125", "0.135", "0.1249", "-0.125")
    assert [f"{DEFAULT_ROUNDING.rule.round(Decimal(each)).normalize()}" for each in given] == [
        "0.13",
        "0.14",
        "0.12",
        "-0.13",
    ]
