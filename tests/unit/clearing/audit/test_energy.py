from decimal import Decimal
from typing import Any

import pytest

from services.clearing.audit.claims import Cost
from services.clearing.audit.codes import Code
from tests.unit.clearing.audit.examples import HOUR, UNKNOWN_TIME, Example, codes, period
from tests.unit.clearing.samples import START, location

NOWHERE = {"location": None}
BACK = {"parts": {"energy": Cost(Decimal("-5.00"))}, "total_excl_tax": Decimal("-5.00"), "total_incl_tax": None}
UNPOWERED = {"location": location(power_kw=None)}


def kwh(energy: str, **changes: Any) -> dict[str, Any]:
    return {"energy": Decimal(energy), "periods": (period({"ENERGY": energy}),)} | changes


def periods(*parts: Any) -> dict[str, Any]:
    return {"periods": parts}


FOUND = [
    Example(Code.ENERGY_NEGATIVE, kwh("-60.81")),
    Example(Code.ENERGY_NEGATIVE_BILLED, kwh("-20")),
    Example(Code.ENERGY_NEGATIVE_BILLED, kwh("-20", parts={})),
    Example(Code.ENERGY_NEGATIVE_BILLED, kwh("-20", parts={"time": Cost(Decimal("4.99"))})),
    Example(Code.ENERGY_ZERO, kwh("0")),
    Example(Code.ENERGY_IMPLAUSIBLE, kwh("48.401")),
    Example(Code.ENERGY_IMPLAUSIBLE, kwh("-48.401")),
    Example(Code.ENERGY_IMPLAUSIBLE, kwh("-0.1", ended_at=START)),
    Example(Code.ENERGY_IMPLAUSIBLE, kwh("1430"), NOWHERE),
    Example(Code.ENERGY_IMPLAUSIBLE, kwh("312.6"), UNPOWERED),
    Example(Code.ENERGY_IMPLAUSIBLE, kwh("25.1"), {"battery_kwh": Decimal(20)}),
    Example(Code.ENERGY_IMPLAUSIBLE, kwh("0.1", ended_at=START), NOWHERE),
    Example(Code.ENERGY_IMPLAUSIBLE, kwh("1001"), {"battery_kwh": Decimal(900), "location": None}),
    Example(Code.ENERGY_PERIODS_MISMATCH, kwh("20") | {"energy": Decimal("20.011")}),
    Example(Code.PERIOD_ENERGY_IMPLAUSIBLE, periods(period({"ENERGY": "20"}), period({}, START + HOUR / 2))),
    Example(Code.PERIOD_ENERGY_IMPLAUSIBLE, periods(period({"ENERGY": "20", "MAX_POWER": "9"})), NOWHERE),
    Example(Code.POWER_IMPLAUSIBLE, periods(period({"ENERGY": "20", "MAX_POWER": "24.3"}))),
]
LEGAL = [
    Example(Code.ENERGY_NEGATIVE, kwh("0")),
    Example(Code.ENERGY_NEGATIVE_BILLED, kwh("-20", **BACK)),
    Example(Code.ENERGY_NEGATIVE_BILLED, kwh("-20", parts={"time": Cost(Decimal(5))})),
    Example(Code.ENERGY_NEGATIVE_BILLED, kwh("-20", parts={}, credit=True, credit_reference_id="C0")),
    Example(Code.ENERGY_NEGATIVE_BILLED, kwh("-20", parts={}, unread=("total_energy",))),
    Example(Code.ENERGY_NEGATIVE_BILLED, kwh("20")),
    Example(Code.ENERGY_ZERO, kwh("-1")),
    Example(Code.ENERGY_ZERO, kwh("0") | {"unread": ("total_energy",)}),
    Example(Code.ENERGY_IMPLAUSIBLE, kwh("48.4")),
    Example(Code.ENERGY_IMPLAUSIBLE, kwh("48.401"), UNPOWERED),
    Example(Code.ENERGY_IMPLAUSIBLE, kwh("312.5"), NOWHERE),
    Example(Code.ENERGY_IMPLAUSIBLE, kwh("600"), NOWHERE | {"battery_kwh": Decimal(621)}),
    Example(Code.ENERGY_IMPLAUSIBLE, kwh("25"), {"battery_kwh": Decimal(20)}),
    Example(Code.ENERGY_IMPLAUSIBLE, kwh("60", started_at=UNKNOWN_TIME)),
    Example(Code.ENERGY_IMPLAUSIBLE, kwh("-48.4")),
    Example(Code.ENERGY_PERIODS_MISMATCH, kwh("20") | {"energy": Decimal("20.01")}),
    Example(Code.ENERGY_PERIODS_MISMATCH, periods(period({"TIME": "2"}))),
    Example(Code.PERIOD_ENERGY_IMPLAUSIBLE, periods(period({"ENERGY": "12"}), period({}, START + HOUR / 2))),
    Example(Code.PERIOD_ENERGY_IMPLAUSIBLE, periods(period({"ENERGY": "20", "MAX_POWER": "11"})), NOWHERE),
    Example(Code.PERIOD_ENERGY_IMPLAUSIBLE, periods(period({"ENERGY": "-20", "MAX_POWER": "-11"}))),
    Example(
        Code.PERIOD_ENERGY_IMPLAUSIBLE,
        periods(period({"ENERGY": "20", "MAX_POWER": "9"})) | {"ended_at": UNKNOWN_TIME},
    ),
    Example(
        Code.PERIOD_ENERGY_IMPLAUSIBLE,
        periods(period({"ENERGY": "11", "MAX_POWER": "10"}), period({"ENERGY": "9"}, START + HOUR)),
        NOWHERE,
        {"time_tolerance_seconds": 0},
    ),
    Example(Code.PERIOD_ENERGY_IMPLAUSIBLE, periods(period({"ENERGY": "20", "MAX_POWER": "0"}))),
    Example(Code.POWER_IMPLAUSIBLE, periods(period({"ENERGY": "20", "MAX_POWER": "24.2"}))),
    Example(Code.POWER_IMPLAUSIBLE, periods(period({"ENERGY": "20", "MAX_POWER": "50"})), UNPOWERED),
]


@pytest.mark.parametrize("example", FOUND)
def test_found(example: Example) -> None:
    assert example.code in codes(example.audited)


@pytest.mark.parametrize("example", LEGAL)
def test_legal(example: Example) -> None:
    assert example.code not in codes(example.audited)


def test_the_least_bound_is_told() -> None:
    example = Example(Code.ENERGY_IMPLAUSIBLE, kwh("1430"))
    (finding,) = [each for each in example.audited.findings if each.code is example.code]
    assert finding.numbers["limit"] == "48.4"
    assert finding.numbers["why"] == "22 kW for the time of the session, with a margin"
