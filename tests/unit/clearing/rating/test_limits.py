"""The least and highest price of a session."""

from decimal import Decimal

import pytest

from services.clearing.rating.limits import adjustment
from services.clearing.rating.results import DEFAULT_ROUNDING, CannotRate, Rounding
from services.clearing.rating.tariffs import Component, Element, Limit, Tariff

NONE = Limit()


def limit(excl_tax: str | None, incl_tax: str | None = None) -> Limit:
    return Limit(*(None if each is None else Decimal(each) for each in (excl_tax, incl_tax)))


def tariff(least: Limit = NONE, most: Limit = NONE, *rates: str) -> Tariff:
    components = [Component("ENERGY", Decimal("0.25"), Decimal(rate)) for rate in rates]
    return Tariff("T1", "EUR", [Element(components)], least, most)


def added(
    priced: Tariff, excl_tax: str | None, incl_tax: str | None, rounding: Rounding = DEFAULT_ROUNDING
) -> tuple[Decimal | None, Decimal | None, Decimal | None] | None:
    before = (None if excl_tax is None else Decimal(excl_tax), None if incl_tax is None else Decimal(incl_tax))
    line = adjustment([priced], before, rounding)
    return None if line is None else (line.amount_excl_tax, line.tax_amount, line.amount_incl_tax)


@pytest.mark.parametrize("priced", [tariff(), tariff(limit("0.50", "0.55")), tariff(NONE, limit("5", "6"))])
def test_a_price_within_its_limits_has_no_adjustment(priced: Tariff) -> None:
    assert added(priced, "0.50", "0.55") is None


def test_a_limit_with_both_prices_leaves_its_tax() -> None:
    assert added(tariff(limit("0.50", "0.55")), "0.475", "0.5225") == (
        Decimal("0.025"),
        Decimal("0.0025"),
        Decimal("0.0275"),
    )
    assert added(tariff(NONE, limit("10", "11")), "13", "14.35") == (Decimal(-3), Decimal("-0.35"), Decimal("-3.35"))


def test_a_limit_that_tells_its_price_with_tax_asks_for_no_rate() -> None:
    """8 and 9.60 become 10 and 11.50 as the limit has it, not 12 by the session's 20 %."""
    assert added(tariff(limit("10", "11.50")), "8", "9.60") == (Decimal(2), Decimal("-0.1"), Decimal("1.9"))


def test_a_limit_without_a_price_with_tax_takes_the_mean_rate_of_the_session() -> None:
    """8 and 9.60 have a mean rate of 20 %, whatever the tariff's rates: 10 and 12."""
    assert added(tariff(limit("10"), NONE, "10", "30"), "8", "9.60") == (Decimal(2), Decimal("0.4"), Decimal("2.4"))


def test_where_the_session_cost_nothing_the_only_rate_of_the_tariff_counts() -> None:
    assert added(tariff(limit("2"), NONE, "10"), "0", "0") == (Decimal(2), Decimal("0.2"), Decimal("2.2"))
    assert added(tariff(limit("2"), NONE, "10", "20"), "0", "0") == (Decimal(2), None, None)


def test_a_limit_with_tax_holds_by_itself() -> None:
    assert added(tariff(NONE, limit(None, "11")), "10", "12") == (Decimal(0), Decimal(-1), Decimal(-1))
    assert added(tariff(NONE, limit(None, "11")), None, "12") == (None, None, Decimal(-1))


def test_a_rounded_line_is_rounded() -> None:
    rounding = Rounding(DEFAULT_ROUNDING.rule, per_line=True)
    assert added(tariff(limit("1", "1.10")), "0.333", "0.3663", rounding) == (
        Decimal("0.67"),
        Decimal("0.06"),
        Decimal("0.73"),
    )


@pytest.mark.parametrize(
    ("least", "most", "before", "reason"),
    [
        (limit(None, "2"), limit("5", "1"), ("3", "3"), "the least price is above the highest"),
        (limit("2"), NONE, (None, "3"), "the limits are without tax"),
        (NONE, limit(None, "1"), ("2", "2.4"), "lower than without"),
    ],
)
def test_limits_that_cannot_hold_have_a_reason(
    least: Limit, most: Limit, before: tuple[str | None, str | None], reason: str
) -> None:
    with pytest.raises(CannotRate, match=reason):
        added(tariff(least, most), *before)


def test_of_several_tariffs_none_may_be_limited() -> None:
    before = (Decimal(1), Decimal(1))
    assert adjustment([tariff(), tariff()], before, DEFAULT_ROUNDING) is None
    with pytest.raises(CannotRate, match="several tariffs"):
        adjustment([tariff(), tariff(limit("5"))], before, DEFAULT_ROUNDING)
