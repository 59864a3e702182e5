"""A price and its reasons in words."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from services.clearing.rating.engine import rate
from services.clearing.rating.restrictions import restrictions_of
from services.clearing.rating.results import NotRated, Rounding
from services.clearing.rating.sessions import Period
from services.clearing.rating.tariffs import NO_LIMIT, Component, Element, Limit, Tariff
from services.clearing.rating.text import explain, money
from services.core.money import RoundingMode, RoundingRule
from tests.unit.clearing.rating.examples import outcome_of, session

START = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
USED = session(START, START + HOUR, Period(START, {"ENERGY": Decimal("4.2"), "TIME": Decimal(1)}))


def test_a_price_is_told_with_its_reasons() -> None:
    elements = [
        Element([Component("ENERGY", Decimal("0.25"), Decimal(10))], restrictions_of({"min_kwh": 50})),
        Element(
            [Component("ENERGY", Decimal("0.30"), Decimal(20), Decimal(500)), Component("FLAT", Decimal(1), Decimal(0))]
        ),
    ]
    assert explain(outcome_of(USED, Tariff("T1", "EUR", elements), None)) == [
        "Period 1, 2026-03-02 08:30:00 UTC to 2026-03-02 09:30:00 UTC, tariff T1",
        "  FLAT: element 2, 1 once",
        "  ENERGY 4.2 kWh: element 2, 0.3 per kWh",
        "    not element 1: only from 50 kWh on",
        "  TIME 1 h: costs nothing, no element prices it",
        "",
        "ENERGY (tariff T1, element 2): 4.2 kWh, in steps of 500 Wh 4.5 kWh, at 0.3 = "
        "1.35 EUR without tax, tax 0.27 (20 %)",
        "FLAT (tariff T1, element 2): 1 once = 1 EUR without tax, tax 0 (0 %)",
        "",
        "Total without tax: 2.35 EUR",
        "Total with tax:    2.62 EUR",
        "The totals are rounded to 2 digits, a half up.",
    ]


def test_times_are_local_and_shares_are_told_as_such() -> None:
    elements = [Element([Component("TIME", Decimal(6), Decimal(0))], restrictions_of({"end_time": "10:00"}))]
    brussels = ZoneInfo("Europe/Brussels")
    found = explain(outcome_of(USED, Tariff("T1", "EUR", elements), brussels), brussels)
    assert found[0] == "Period 1, 2026-03-02 09:30:00 CET to 2026-03-02 10:00:00 CET, tariff T1"
    assert "  TIME 0.5 h (share of the period): element 1, 6 per h" in found
    assert "Period 1, 2026-03-02 10:00:00 CET to 2026-03-02 10:30:00 CET, tariff T1" in found
    assert "    not element 1: only from 00:00 to 10:00" in found


def test_what_nobody_tells_is_unknown() -> None:
    outside = Tariff("T1", "EUR", [Element([Component("ENERGY", Decimal(1))])])
    assert explain(outcome_of(USED, outside, None))[-5:-1] == [
        "ENERGY (tariff T1, element 1): 4.2 kWh, at 1 = 4.2 EUR without tax, tax unknown",
        "",
        "Total without tax: 4.2 EUR",
        "Total with tax:    unknown",
    ]
    inside = Tariff("T1", "EUR", [Element([Component("ENERGY", Decimal(1), tax_inside=True)])])
    line = "ENERGY (tariff T1, element 1): 4.2 kWh, at 1 = 4.2 EUR with tax, unknown without, tax unknown"
    assert line in explain(outcome_of(USED, inside, None))


def test_what_a_price_that_includes_the_tax_makes_is_told_with_tax_first() -> None:
    component = Component("ENERGY", Decimal("1.2"), Decimal(20), Decimal(500), tax_inside=True)
    line = (
        "ENERGY (tariff T1, element 1): 4.2 kWh, in steps of 500 Wh 4.5 kWh, at 1.2 = "
        "5.4 EUR with tax, 4.5 EUR without, tax 0.9 (20 %)"
    )
    assert line in explain(outcome_of(USED, Tariff("T1", "EUR", [Element([component])]), None))


@pytest.mark.parametrize(
    ("least", "most", "tax_inside", "told"),
    [
        (Limit(Decimal(3)), NO_LIMIT, False, "min_price of 3 EUR without tax: 2 EUR without tax, tax 0.2"),
        (
            Limit(Decimal(3), Decimal("3.30")),
            NO_LIMIT,
            False,
            "min_price of 3 EUR without tax and min_price of 3.3 EUR with tax: 2 EUR without tax, tax 0.2",
        ),
        (
            NO_LIMIT,
            Limit(None, Decimal("0.9")),
            True,
            "max_price of 0.9 EUR with tax: -0.1 EUR with tax, unknown without, tax unknown",
        ),
    ],
)
def test_an_adjustment_tells_the_limits(least: Limit, most: Limit, tax_inside: bool, told: str) -> None:
    component = Component("FLAT", Decimal(1), None if tax_inside else Decimal(10), tax_inside=tax_inside)
    found = outcome_of(USED, Tariff("T1", "EUR", [Element([component])], least, most), None)
    assert f"Adjustment to {told}" in explain(found)
    kept = replace(found, lines=tuple(line._replace(bounds=()) for line in found.lines))
    assert any(each.startswith("Adjustment to the least or highest price") for each in explain(kept))


def test_why_there_is_no_price() -> None:
    assert explain(NotRated("it rained")) == ["No price: it rained."]


def test_the_last_hours_of_the_year_9999_are_told() -> None:
    end = datetime(9999, 12, 31, 23, 30, tzinfo=UTC)
    used = session(end, end + timedelta(minutes=1), Period(end, {"ENERGY": Decimal(1)}))
    outcome = rate(used, [Tariff("T1", "EUR", [Element([Component("ENERGY", Decimal(1))])])], None)
    assert explain(outcome, ZoneInfo("Asia/Tokyo"))[0] == (
        "Period 1, 9999-12-31 23:30:00 UTC to 9999-12-31 23:31:00 UTC, tariff T1"
    )


@pytest.mark.parametrize("mode", RoundingMode)
def test_each_way_of_rounding_has_words(mode: RoundingMode) -> None:
    rounding = Rounding(RoundingRule(mode, 3), per_line=True)
    outcome = rate(USED, [Tariff("T1", "EUR", [Element([Component("FLAT", Decimal(1))])])], None, rounding)
    told = explain(outcome)[-1]
    assert told.startswith("Each line is rounded to 3 digits, ")
    assert "_" not in told


def test_amounts_have_their_currency() -> None:
    found = outcome_of(USED, Tariff("T1", "EUR", [Element([Component("FLAT", Decimal(1))])]), None)
    assert money(Decimal("1.50"), found) == "1.5 EUR"
    assert money(None, found) == "unknown"
