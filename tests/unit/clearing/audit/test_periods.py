from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.clearing.audit.codes import Code
from tests.unit.clearing.audit.examples import HOUR, MINUTE, UNKNOWN_TIME, Example, audited, codes, period
from tests.unit.clearing.samples import END, START

SECOND = timedelta(seconds=1)
HALF = {"ENERGY": "10", "TIME": "1"}


def periods(*parts: Any) -> dict[str, Any]:
    return {"periods": parts}


FOUND = [
    Example(Code.PERIODS_MISSING, periods()),
    Example(Code.PERIODS_UNORDERED, periods(period(HALF, START + HOUR), period(HALF))),
    Example(Code.PERIOD_REPEATED, periods(period(HALF), period(HALF))),
    Example(Code.PERIOD_REPEATED, periods(period(HALF), period(HALF, START + HOUR), period(HALF))),
    Example(Code.PERIOD_OUTSIDE_SESSION, periods(period(HALF, START - 61 * SECOND), period(HALF))),
    Example(Code.PERIOD_OUTSIDE_SESSION, periods(period(HALF), period(HALF, END + 61 * SECOND))),
    Example(Code.PERIODS_GAP, periods(period(HALF, START + 61 * SECOND))),
    Example(Code.PERIODS_GAP, periods(period(HALF, END))),
    Example(Code.PERIOD_TIME_IMPLAUSIBLE, periods(period({"TIME": "2", "PARKING_TIME": "0.02"}))),
    Example(Code.PERIOD_TIME_IMPLAUSIBLE, periods(period({"TIME": "1.5"}), period({}, START + HOUR))),
    Example(Code.PERIOD_TIME_IMPLAUSIBLE, {"ended_at": START}),
    Example(Code.PERIOD_VOLUME_NEGATIVE, periods(period({"ENERGY": "20", "PARKING_TIME": "-0.5"}))),
    Example(Code.PERIODS_TIME_MISMATCH, periods(period(HALF), period({"TIME": "1.5"}, START + HOUR))),
    Example(Code.PERIODS_TIME_MISMATCH, {"hours": Decimal(1)}),
    Example(Code.DIMENSION_UNKNOWN, periods(period({"ENERGY": "20", "GAS": "1"}))),
    Example(Code.DIMENSION_OF_SESSION, periods(period({"ENERGY": "20", "STATE_OF_CHARGE": "80"}))),
]
LEGAL = [
    Example(Code.PERIODS_MISSING),
    Example(Code.PERIODS_UNORDERED, periods(period(HALF), period(HALF, START + HOUR))),
    Example(Code.PERIODS_UNORDERED, periods(period({"TIME": "0"}), period(HALF))),
    # Two that begin together: one of them took no time, as where a tariff changed twice at once.
    Example(Code.PERIOD_REPEATED, periods(period({"TIME": "0"}), period(HALF))),
    Example(Code.PERIOD_REPEATED, periods(period({}), period({}), period(HALF))),
    Example(Code.PERIOD_REPEATED, periods(period(HALF), period(HALF, START + HOUR))),
    Example(Code.PERIOD_OUTSIDE_SESSION, periods(period(HALF, START - MINUTE), period(HALF, END))),
    Example(Code.PERIOD_OUTSIDE_SESSION, periods(period(HALF), period(HALF, END + MINUTE))),
    Example(Code.PERIOD_OUTSIDE_SESSION, {"started_at": UNKNOWN_TIME}),
    Example(Code.PERIODS_GAP, periods(period(HALF, START + MINUTE))),
    Example(Code.PERIOD_TIME_IMPLAUSIBLE, periods(period({"TIME": "1.5", "PARKING_TIME": "0.5"}))),
    # Time in which the station gave nothing to a car that wanted energy is neither TIME nor PARKING_TIME.
    Example(Code.PERIOD_TIME_IMPLAUSIBLE, periods(period({"TIME": "0.5"}))),
    Example(Code.PERIOD_TIME_IMPLAUSIBLE, periods(period({"TIME": "3"})) | {"started_at": UNKNOWN_TIME}),
    Example(Code.PERIOD_TIME_IMPLAUSIBLE, {"ended_at": START - HOUR}),
    Example(Code.PERIOD_VOLUME_NEGATIVE, periods(period({"ENERGY": "-20", "TIME": "2", "MIN_POWER": "-11"}))),
    Example(Code.PERIODS_TIME_MISMATCH, periods(period({"TIME": "2.01"}))),
    Example(Code.PERIODS_TIME_MISMATCH, {"hours": Decimal(1)}, {}, {"time_tolerance_seconds": 3600}),
    Example(Code.PERIODS_TIME_MISMATCH, {"hours": Decimal("1.5"), "periods": (period({"RESERVATION_TIME": "2"}),)}),
    Example(Code.DIMENSION_UNKNOWN, periods(period({"ENERGY": "20", "MAX_POWER": "11", "MIN_CURRENT": "6"}))),
    Example(Code.DIMENSION_OF_SESSION, periods(period({"ENERGY": "20", "MAX_CURRENT": "16"}))),
]


@pytest.mark.parametrize("example", FOUND)
def test_found(example: Example) -> None:
    assert example.code in codes(example.audited)


@pytest.mark.parametrize("example", LEGAL)
def test_legal(example: Example) -> None:
    assert example.code not in codes(example.audited)


def test_periods_are_counted_as_they_stand_in_the_cdr() -> None:
    found = audited(**periods(period(HALF, START + HOUR), period({"TIME": "1.2"})))
    details = {finding.code: finding.numbers for finding in found.findings}
    assert details[Code.PERIODS_UNORDERED]["period"] == "2"
    assert details[Code.PERIOD_TIME_IMPLAUSIBLE] == {"period": "2", "lasts": "1", "measured": "1.2"}


def test_a_period_after_the_end_lasts_no_time_and_not_less_than_none() -> None:
    found = audited(**periods(period(HALF), period({"TIME": "0.5"}, END + HOUR)))
    (finding,) = [each for each in found.findings if each.code is Code.PERIOD_TIME_IMPLAUSIBLE]
    assert finding.numbers == {"period": "2", "lasts": "0", "measured": "0.5"}


def test_each_unknown_dimension_is_told_once() -> None:
    strange = period({"GAS": "1", "HEAT": "2", "CURRENT": "3"})
    found = audited(**periods(strange, period({"GAS": "1"}, START + HOUR)))
    told = [(each.code, each.numbers["dimension"]) for each in found.findings if "dimension" in each.numbers]
    assert told == [
        (Code.DIMENSION_OF_SESSION, "CURRENT"),
        (Code.DIMENSION_UNKNOWN, "GAS"),
        (Code.DIMENSION_UNKNOWN, "HEAT"),
    ]
