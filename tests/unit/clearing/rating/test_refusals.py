"""What cannot be rated gets a reason, never a price."""

from decimal import Decimal
from typing import Any

import pytest

from services.clearing.rating.results import NotRated, Rating
from tests.unit.clearing.rating.examples import MONDAY, cdr_json, component, element, price, tariff_json
from tests.unit.clearing.rating.text_examples import BRUSSELS, DURATIONS, ENERGY, STEPS, charge, kwh, local


def refusal(outcome: object) -> str:
    assert isinstance(outcome, NotRated), outcome
    return outcome.reason


@pytest.mark.parametrize(
    ("elements", "fields", "cdr", "reason"),
    [
        ([element(component("CO2", "1"))], {}, kwh("1"), "prices CO2"),
        ([element(component("ENERGY", "1", None, 0))], {}, kwh("1"), "step size of ENERGY in element 1 is 0"),
        ([element({"type": "ENERGY", "price": Decimal(1)})], {}, kwh("1"), "step size of ENERGY in element 1 is none"),
        ([element(ENERGY, max_current=Decimal(32))], {}, kwh("1"), "the current is not known"),
        (
            [element(ENERGY, max_current=Decimal(32))],
            {},
            cdr_json([(0, {"ENERGY": "1", "MIN_CURRENT": "6", "MAX_CURRENT": "40"})]),
            "both below 32 A and not",
        ),
        ([element(ENERGY, start_time="25:00")], {}, kwh("1"), "start_time cannot be read: 25:00"),
        ([element(ENERGY, weather="RAIN")], {}, kwh("1"), "nobody knows the restriction weather"),
        ([], {}, kwh("1"), "no prices"),
        ([element(ENERGY)], {"currency": "GBP"}, kwh("1"), "another currency"),
        ([element(ENERGY)], {}, kwh("-1"), "negative"),
        ([element(ENERGY)], {"start_date_time": "2027-01-01T00:00:00Z"}, kwh("1"), "does not apply"),
        ([element(ENERGY)], {"end_date_time": MONDAY}, kwh("1"), "does not apply"),
        ([element(ENERGY)], {"min_price": ("2", None), "max_price": ("1", None)}, kwh("1"), "above the highest"),
        ([element(ENERGY)], {}, cdr_json([(0, {"MOONLIGHT": "1"})]), "measures MOONLIGHT"),
        (
            [element(component("TIME", "1"))],
            {},
            cdr_json([(0, {"ENERGY": "1"})], total_time=Decimal(1)),
            "measures TIME",
        ),
        (STEPS, {}, cdr_json([(0, {"TIME": "5"})], lasts=60), "measures 18000 s and lasts 3600 s"),
        (STEPS, {}, cdr_json([(0, {"TIME": "0.5"})], local("16:30"), lasts=60), "price changes within period 1"),
        (
            STEPS,
            {},
            cdr_json([(0, {"TIME": "0.5", "PARKING_TIME": "0.5"})], local("16:30"), lasts=60),
            "measures TIME and PARKING_TIME",
        ),
        ([element(ENERGY)], {}, kwh("99999999999999999999"), None),
        ([element(component("ENERGY", "99999999999999999"))], {}, kwh("99999999999999"), "too many digits"),
        ([element(ENERGY)], {}, cdr_json([(0, {"ENERGY": "1"})], evse_uid="#NA"), "no EVSE was used"),
        (STEPS, {}, cdr_json([(0, {"TIME": "1"})], end_date_time="2026-03-01T00:00:00Z"), "ends before it starts"),
        (STEPS, {}, cdr_json([(0, {"TIME": "9700"})], lasts=60 * 9700), "longer than"),
    ],
)
def test_what_cannot_be_rated_says_why(
    elements: list[dict[str, Any]], fields: dict[str, Any], cdr: dict[str, Any], reason: str | None
) -> None:
    outcome = price(tariff_json("2.2.1", elements, **dict(fields)), cdr, BRUSSELS)
    if reason is None:
        assert isinstance(outcome, Rating)
    else:
        assert reason in refusal(outcome)


def test_an_unknown_time_zone_matters_only_where_the_clock_does() -> None:
    assert "time zone" in refusal(price(tariff_json("2.2.1", STEPS), charge(10), None))
    assert isinstance(price(tariff_json("2.2.1", DURATIONS), charge(10, ENERGY="1"), None), Rating)
