"""Days on which clocks are set, in both directions, and nights that end on the next day."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from services.clearing.rating.borders import clock_borders, duration_borders, energy_borders
from services.clearing.rating.restrictions import restrictions_of
from services.clearing.rating.sessions import Period
from services.clearing.rating.tariffs import Component, Element, Tariff
from tests.unit.clearing.rating.examples import outcome_of, session

BRUSSELS = ZoneInfo("Europe/Brussels")


def priced_minutes(start: str, hours: int, **restrictions: object) -> int:
    """How many minutes of a session an element with these restrictions prices."""
    began = datetime.fromisoformat(start)
    used = session(began, began + timedelta(hours=hours), Period(began, {"TIME": Decimal(hours)}))
    element = Element([Component("TIME", Decimal(60))], restrictions_of(restrictions))
    found = outcome_of(used, Tariff("T1", "EUR", [element]), BRUSSELS)
    assert found.excl_tax is not None
    return int(found.excl_tax)


@pytest.mark.parametrize(
    ("start", "hours", "restrictions", "minutes"),
    [
        # 29 March 2026: 02:00 is 03:00. Local 00:00 to 06:00 are five hours.
        ("2026-03-28T23:00Z", 5, {"start_time": "00:00", "end_time": "06:00"}, 300),
        ("2026-03-28T23:00Z", 5, {"start_time": "02:00", "end_time": "03:00"}, 0),
        ("2026-03-28T23:00Z", 5, {"start_time": "02:30", "end_time": "04:00"}, 60),
        ("2026-03-28T23:00Z", 5, {"start_time": "01:30", "end_time": "02:30"}, 30),
        # 25 October 2026: 03:00 is 02:00 again. Local 00:00 to 06:00 are seven hours.
        ("2026-10-24T22:00Z", 7, {"start_time": "00:00", "end_time": "06:00"}, 420),
        ("2026-10-24T22:00Z", 7, {"start_time": "02:00", "end_time": "03:00"}, 120),
        ("2026-10-24T22:00Z", 7, {"start_time": "02:30", "end_time": "04:00"}, 120),
        ("2026-10-24T22:00Z", 7, {"start_time": "01:30", "end_time": "02:30"}, 90),
        # A night, and its day of the week: Friday 6 March 2026, each local day by itself.
        ("2026-03-06T20:00Z", 12, {"start_time": "22:00", "end_time": "06:00"}, 480),
        ("2026-03-06T20:00Z", 12, {"start_time": "22:00", "end_time": "06:00", "day_of_week": ["FRIDAY"]}, 120),
        ("2026-03-06T20:00Z", 12, {"start_time": "22:00"}, 120),
        ("2026-03-06T20:00Z", 12, {"end_time": "06:00"}, 360),
        ("2026-03-06T20:00Z", 12, {"start_time": "08:00", "end_time": "08:00"}, 720),
        ("2026-03-06T20:00Z", 12, {"start_time": "00:00", "end_time": "00:00"}, 720),
        ("2026-03-06T20:00Z", 12, {"start_date": "2026-03-07"}, 540),
        ("2026-03-06T20:00Z", 12, {"end_date": "2026-03-07"}, 180),
        ("2026-03-06T20:00Z", 12, {"min_duration": 3600, "max_duration": "7200"}, 60),
        ("2026-03-06T20:00Z", 12, {"day_of_week": "SATURDAY,SUNDAY"}, 540),
    ],
)
def test_minutes_that_an_element_prices(start: str, hours: int, restrictions: dict[str, object], minutes: int) -> None:
    assert priced_minutes(start, hours, **restrictions) == minutes


def test_the_instant_at_which_clocks_are_set_is_a_border() -> None:
    wanted = [restrictions_of({"start_time": "12:00"})]
    start, end = datetime(2026, 3, 29, 0, 30, 7, 400_000, UTC), datetime(2026, 3, 29, 4, tzinfo=UTC)
    assert clock_borders(wanted, BRUSSELS, start, end) == {datetime(2026, 3, 29, 1, tzinfo=UTC)}
    assert clock_borders([restrictions_of({"min_kwh": 1})], BRUSSELS, start, end) == set()


def test_borders_of_energy_and_duration() -> None:
    wanted = [restrictions_of({"min_kwh": 5, "max_kwh": "20", "min_duration": 60, "max_duration": Decimal("1E+17")})]
    assert energy_borders(wanted, Decimal(0), Decimal(10)) == {Decimal("0.5")}
    assert energy_borders(wanted, Decimal(10), Decimal(-10)) == {Decimal("0.5")}
    assert energy_borders(wanted, Decimal(10), Decimal(0)) == set()
    began = datetime(2026, 3, 1, tzinfo=UTC)
    assert duration_borders(wanted, began) == {began + timedelta(minutes=1)}
