"""The values at which elements begin or cease to apply, and where in a period they lie."""

from datetime import timedelta
from decimal import Decimal

import pytest

from services.clearing.rating.borders import beyond, bounds_of, duration_borders, energy_borders
from services.clearing.rating.restrictions import restrictions_of

MINUTE, SECOND, MICROSECOND = timedelta(minutes=1), timedelta(seconds=1), timedelta(microseconds=1)
BOUNDS = bounds_of(
    [
        restrictions_of({"min_kwh": 5, "max_kwh": "20", "min_duration": 60, "max_duration": Decimal("1E+17")}),
        restrictions_of({"min_kwh": 20, "max_duration": "60.0000005", "max_current": 32, "min_power": 16}),
        restrictions_of({}),
    ]
)


def test_bounds_are_each_named_once_and_in_order() -> None:
    assert BOUNDS.kwh == (Decimal(5), Decimal(20))
    assert (BOUNDS.currents, BOUNDS.powers) == ((Decimal(32),), (Decimal(16),))
    # Times come in whole microseconds; what no session can reach is none.
    assert BOUNDS.durations == (MINUTE, MINUTE + MICROSECOND)


@pytest.mark.parametrize(
    ("before", "used", "parts"),
    [("0", "10", ["0.5"]), ("10", "-10", ["0.5"]), ("10", "0", []), ("0", "25", ["0.2", "0.8"]), ("5", "15", [])],
)
def test_borders_of_energy(before: str, used: str, parts: list[str]) -> None:
    """A border at the beginning or the end of a period divides nothing."""
    assert energy_borders(BOUNDS, Decimal(before), Decimal(used)) == [Decimal(each) for each in parts]


def test_borders_of_duration() -> None:
    assert duration_borders(BOUNDS, MINUTE - SECOND, MINUTE + SECOND) == [SECOND, SECOND + MICROSECOND]
    assert duration_borders(BOUNDS, MINUTE, MINUTE + MICROSECOND) == []


@pytest.mark.parametrize(
    ("durations", "kwh", "found"),
    [(0, 0, ("59.999999", "4")), (1, 1, ("60", "5")), (2, 2, ("60.000001", "20"))],
)
def test_values_beyond_so_many_bounds(durations: int, kwh: int, found: tuple[str, str]) -> None:
    assert beyond(BOUNDS, durations, kwh) == tuple(Decimal(each) for each in found)


def test_values_where_there_are_no_bounds() -> None:
    assert beyond(bounds_of([]), 0, 0) == (Decimal("-0.000001"), Decimal(-1))
