"""Where charging periods are cut, and what each stretch has of them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from services.clearing.rating.calendars import calendar_of
from services.clearing.rating.plans import plan_of
from services.clearing.rating.restrictions import restrictions_of
from services.clearing.rating.sessions import Period
from services.clearing.rating.stretches import Cutter, Stretch, currents_of, powers_of
from services.clearing.rating.tariffs import Component, Element, Tariff
from services.clearing.rating.usage import Reading, usage_of
from tests.unit.clearing.rating.examples import session

START = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def readings(*measured: Mapping[str, str], lasts: timedelta = HOUR) -> list[Reading]:
    """Charging periods of an hour each, one after the other."""
    periods = [
        Period(START + number * HOUR, {kind: Decimal(volume) for kind, volume in volumes.items()})
        for number, volumes in enumerate(measured)
    ]
    return list(usage_of(session(START, START + (len(periods) - 1) * HOUR + lasts, *periods)).readings)


def cutter(*elements: tuple[str, Mapping[str, object]], zone: str | None = None) -> Cutter:
    """Of a tariff whose elements price one dimension each."""
    priced = [Element([Component(kind, Decimal(1))], restrictions_of(wanted)) for kind, wanted in elements]
    plan = plan_of(Tariff("T1", "EUR", priced))
    if zone is None or plan.marks is None:
        return Cutter(plan, None)
    return Cutter(plan, calendar_of(plan.marks, ZoneInfo(zone)).course(START, START + 3 * HOUR))


def told(stretch: Stretch, kind: str = "ENERGY") -> tuple[timedelta, str, int | None]:
    """After how long it begins, what it has of a dimension, and which element prices that."""
    price = next(each.price for each in stretch.choices if each.dimension == kind)
    volume = f"{stretch.volumes[kind].normalize():f}"
    return stretch.started_at - START, volume, None if price is None else price.element


def test_a_period_on_one_side_of_every_bound_is_whole() -> None:
    priced = cutter(("ENERGY", {"max_kwh": 20}), ("ENERGY", {}))
    first, second = readings({"ENERGY": "20"}, {"ENERGY": "5"})
    for reading, element in ((first, 1), (second, 2)):
        choices = priced.whole(reading)
        assert choices is not None
        assert [each.price and each.price.element for each in choices if each.dimension == "ENERGY"] == [element]


def test_a_bound_of_energy_divides_time_in_the_same_parts() -> None:
    priced = cutter(("ENERGY", {"max_kwh": 5}), ("ENERGY", {}), ("TIME", {}))
    (reading,) = readings({"ENERGY": "20", "TIME": "1"})
    assert priced.whole(reading) is None
    stretches = priced.cut(reading)
    assert [told(each) for each in stretches] == [(0 * MINUTE, "5", 1), (15 * MINUTE, "15", 2)]
    assert [told(each, "TIME") for each in stretches] == [(0 * MINUTE, "0.25", 3), (15 * MINUTE, "0.75", 3)]
    assert [each.ended_at - START for each in stretches] == [15 * MINUTE, HOUR]


def test_energy_that_flows_back_passes_bounds_backwards() -> None:
    """From 10 kWh down to 0: the first half above 5 kWh, the second below."""
    priced = cutter(("ENERGY", {"max_kwh": 5}), ("ENERGY", {}))
    _, back = readings({"ENERGY": "10"}, {"ENERGY": "-10"})
    assert priced.whole(back) is None
    assert [told(each) for each in priced.cut(back)] == [(HOUR, "-5", 2), (90 * MINUTE, "-5", 1)]


def test_shares_sum_to_the_whole_to_the_last_digit() -> None:
    priced = cutter(("ENERGY", {"max_duration": 1200}), ("ENERGY", {}))
    stretches = priced.cut(readings({"ENERGY": "1"})[0])
    assert [told(each) for each in stretches] == [
        (0 * MINUTE, "0.33333333333333333333", 1),
        (20 * MINUTE, "0.66666666666666666667", 2),
    ]


def test_a_border_at_which_nothing_changes_divides_nothing() -> None:
    """Until 5 kWh parking would be priced, and nobody parked."""
    priced = cutter(("PARKING_TIME", {"max_kwh": 5}), ("ENERGY", {}))
    assert [told(each) for each in priced.cut(readings({"ENERGY": "20"})[0])] == [(0 * MINUTE, "20", 2)]


def test_the_local_clock_divides_a_period() -> None:
    """08:30 in UTC is 09:30 in Brussels."""
    priced = cutter(("ENERGY", {"end_time": "10:00"}), ("ENERGY", {}), zone="Europe/Brussels")
    first, second = readings({"ENERGY": "8"}, {"ENERGY": "8"})
    assert priced.whole(first) is None
    assert [told(each) for each in priced.cut(first)] == [(0 * MINUTE, "4", 1), (30 * MINUTE, "4", 2)]
    assert priced.whole(second) is not None


@pytest.mark.parametrize(
    ("measured", "currents", "powers"),
    [
        ({"MIN_CURRENT": "6", "CURRENT": "10", "MAX_CURRENT": "16", "MAX_POWER": "11"}, ["6", "10", "16"], ["11"]),
        ({"PARKING_TIME": "1"}, ["0"], ["0"]),
        ({"PARKING_TIME": "1", "MAX_CURRENT": "1"}, ["1"], ["0"]),
        ({"ENERGY": "5", "TIME": "0.5"}, [], ["10"]),
        ({"ENERGY": "5"}, [], ["5"]),
        ({"TIME": "1"}, [], []),
    ],
)
def test_figures_of_current_and_power(measured: dict[str, str], currents: list[str], powers: list[str]) -> None:
    (reading,) = readings(measured)
    assert list(currents_of(reading)) == [Decimal(each) for each in currents]
    assert list(powers_of(reading)) == [Decimal(each) for each in powers]


@pytest.mark.parametrize(
    ("energy", "hours", "lasts"),
    [
        ("2", "0.6667", 40 * MINUTE),
        ("2", str(Decimal(2) / 3), 40 * MINUTE),
        # Ten minutes of twenty.
        ("0.5", "0.1667", 20 * MINUTE),
        ("0.5", str(Decimal(1) / 6), 20 * MINUTE),
        # Of what is told more exactly nothing is rounded away.
        ("0.5001", "0.1667", timedelta(hours=0.1667)),
    ],
)
def test_the_rounding_of_hours_does_not_change_the_mean_power(energy: str, hours: str, lasts: timedelta) -> None:
    """2 kWh in 40 minutes are 3 kW, which a restriction from 3 kW on includes."""
    (reading,) = readings({"ENERGY": energy, "TIME": hours}, lasts=lasts)
    (power,) = powers_of(reading)
    assert power == 3


def test_a_period_of_no_length_has_no_mean_power() -> None:
    (reading,) = readings({"ENERGY": "5"}, lasts=timedelta(0))
    assert powers_of(reading) == ()
