"""Time zones by name."""

from datetime import datetime, timedelta

import pytest

from services.clearing.rating.zones import zone_of


@pytest.mark.parametrize(
    ("name", "month", "hours"),
    [
        ("Europe/Brussels", 1, 1),
        ("Europe/Brussels", 7, 2),
        ("America/Argentina/Buenos_Aires", 7, -3),
        ("Etc/GMT+5", 1, -5),
        ("UTC", 7, 0),
    ],
)
def test_a_zone_has_its_distance_from_utc(name: str, month: int, hours: int) -> None:
    zone = zone_of(name)
    assert zone is not None
    assert datetime(2026, month, 15, 12, tzinfo=zone).utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Europe/Atlantis",
        "Europe",
        "../../etc/passwd",
        "/etc/localtime",
        "Europe/Brussels/",
        "zone.tab",
        "Europe\\Rome",
    ],
)
def test_what_is_no_zone_is_none(name: str) -> None:
    assert zone_of(name) is None


def test_a_file_of_the_package_that_is_no_zone_is_none() -> None:
    assert zone_of("tzdata") is None
    assert zone_of("zones") is None


def test_a_zone_is_read_once() -> None:
    assert zone_of("Asia/Tokyo") is zone_of("Asia/Tokyo")
