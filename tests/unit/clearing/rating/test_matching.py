"""Whether restrictions hold: yes, no, or it cannot be told."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.clearing.rating.matching import Mismatch, Moment, mismatch
from services.clearing.rating.restrictions import restrictions_of

FRIDAY = datetime(2026, 3, 6, 21, 30, tzinfo=ZoneInfo("Europe/Brussels"))
NOW = Moment(FRIDAY, Decimal(1800), Decimal(20), (Decimal(16), Decimal(20)), (Decimal(11),))


def found(moment: Moment = NOW, **wanted: Any) -> Mismatch | None:
    return mismatch(restrictions_of(wanted), moment)


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"start_time": "21:30", "end_time": "21:31"},
        {"start_time": "21:30", "end_time": "06:00"},
        {"start_time": "21:00", "end_time": "00:00"},
        {"day_of_week": ["FRIDAY"]},
        {"start_date": "2026-03-06", "end_date": "2026-03-07"},
        {"min_kwh": 20, "max_kwh": "20.1"},
        {"min_duration": 1800, "max_duration": 1801},
        {"min_current": 16, "max_current": "20.1"},
        {"min_power": 11, "max_power": 12},
    ],
)
def test_a_least_value_is_inclusive_and_a_highest_one_exclusive(wanted: Mapping[str, Any]) -> None:
    assert found(**wanted) is None


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"start_time": "21:31"}, "only from 21:31 to 00:00"),
        ({"end_time": "21:30"}, "only from 00:00 to 21:30"),
        ({"start_time": "22:00", "end_time": "06:00"}, "only from 22:00 to 06:00"),
        ({"day_of_week": ["SUNDAY", "MONDAY"]}, "only on Monday, Sunday"),
        ({"start_date": "2026-03-07"}, "only from 2026-03-07 on"),
        ({"end_date": "2026-03-06"}, "only before 2026-03-06"),
        ({"min_kwh": "20.5"}, "only from 20.5 kWh on"),
        ({"max_kwh": 20}, "only before 20 kWh"),
        ({"min_duration": 1801}, "only from 1801 s on"),
        ({"max_duration": 1800}, "only before 1800 s"),
        ({"min_current": 32}, "only from 32 A"),
        ({"max_current": 16}, "only below 16 A"),
        ({"max_power": 11}, "only below 11 kW"),
    ],
)
def test_why_an_element_surely_does_not_apply(wanted: Mapping[str, Any], reason: str) -> None:
    assert found(**wanted) == Mismatch(reason)


@pytest.mark.parametrize(
    ("moment", "wanted", "reason"),
    [
        (NOW._replace(local=None), {"start_time": "08:00"}, "the time zone of the location is not known"),
        (NOW._replace(currents=()), {"min_current": 6}, "the current is not known"),
        (NOW._replace(powers=()), {"max_power": 22}, "the power is not known"),
        (NOW, {"max_current": 20}, "the current was both below 20 A and not"),
        (NOW, {"weather": "RAIN"}, "nobody knows the restriction weather"),
    ],
)
def test_why_nobody_can_say(moment: Moment, wanted: Mapping[str, Any], reason: str) -> None:
    assert found(moment, **wanted) == Mismatch(reason, certain=False)


def test_what_surely_fails_beats_what_cannot_be_told() -> None:
    assert found(weather="RAIN", max_current=20, min_kwh=21) == Mismatch("only from 21 kWh on")


def test_of_what_cannot_be_told_the_first_is() -> None:
    unknown = NOW._replace(currents=(), powers=())
    assert found(unknown, max_power=22, max_current=32) == Mismatch("the current is not known", certain=False)
