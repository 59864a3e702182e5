"""What a charging period says of one dimension more than once."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from services.clearing.rating.sessions import note


def noted(kind: str, given: Sequence[str]) -> Decimal:
    volumes: dict[str, Decimal] = {}
    for volume in given:
        note(volumes, kind, Decimal(volume))
    assert list(volumes) == [kind]
    return volumes[kind]


@pytest.mark.parametrize("kind", ["ENERGY", "TIME", "PARKING_TIME", "RESERVATION_TIME"])
def test_what_is_measured_adds_up(kind: str) -> None:
    assert noted(kind, ["1.5", "-0.5", "2"]) == 3


def test_a_sum_loses_no_digit() -> None:
    assert noted("ENERGY", ["10000000000000000000", "0.00000000000000000001"]) == Decimal(
        "10000000000000000000.00000000000000000001"
    )


@pytest.mark.parametrize("order", [1, -1])
def test_of_least_and_highest_figures_the_outermost_counts_in_any_order(order: int) -> None:
    given = ["6", "16", "32"][::order]
    assert [noted(kind, given) for kind in ("MIN_CURRENT", "MIN_POWER")] == [6, 6]
    assert [noted(kind, given) for kind in ("MAX_CURRENT", "MAX_POWER")] == [32, 32]


@pytest.mark.parametrize("kind", ["CURRENT", "POWER", "STATE_OF_CHARGE"])
def test_of_other_levels_the_last_counts(kind: str) -> None:
    assert noted(kind, ["16", "32", "20"]) == 20


def test_a_first_zero_is_a_figure() -> None:
    assert noted("MIN_POWER", ["0", "7"]) == 0
