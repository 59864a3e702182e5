"""Whether what the periods measure is enough for a price, and makes sense."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.clearing.rating.engine import rate
from services.clearing.rating.results import NotRated, Outcome, Rating
from services.clearing.rating.sessions import Period
from services.clearing.rating.tariffs import Component, Element, Reservation, Restrictions, Tariff
from tests.unit.clearing.rating.examples import session

START = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
LATER = Restrictions(min_duration=Decimal(0))
"""Always holds, and yet the clock matters."""


def tariff(*kinds: str, restrictions: Restrictions | None = None) -> Tariff:
    components = [Component(kind, Decimal(1)) for kind in kinds]
    return Tariff("T1", "EUR", [Element(components, restrictions or Restrictions())])


def price(priced: Tariff, *measured: dict[str, str], minutes: tuple[int, ...] = (0,), **fields: Any) -> Outcome:
    periods = [
        Period(START + timedelta(minutes=after), {kind: Decimal(volume) for kind, volume in volumes.items()})
        for after, volumes in zip(minutes, measured, strict=True)
    ]
    return rate(session(START, START + HOUR, *periods, **fields), [priced], None)


def total(outcome: Outcome) -> Decimal | None:
    assert isinstance(outcome, Rating), outcome
    return outcome.excl_tax


@pytest.mark.parametrize("kind", ["TIME", "PARKING_TIME", "RESERVATION_TIME"])
def test_a_negative_time_has_no_price_even_where_others_make_up_for_it(kind: str) -> None:
    outcome = price(tariff("TIME", "PARKING_TIME"), {kind: "-1"}, {kind: "3"}, minutes=(0, 30))
    assert outcome == NotRated(f"a period measures a negative {kind}")


def test_energy_may_flow_back_for_a_while() -> None:
    """OCPI mod_cdrs, CdrDimensionType: ENERGY is negative where more was fed into the grid than charged."""
    assert total(price(tariff("ENERGY"), {"ENERGY": "-1"}, {"ENERGY": "3"}, minutes=(0, 30))) == 2
    assert price(tariff("ENERGY"), {"ENERGY": "-1"}) == NotRated("the ENERGY of the periods is negative")


@pytest.mark.parametrize(
    ("measured", "priced"),
    [
        # All of the hour was measured as TIME: what total_parking_time counts was no PARKING_TIME.
        ({"TIME": "1"}, "1"),
        ({"PARKING_TIME": "1"}, "1"),
        ({"TIME": "0.99"}, "0.99"),
        ({"TIME": "0.5"}, None),
        ({"ENERGY": "5"}, None),
    ],
)
def test_time_not_charging_need_not_be_parking_time(measured: dict[str, str], priced: str | None) -> None:
    """OCPI mod_cdrs: PARKING_TIME was redefined as time in which no power is asked for, total_parking_time was not."""
    totals = {"TIME": Decimal("0.5"), "PARKING_TIME": Decimal("0.5")}
    outcome = price(tariff("TIME", "PARKING_TIME"), measured, totals=totals)
    if priced is None:
        assert isinstance(outcome, NotRated)
        assert outcome.reason in {"no period measures TIME", "no period measures PARKING_TIME"}
    else:
        assert total(outcome) == Decimal(priced)


def test_energy_that_no_period_measures_has_no_price() -> None:
    outcome = price(tariff("ENERGY"), {"TIME": "1"}, totals={"ENERGY": Decimal(5)})
    assert outcome == NotRated("no period measures ENERGY")
    assert total(price(tariff("TIME"), {"TIME": "1"}, totals={"ENERGY": Decimal(5)})) == 1


def test_energy_of_which_the_totals_say_nothing_has_no_price() -> None:
    outcome = price(tariff("ENERGY"), {"TIME": "1"}, totals={"TIME": Decimal(1)})
    assert outcome == NotRated("no period measures ENERGY")
    assert total(price(tariff("ENERGY"), {"TIME": "1"}, totals={"TIME": Decimal(1), "ENERGY": Decimal(0)})) == 0


@pytest.mark.parametrize(("minutes", "number"), [((-2, 30), 1), ((0, 62), 2)])
def test_a_period_outside_of_the_session_has_no_price_where_the_clock_matters(
    minutes: tuple[int, ...], number: int
) -> None:
    used = ({"ENERGY": "1"}, {"ENERGY": "1"})
    outcome = price(tariff("ENERGY", restrictions=LATER), *used, minutes=minutes)
    assert outcome == NotRated(f"period {number} begins outside of the session")
    assert total(price(tariff("ENERGY"), *used, minutes=minutes)) == 2


def test_clocks_of_two_systems_may_differ_by_a_minute() -> None:
    used = ({"ENERGY": "1"}, {"ENERGY": "1"})
    assert (
        total(price(tariff("ENERGY", restrictions=Restrictions(max_duration=Decimal(7200))), *used, minutes=(-1, 61)))
        == 2
    )


@pytest.mark.parametrize("volume", ["100000000000000000000", "-1E+30", "Infinity", "NaN"])
def test_numbers_beyond_all_measure_have_a_reason(volume: str) -> None:
    assert isinstance(price(tariff("ENERGY"), {"ENERGY": volume}), NotRated)


def test_unknown_dimensions_have_no_price() -> None:
    assert price(tariff("ENERGY"), {"ENERGY": "1", "MOONLIGHT": "0"}) == NotRated("a period measures MOONLIGHT")
    levels = {"STATE_OF_CHARGE": "40", "CURRENT": "16", "POWER": "11", "ENERGY_IMPORT": "9", "ENERGY_EXPORT": "1"}
    assert total(price(tariff("ENERGY"), {"ENERGY": "1", **levels})) == 1


def test_a_session_of_no_length_has_a_price() -> None:
    outcome = rate(session(START, START, Period(START, {"ENERGY": Decimal(2)})), [tariff("ENERGY")], None)
    assert total(outcome) == 2
    flat = rate(session(START, START), [tariff("FLAT")], None)
    assert total(flat) == 1


def test_periods_in_any_order_have_one_price() -> None:
    """15 minutes and then 45 at the price after a quarter of an hour."""
    elements = [
        Element([Component("TIME", Decimal(4))], Restrictions(max_duration=Decimal(900))),
        Element([Component("TIME", Decimal(8))]),
    ]
    periods = [
        Period(START + timedelta(minutes=15), {"TIME": Decimal("0.75")}),
        Period(START, {"TIME": Decimal("0.25")}),
    ]
    for order in (periods, periods[::-1]):
        assert total(rate(session(START, START + HOUR, *order), [Tariff("T1", "EUR", elements)], None)) == 7


@pytest.mark.parametrize(
    ("first", "last", "reason"), [("0", "1", None), ("1", "0", "period 1 measures 3600 s and lasts 0 s")]
)
def test_of_periods_that_begin_together_the_last_one_takes_the_time(first: str, last: str, reason: str | None) -> None:
    """OCPI mod_cdrs, ChargingPeriod: the first one ends when the next one starts."""
    timed = tariff("TIME", restrictions=LATER)
    outcome = price(timed, {"TIME": first}, {"TIME": last}, minutes=(0, 0))
    if reason is None:
        assert total(outcome) == 1
    else:
        assert outcome == NotRated(reason)


def test_a_period_of_no_length_has_energy_at_its_instant() -> None:
    """2 kWh at the beginning, when the tariff is cheap, and 1 kWh from the first minute on."""
    elements = [
        Element([Component("ENERGY", Decimal(1))], Restrictions(max_duration=Decimal(60))),
        Element([Component("ENERGY", Decimal(10))]),
    ]
    periods = [
        Period(START, {"ENERGY": Decimal(2)}),
        Period(START, {}),
        Period(START + HOUR / 60, {"ENERGY": Decimal(1)}),
    ]
    assert total(rate(session(START, START + HOUR, *periods), [Tariff("T1", "EUR", elements)], None)) == 12


def test_a_time_of_0_is_none() -> None:
    """A reservation that nobody used, of which the sender lists every dimension."""
    reserved = tariff("TIME", restrictions=Restrictions(reservation=Reservation.RESERVATION))
    assert total(price(reserved, {"RESERVATION_TIME": "1", "TIME": "0", "ENERGY": "0"})) == 1
    assert total(price(tariff("FLAT"), {"RESERVATION_TIME": "0"})) == 1
