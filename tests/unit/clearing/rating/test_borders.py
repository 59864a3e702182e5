"""The values at which elements begin or cease to apply, and where in a period they lie."""

from decimal import Decimal

import pytest

from services.clearing.rating.borders import bounds_of, duration_borders, energy_borders, is_uncut, side
from services.clearing.rating.restrictions import restrictions_of

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
    assert BOUNDS.microseconds == (60_000_000, 60_000_001)


@pytest.mark.parametrize(
    ("before", "used", "parts"),
    [("0", "10", ["0.5"]), ("10", "-10", ["0.5"]), ("10", "0", []), ("0", "25", ["0.2", "0.8"]), ("5", "15", [])],
)
def test_borders_of_energy(before: str, used: str, parts: list[str]) -> None:
    """A border at the beginning or the end of a period divides nothing."""
    assert energy_borders(BOUNDS, Decimal(before), Decimal(used)) == [Decimal(each) for each in parts]


def test_borders_of_duration() -> None:
    assert duration_borders(BOUNDS, 59_000_000, 61_000_000) == [1_000_000, 1_000_001]
    assert duration_borders(BOUNDS, 60_000_000, 60_000_001) == []


@pytest.mark.parametrize(
    ("start", "end", "uncut"),
    [(0, 5, True), (5, 20, True), (4, 6, False), (6, 4, False), (20, 5, True), (21, 99, True)],
)
def test_whether_a_bound_lies_between(start: int, end: int, uncut: bool) -> None:
    assert is_uncut(BOUNDS.kwh, Decimal(start), Decimal(end)) is uncut
    assert is_uncut((), Decimal(start), Decimal(end))


def test_the_side_of_levels() -> None:
    sixteen, thirty_two, forty = Decimal(16), Decimal(32), Decimal(40)
    assert side(BOUNDS.currents, [sixteen]) == (0, 0)
    assert side(BOUNDS.currents, [thirty_two]) == (1, 1)
    assert side(BOUNDS.currents, [forty, sixteen]) == (0, 1)
    assert side(BOUNDS.currents, []) is None
