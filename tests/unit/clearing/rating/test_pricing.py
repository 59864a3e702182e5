"""What a line costs, with and without tax."""

from decimal import Decimal

import pytest

from services.clearing.rating.measuring import Use
from services.clearing.rating.pricing import line_of, sums
from services.clearing.rating.results import DEFAULT_ROUNDING, CannotRate, Line, Rounding
from services.clearing.rating.stepping import Billed
from services.clearing.rating.tariffs import Component, Tariff
from services.core.money import OutOfRange, RoundingMode, RoundingRule

PER_LINE = Rounding(RoundingRule(RoundingMode.HALF_UP, 2), per_line=True)


def line(
    price: str,
    vat: str | None,
    *,
    inside: bool = False,
    watt_hours: str = "1000",
    rounding: Rounding = DEFAULT_ROUNDING,
) -> Line:
    component = Component("ENERGY", Decimal(price), None if vat is None else Decimal(vat), tax_inside=inside)
    use = Use(Tariff("T1", "EUR", []), 2, component, reservation=False, volume=Decimal("0.999"))
    return line_of(Billed(use, Decimal(watt_hours), Decimal(1000)), rounding)


def amounts(found: Line) -> list[str | None]:
    told = (found.amount_excl_tax, found.tax_amount, found.amount_incl_tax)
    return [None if each is None else f"{each:.4f}" for each in told]


@pytest.mark.parametrize(
    ("price", "vat", "inside", "expected"),
    [
        ("5.00", "10", False, ["5.0000", "0.5000", "5.5000"]),
        ("6.00", "20", True, ["5.0000", "1.0000", "6.0000"]),
        ("5.00", "0", False, ["5.0000", "0.0000", "5.0000"]),
        ("5.00", None, False, ["5.0000", None, None]),
        ("5.00", None, True, [None, None, "5.0000"]),
        ("0", None, False, ["0.0000", None, "0.0000"]),
        ("0", None, True, ["0.0000", None, "0.0000"]),
    ],
)
def test_a_tax_is_added_or_taken_out_and_stays_unknown_where_nobody_tells_it(
    price: str, vat: str | None, inside: bool, expected: list[str | None]
) -> None:
    assert amounts(line(price, vat, inside=inside)) == expected


def test_a_line_tells_what_was_measured_and_what_is_billed() -> None:
    found = line("0.30", "20", watt_hours="1500")
    assert (found.measured, found.volume, found.unit) == (Decimal("0.999"), Decimal("1.5"), "KWH")
    assert (found.tariff_id, found.element, found.price, found.vat_percent) == ("T1", 2, Decimal("0.30"), Decimal(20))
    assert amounts(found) == ["0.4500", "0.0900", "0.5400"]


def test_rounded_lines_add_up() -> None:
    """0.125 and 0.150 with 20 %: 0.13 and 0.15, and so a tax of 0.02 and not of 0.025 or 0.03."""
    assert amounts(line("0.125", "20")) == ["0.1250", "0.0250", "0.1500"]
    assert amounts(line("0.125", "20", rounding=PER_LINE)) == ["0.1300", "0.0200", "0.1500"]
    assert amounts(line("0.125", None, rounding=PER_LINE)) == ["0.1300", None, None]


def test_a_tax_may_not_take_away_all_of_a_price_that_includes_it() -> None:
    with pytest.raises(CannotRate, match="takes away more"):
        line("1", "-100", inside=True)
    assert amounts(line("1", "-100")) == ["1.0000", "-1.0000", "0.0000"]


def test_an_amount_that_no_event_can_hold_is_refused() -> None:
    with pytest.raises(OutOfRange):
        line("10000000000000", None, watt_hours="10000000000000")


def test_one_unknown_amount_makes_its_sum_unknown_and_no_other() -> None:
    known, untaxed, inside = line("5", "10"), line("1", None), line("2", None, inside=True)
    assert sums([known, known]) == (Decimal(10), Decimal(11))
    assert sums([known, untaxed]) == (Decimal(6), None)
    assert sums([known, inside]) == (None, Decimal("7.5"))
    assert sums([]) == (Decimal(0), Decimal(0))
