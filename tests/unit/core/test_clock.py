from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.clock import format_utc, in_zone, milliseconds, parse_utc, system_clock
from services.core.errors import BadContent

TIMES = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001


@given(TIMES)
def test_round_trip(time: datetime) -> None:
    assert parse_utc(format_utc(time)) == milliseconds(time)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2015-06-29T20:39:09Z", datetime(2015, 6, 29, 20, 39, 9, tzinfo=UTC)),
        ("2015-06-29t20:39:09z", datetime(2015, 6, 29, 20, 39, 9, tzinfo=UTC)),
        ("2015-06-29T20:39:09", datetime(2015, 6, 29, 20, 39, 9, tzinfo=UTC)),
        ("2016-12-29T17:45:09.2Z", datetime(2016, 12, 29, 17, 45, 9, 200_000, tzinfo=UTC)),
        ("2018-01-01T01:08:01.1239999", datetime(2018, 1, 1, 1, 8, 1, 123_000, tzinfo=UTC)),
        # As OCPI itself prints the time that nobody knows.
        ("1970-1-1T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
        ("2015-06-29T22:39:09+02:00", datetime(2015, 6, 29, 20, 39, 9, tzinfo=UTC)),
    ],
)
def test_parses(text: str, expected: datetime) -> None:
    assert parse_utc(text) == expected
    assert parse_utc(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    ["", "2015-06-29", "20150629T203909Z", "2015-02-30T00:00:00Z", "2015-06-29T24:39:09Z", "2015-06-29T20:39:60Z",
     "2015-06-29 20:39:09", "2015-06-29T20:39:09Z\n", "0001-01-01T00:00:00+01:00", "٢015-06-29T20:39:09Z",
     "2015-W27-1T20:39:09Z", "2015-06-29T20.39.09Z", "2015-06-29T203909.1Z", "2015-13-29T20:39:09Z",
     "2015-06-29T20:39,09Z", "1970-1-2T00:00:00Z"],
)  # fmt: skip
def test_refuses(text: str) -> None:
    with pytest.raises(BadContent):
        parse_utc(text)


def test_milliseconds_converts_and_cuts() -> None:
    local = datetime(2020, 1, 1, 2, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert milliseconds(local) == datetime(2020, 1, 1, 0, 0, 0, 999_000, tzinfo=UTC)
    with pytest.raises(BadContent):
        milliseconds(datetime(2020, 1, 1))  # noqa: DTZ001


def test_system_clock_is_whole_milliseconds_in_utc() -> None:
    now = system_clock()
    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0


def test_an_instant_in_local_time_and_the_last_hours_of_all_as_they_are() -> None:
    east = timezone(timedelta(hours=2))
    local = in_zone(datetime(2026, 3, 1, 23, tzinfo=UTC), east)
    assert (local.isoformat(), local.tzinfo) == ("2026-03-02T01:00:00+02:00", east)
    last = datetime(9999, 12, 31, 23, tzinfo=UTC)
    assert in_zone(last, east) is last
