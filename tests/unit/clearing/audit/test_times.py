from datetime import timedelta
from decimal import Decimal

import pytest

from services.clearing.audit.codes import Code
from services.clearing.audit.facts import AgreementFact
from tests.unit.clearing.audit.examples import HOUR, MINUTE, UNKNOWN_TIME, Example, audited, codes, period
from tests.unit.clearing.samples import CENTS, END, START, facts

LATE = timedelta(hours=24, minutes=1)
RESERVED = (period({"RESERVATION_TIME": "0.5"}), period({"ENERGY": "20", "TIME": "1.5"}, START + HOUR / 2))
AN_HOUR_OFF = {"time_tolerance_seconds": 3600}
UNUSED = {"evse_uid": "#NA", "connector_id": "#NA", "session_id": None, "periods": (period({"RESERVATION_TIME": "2"}),)}

FOUND = [
    Example(Code.TIME_UNKNOWN, {"started_at": UNKNOWN_TIME}),
    Example(Code.TIME_UNKNOWN, {"ended_at": UNKNOWN_TIME}),
    Example(Code.TIME_REVERSED, {"ended_at": START - HOUR}),
    Example(Code.TIME_ZERO, {"ended_at": START, "hours": Decimal(0)}),
    Example(Code.TIME_IMPLAUSIBLE, {"ended_at": START + LATE}),
    Example(Code.TIME_IMPLAUSIBLE, {"hours": Decimal(25)}),
    Example(Code.TIME_IMPLAUSIBLE, {"ended_at": START + timedelta(days=366)}),
    Example(Code.TIME_IN_FUTURE, facts={"now": END - 6 * MINUTE}),
    Example(Code.UPDATED_BEFORE_END, {"updated_at": END - 2 * MINUTE}),
    Example(Code.TIME_TOTAL_MISMATCH, {"hours": Decimal("1.98")}),
    Example(Code.TIME_TOTAL_MISMATCH, {"hours": Decimal(-2)}),
    Example(Code.TIME_TOTAL_MISMATCH, {"hours": Decimal(0)}),
    Example(Code.TIME_TOTAL_MISMATCH, {"ended_at": START, "hours": Decimal(1)}),
    Example(Code.PARKING_TIME_IMPLAUSIBLE, {"parking_hours": Decimal("2.1")}),
    Example(Code.PARKING_TIME_IMPLAUSIBLE, {"parking_hours": Decimal("-0.1")}),
]
LEGAL = [
    Example(Code.TIME_UNKNOWN),
    Example(Code.TIME_UNKNOWN, {"started_at": UNKNOWN_TIME + timedelta(days=1)}),
    Example(Code.TIME_REVERSED, {"ended_at": UNKNOWN_TIME}),
    Example(Code.TIME_REVERSED, {"ended_at": START, "hours": Decimal(0)}),
    Example(Code.TIME_ZERO, {"ended_at": START + timedelta(milliseconds=1)}),
    Example(Code.TIME_IMPLAUSIBLE, {"ended_at": START + timedelta(hours=24)}),
    Example(Code.TIME_IMPLAUSIBLE, {"started_at": UNKNOWN_TIME}),
    Example(Code.TIME_IN_FUTURE, facts={"now": END - 5 * MINUTE}),
    Example(Code.TIME_IN_FUTURE),
    Example(Code.UPDATED_BEFORE_END, {"updated_at": END}),
    Example(Code.UPDATED_BEFORE_END, {"updated_at": END - MINUTE}),
    Example(Code.TIME_TOTAL_MISMATCH, {"hours": Decimal("1.99")}),
    Example(Code.TIME_TOTAL_MISMATCH, {"hours": Decimal("1.5"), "periods": RESERVED}),
    Example(Code.TIME_TOTAL_MISMATCH, {"hours": Decimal(2), "periods": RESERVED}),
    Example(Code.TIME_TOTAL_MISMATCH, UNUSED | {"hours": Decimal(0)}),
    Example(Code.TIME_TOTAL_MISMATCH, {"started_at": UNKNOWN_TIME}),
    Example(Code.PARKING_TIME_IMPLAUSIBLE, {"parking_hours": Decimal(2)}),
    Example(Code.PARKING_TIME_IMPLAUSIBLE, {"parking_hours": Decimal(3)}, {}, AN_HOUR_OFF),
    Example(Code.PARKING_TIME_IMPLAUSIBLE, {"parking_hours": Decimal(-1)}, {}, AN_HOUR_OFF),
]


@pytest.mark.parametrize("example", FOUND)
def test_found(example: Example) -> None:
    assert example.code in codes(example.audited)


@pytest.mark.parametrize("example", LEGAL)
def test_legal(example: Example) -> None:
    assert example.code not in codes(example.audited)


def test_a_total_time_that_is_wrong_is_told_with_both() -> None:
    found = audited(hours=Decimal("3.5"))
    assert [finding.detail for finding in found.findings] == ["The total time is 3.5 hours, from start to end it is 2."]


def test_a_time_that_nobody_knows_is_held_against_nothing_else() -> None:
    known = facts(agreements=[AgreementFact.always(Decimal(0), CENTS, {})], session=None)
    found = audited(known, started_at=UNKNOWN_TIME, session_id=None)
    assert codes(found) == {Code.TIME_UNKNOWN, Code.SESSION_NOT_NAMED}


def test_a_session_of_a_year_is_found_and_still_rated() -> None:
    ended = START + timedelta(days=366)
    found = audited(ended_at=ended, hours=Decimal(366 * 24), session_id=None)
    assert found.rated is not None
    assert Code.TIME_IMPLAUSIBLE in codes(found)
