"""The least and highest price of a session."""

from decimal import Decimal

import pytest

from services.clearing.rating.limits import adjustment
from services.clearing.rating.results import DEFAULT_ROUNDING, Bound, CannotRate, Line, Rounding
from services.clearing.rating.tariffs import Component, Element, Limit, Tariff

NONE = Limit()


def limit(excl_tax: str | None, incl_tax: str | None = None) -> Limit:
    return Limit(*(None if each is None else Decimal(each) for each in (excl_tax, incl_tax)))


def tariff(least: Limit = NONE, most: Limit = NONE, *rates: str) -> Tariff:
    components = [Component("ENERGY", Decimal("0.25"), Decimal(rate)) for rate in rates]
    return Tariff("T1", "EUR", [Element(components)], least, most)


def cost(excl_tax: str | None, incl_tax: str | None, vat: str | None = None, price: str | None = None) -> Line:
    """A line of the session that the limits are about."""
    before, after = (None if each is None else Decimal(each) for each in (excl_tax, incl_tax))
    return Line(
        tariff_id="T1",
        element=1,
        component_type="FLAT",
        reservation=False,
        measured=Decimal(1),
        volume=Decimal(1),
        unit="SESSION",
        step_size=None,
        price=Decimal(price or excl_tax or incl_tax or 0),
        vat_percent=None if vat is None else Decimal(vat),
        amount_excl_tax=before,
        tax_amount=None if before is None or after is None else after - before,
        amount_incl_tax=after,
    )


def adjusted(priced: Tariff, *lines: Line, rounding: Rounding = DEFAULT_ROUNDING) -> Line:
    line = adjustment([priced], lines, rounding)
    assert line is not None
    return line


def added(
    priced: Tariff, *lines: Line, rounding: Rounding = DEFAULT_ROUNDING
) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    line = adjusted(priced, *lines, rounding=rounding)
    return line.amount_excl_tax, line.tax_amount, line.amount_incl_tax


@pytest.mark.parametrize("priced", [tariff(), tariff(limit("0.50", "0.55")), tariff(NONE, limit("5", "6"))])
def test_a_price_within_its_limits_has_no_adjustment(priced: Tariff) -> None:
    assert adjustment([priced], [cost("0.50", "0.55", "10")], DEFAULT_ROUNDING) is None


def test_a_limit_with_both_prices_leaves_its_tax() -> None:
    assert added(tariff(limit("0.50", "0.55")), cost("0.475", "0.5225", "10")) == (
        Decimal("0.025"),
        Decimal("0.0025"),
        Decimal("0.0275"),
    )
    dear = (cost("12.50", "13.75", "10"), cost("0.50", "0.60", "20"))
    assert added(tariff(NONE, limit("10", "11")), *dear) == (Decimal(-3), Decimal("-0.35"), Decimal("-3.35"))


def test_a_limit_that_tells_its_price_with_tax_asks_for_no_rate() -> None:
    """8 and 9.60 become 10 and 11.50 as the limit has it, not 12 by the session's 20 %."""
    assert added(tariff(limit("10", "11.50")), cost("8", "9.60", "20")) == (Decimal(2), Decimal("-0.1"), Decimal("1.9"))


def test_a_limit_without_a_price_with_tax_takes_the_mean_rate_of_the_session() -> None:
    """8 and 9.60 have a mean rate of 20 %, whatever the tariff's rates: 10 and 12."""
    lines = (cost("4", "4.40", "10"), cost("4", "5.20", "30"))
    assert added(tariff(limit("10"), NONE, "10", "50"), *lines) == (Decimal(2), Decimal("0.4"), Decimal("2.4"))


def test_the_mean_rate_is_that_of_prices_before_they_were_rounded() -> None:
    """Two cents have no cent of tax at 20 %, and yet the least price has 20 %."""
    rounding = Rounding(DEFAULT_ROUNDING.rule, per_line=True)
    small = cost("0.02", "0.02", "20", "0.021")
    assert added(tariff(limit("4"), NONE, "10", "20"), small, rounding=rounding)[2] == Decimal("4.78")
    inside = cost("0.02", "0.02", "20", "0.021")._replace(tax_included=True)
    assert added(tariff(limit("4"), NONE, "10", "20"), inside, rounding=rounding)[2] == Decimal("4.78")


def test_where_the_session_cost_nothing_the_only_rate_of_the_tariff_counts() -> None:
    assert added(tariff(limit("2"), NONE, "10"), cost("0", "0")) == (Decimal(2), Decimal("0.2"), Decimal("2.2"))
    assert added(tariff(limit("2"), NONE, "10", "20"), cost("0", "0")) == (Decimal(2), None, None)


def test_a_limit_with_tax_holds_by_itself() -> None:
    most = tariff(NONE, limit(None, "11"))
    assert added(most, cost("10", "12", "20")) == (Decimal(0), Decimal(-1), Decimal(-1))
    assert added(most, cost(None, "12")) == (None, None, Decimal(-1))


def test_an_adjustment_names_the_limits_that_it_brings_the_price_to() -> None:
    least, most = limit("10", "11.50"), limit("20", "21")
    both = adjusted(tariff(least, most), cost("8", "9.60", "20"))
    assert both.bounds == (Bound("min_price", False, Decimal(10)), Bound("min_price", True, Decimal("11.50")))
    assert adjusted(tariff(least, most), cost("9.80", "11.76", "20")).bounds == both.bounds[:1]
    assert adjusted(tariff(least, most), cost("19", "22.80", "20")).bounds == (Bound("max_price", True, Decimal(21)),)
    assert adjusted(tariff(NONE, limit("20")), cost("25", "30", "20")).bounds == (
        Bound("max_price", False, Decimal(20)),
    )


def test_a_rounded_line_is_rounded() -> None:
    rounding = Rounding(DEFAULT_ROUNDING.rule, per_line=True)
    assert added(tariff(limit("1", "1.10")), cost("0.333", "0.3663", "10"), rounding=rounding) == (
        Decimal("0.67"),
        Decimal("0.06"),
        Decimal("0.73"),
    )


@pytest.mark.parametrize(
    ("least", "most", "before", "reason"),
    [
        (limit(None, "2"), limit("5", "1"), cost("3", "3", "0"), "the least price is above the highest"),
        (limit("2"), NONE, cost(None, "3"), "the limits are without tax"),
        (NONE, limit(None, "1"), cost("2", "2.4", "20"), "lower than without"),
    ],
)
def test_limits_that_cannot_hold_have_a_reason(least: Limit, most: Limit, before: Line, reason: str) -> None:
    with pytest.raises(CannotRate, match=reason):
        adjustment([tariff(least, most)], [before], DEFAULT_ROUNDING)


def test_of_several_tariffs_none_may_be_limited() -> None:
    before = [cost("1", "1", "0")]
    assert adjustment([tariff(), tariff()], before, DEFAULT_ROUNDING) is None
    with pytest.raises(CannotRate, match="several tariffs"):
        adjustment([tariff(), tariff(limit("5"))], before, DEFAULT_ROUNDING)
