"""Restrictions as OCPI's JSON and our events have them."""

from datetime import date, time
from decimal import Decimal

import pytest

from services.clearing.rating.restrictions import number, restrictions_of
from services.clearing.rating.tariffs import ALWAYS, Reservation


def test_every_restriction_is_read_from_text_and_from_numbers() -> None:
    found = restrictions_of(
        {
            "start_time": "22:00",
            "end_time": "06:30",
            "start_date": "2026-01-31",
            "end_date": "2026-12-01",
            "min_kwh": "20",
            "max_kwh": Decimal("50.5"),
            "min_current": 6,
            "max_current": "32",
            "min_power": Decimal(11),
            "max_power": "22.0",
            "min_duration": 1800,
            "max_duration": "3600",
            "day_of_week": ["MONDAY", "SUNDAY"],
            "reservation": "RESERVATION_EXPIRES",
        }
    )
    assert (found.start_time, found.end_time) == (time(22), time(6, 30))
    assert (found.start_date, found.end_date) == (date(2026, 1, 31), date(2026, 12, 1))
    assert (found.min_kwh, found.max_kwh) == (Decimal(20), Decimal("50.5"))
    assert (found.min_current, found.max_current) == (Decimal(6), Decimal(32))
    assert (found.min_power, found.max_power) == (Decimal(11), Decimal(22))
    assert (found.min_duration, found.max_duration) == (Decimal(1800), Decimal(3600))
    assert (found.days, found.reservation) == (frozenset({0, 6}), Reservation.RESERVATION_EXPIRES)
    assert found.unreadable == ()


def test_no_restriction_is_the_one_object_for_it() -> None:
    assert restrictions_of({}) is ALWAYS
    assert restrictions_of({"min_kwh": None, "day_of_week": None}) is ALWAYS


def test_days_come_as_a_list_or_as_text() -> None:
    assert restrictions_of({"day_of_week": "SATURDAY, SUNDAY"}).days == {5, 6}
    assert restrictions_of({"day_of_week": []}).days == frozenset()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("start_time", "9:00"),
        ("start_time", "24:00"),
        ("end_time", "09:00:00"),
        ("start_date", "2026-02-30"),
        ("end_date", "01-02-2026"),
        ("min_kwh", "many"),
        ("max_kwh", True),
        ("max_power", Decimal("Infinity")),
        ("max_duration", 60.5),
        ("day_of_week", ["MONDAY", "FUNDAY"]),
        ("day_of_week", 1),
        ("reservation", "MAYBE"),
    ],
)
def test_what_cannot_be_read_is_kept_as_that(name: str, value: object) -> None:
    """It may matter or not; a restriction that were dropped would make the element apply always."""
    found = restrictions_of({name: value, "min_current": 6})
    assert found.unreadable == (f"{name} cannot be read: {value}",)
    assert found.min_current == 6


def test_an_unknown_restriction_is_kept_with_the_beginning_of_its_name() -> None:
    assert restrictions_of({"w" * 50: 1}).unreadable == ("nobody knows the restriction " + "w" * 40,)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("0.123456785", "0.12345678"),
        (Decimal("1E+2"), "100"),
        (7, "7"),
        ("1E+30", None),
        (False, None),
        (1.5, None),
        (None, None),
        (Decimal("NaN"), None),
    ],
)
def test_numbers_have_eight_decimals(value: object, read: str | None) -> None:
    assert number(value) == (None if read is None else Decimal(read))
