"""Days on which clocks are set, in both directions, and nights that end on the next day."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from services.clearing.rating.calendars import MOST_CHANGES, Marks, calendar_of, marks_of
from services.clearing.rating.engine import rate
from services.clearing.rating.restrictions import restrictions_of
from services.clearing.rating.results import CannotRate, NotRated
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


def marks(**restrictions: object) -> Marks:
    found = marks_of([restrictions_of(restrictions)])
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("zone", "start", "end", "borders"),
    [
        # 29 March 2026, 02:00 is 03:00: the clock jumps over 02:30 at 01:00 UTC.
        ("Europe/Brussels", "2026-03-29T00:30:07.4Z", "2026-03-29T04:00:00Z", ["2026-03-29T01:00:00Z"]),
        # 25 October, 03:00 is 02:00: 02:30 comes at 00:30 UTC, is left at 01:00 and comes again at 01:30.
        (
            "Europe/Brussels",
            "2026-10-25T00:00:00Z",
            "2026-10-25T04:00:00Z",
            ["2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"],
        ),
        # Three and a half hours behind, with the end of the day as the end of the time of day; then 02:00 is 03:00.
        (
            "America/St_Johns",
            "2026-03-07T00:00:00Z",
            "2026-03-08T12:00:00Z",
            ["2026-03-07T03:30:00Z", "2026-03-07T06:00:00Z", "2026-03-08T03:30:00Z", "2026-03-08T05:30:00Z"],
        ),
        # Half an hour is left out.
        ("Australia/Lord_Howe", "2026-10-03T14:00:00Z", "2026-10-03T18:00:00Z", ["2026-10-03T15:30:00Z"]),
        # Samoa left out 30 December 2011.
        (
            "Pacific/Apia",
            "2011-12-30T09:30:00Z",
            "2011-12-30T14:00:00Z",
            ["2011-12-30T10:00:00Z", "2011-12-30T12:30:00Z"],
        ),
    ],
)
def test_borders_where_clocks_are_set(zone: str, start: str, end: str, borders: list[str]) -> None:
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    course = calendar_of(marks(start_time="02:30"), ZoneInfo(zone)).course(first, last)
    assert list(course.between(first, last)) == [datetime.fromisoformat(each) for each in borders]


def test_what_no_restriction_looks_at_is_no_border() -> None:
    assert marks_of([restrictions_of({"min_kwh": 1}), restrictions_of({})]) is None
    days = marks(day_of_week=["SATURDAY", "SUNDAY"])
    first, last = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)
    course = calendar_of(days, BRUSSELS).course(first, last)
    assert course.between(first, last) == [datetime(2026, 3, 6, 23, tzinfo=UTC), datetime(2026, 3, 8, 23, tzinfo=UTC)]
    night = marks(start_time="22:00", end_time="06:00")
    assert len(calendar_of(night, BRUSSELS).course(first, last).between(first, last)) == 14


def test_marks_are_each_named_once() -> None:
    found = marks_of(
        [
            restrictions_of({"start_time": "08:00", "day_of_week": ["MONDAY"]}),
            restrictions_of({"end_time": "08:00", "end_date": "2026-03-01", "day_of_week": ["MONDAY"]}),
        ]
    )
    assert found is not None
    assert [str(each) for each in found.times] == ["00:00:00", "08:00:00"]
    assert (found.dates, found.days) == ((date(2026, 3, 1),), (frozenset({0}),))


def test_sessions_with_too_many_borders_are_refused() -> None:
    """A year with one price for each minute of the day would be a denial of service."""
    elements = [
        Element([Component("TIME", Decimal(1))], restrictions_of({"start_time": f"{each // 60:02}:{each % 60:02}"}))
        for each in range(0, 1440, 10)
    ]
    began = datetime(2026, 1, 1, tzinfo=UTC)
    ended = began + timedelta(days=MOST_CHANGES // 140)
    used = session(began, ended, Period(began, {"TIME": Decimal(1)}))
    outcome = rate(used, [Tariff("T1", "EUR", elements)], BRUSSELS)
    assert outcome == NotRated("the session passes too many of its tariff's times of day")
    with pytest.raises(CannotRate, match="longer than 400 days"):
        calendar_of(marks(start_time="02:30"), BRUSSELS).course(began, began + timedelta(days=401))


def test_days_that_no_calendar_has_are_no_crash() -> None:
    began = datetime(9999, 12, 31, 20, tzinfo=UTC)
    used = session(began, began + timedelta(hours=3), Period(began, {"TIME": Decimal(3)}))
    element = Element([Component("TIME", Decimal(1))], restrictions_of({"start_time": "08:00"}))
    outcome = rate(used, [Tariff("T1", "EUR", [element])], BRUSSELS)
    assert outcome == NotRated("a number or a time is beyond what can be reckoned with")
