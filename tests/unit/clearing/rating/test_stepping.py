"""What is billed for what was measured."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from services.clearing.rating.engine import rate
from services.clearing.rating.results import Rating
from services.clearing.rating.sessions import Period, Session
from services.clearing.rating.tariffs import Component, Element, Restrictions, Tariff
from tests.unit.clearing.rating.examples import session

START = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def rated(tariff: Tariff, *, of: Session) -> Rating:
    outcome = rate(of, [tariff], None)
    assert isinstance(outcome, Rating), outcome
    return outcome


@pytest.mark.ocpi_rule(24)
@pytest.mark.parametrize(
    ("kind", "volume", "step", "billed"),
    [
        ("ENERGY", "1.0001", 1, "1.001"),
        ("ENERGY", "1", 1, "1"),
        ("ENERGY", "1.001", 500, "1.5"),
        ("TIME", "1.6667", 1, "1.66666667"),
        ("TIME", "1.6667", 600, "1.66666667"),
        ("TIME", "1.667", 600, "1.83333333"),
        ("TIME", "0.0001", 1, "0.00027778"),
        ("PARKING_TIME", "0.3333", 60, "0.33333333"),
    ],
)
def test_a_begun_step_is_billed_but_no_rounding_of_four_decimals(
    kind: str, volume: str, step: int, billed: str
) -> None:
    element = Element([Component(kind, Decimal(1), None, Decimal(step))])
    used = session(START, START + HOUR, Period(START, {kind: Decimal(volume)}))
    assert [line.volume for line in rated(Tariff("A", "EUR", [element]), of=used).lines] == [Decimal(billed)]


def test_four_decimals_of_several_periods_begin_no_step() -> None:
    """Three times 40 minutes are 0.6667 h, together 0.36 s too much."""
    element = Element([Component("TIME", Decimal(1), None, Decimal(600))])
    periods = [Period(START + number * HOUR, {"TIME": Decimal("0.6667")}) for number in range(3)]
    found = rated(Tariff("A", "EUR", [element]), of=session(START, START + 3 * HOUR, *periods))
    assert found.lines[0].volume == 2


@pytest.mark.ocpi_rule(24)
@pytest.mark.parametrize("order", [("TIME", "PARKING_TIME"), ("PARKING_TIME", "TIME")])
def test_parking_comes_after_charging_in_whatever_order_a_period_lists_them(order: tuple[str, str]) -> None:
    """21 minutes of charging and 16 of parking in steps of 10, in one period: 21 and 20."""
    minutes = {"TIME": Decimal(21), "PARKING_TIME": Decimal(16)}
    element = Element([Component(kind, Decimal(60), None, Decimal(600)) for kind in order])
    used = session(START, START + HOUR, Period(START, {kind: minutes[kind] / 60 for kind in order}))
    found = {line.component_type: line.amount_excl_tax for line in rated(Tariff("A", "EUR", [element]), of=used).lines}
    assert found == {"TIME": Decimal(21), "PARKING_TIME": Decimal(20)}


@pytest.mark.ocpi_rule(24)
def test_charging_after_parking_is_what_is_stepped() -> None:
    element = Element([Component(kind, Decimal(60), None, Decimal(600)) for kind in ("TIME", "PARKING_TIME")])
    measured = ({"TIME": Decimal("0.1")}, {"PARKING_TIME": Decimal("0.1")}, {"TIME": Decimal("0.1")})
    periods = [Period(START + number * HOUR, volumes) for number, volumes in enumerate(measured)]
    found = rated(Tariff("A", "EUR", [element]), of=session(START, START + 3 * HOUR, *periods))
    assert [line.volume * 60 for line in found.lines] == [pytest.approx(Decimal(20)), 6]


@pytest.mark.ocpi_rule(24)
def test_a_component_of_which_all_energy_flowed_back_gives_no_step() -> None:
    """2.4 kWh drawn slowly are stepped to 2.5; of what was drawn fast, and came last, nothing is left."""
    elements = [
        Element([Component("ENERGY", Decimal(2), None, Decimal(500))], Restrictions(max_power=Decimal(10))),
        Element([Component("ENERGY", Decimal(1), None, Decimal(1000))]),
    ]
    measured = [("2.4", "5"), ("1", "20"), ("-1", "20")]
    periods = [
        Period(START + number * HOUR, {"ENERGY": Decimal(energy), "MAX_POWER": Decimal(power)})
        for number, (energy, power) in enumerate(measured)
    ]
    found = rated(Tariff("A", "EUR", elements), of=session(START, START + 3 * HOUR, *periods))
    assert {line.element: line.volume for line in found.lines} == {1: Decimal("2.5"), 2: 0}
    assert found.excl_tax == 5
