import pytest

from services.clearing.audit.codes import Code
from services.clearing.audit.findings import find
from tests.unit.clearing.audit.examples import Example, codes, period

MOST = "99999999999999999999"
FAULT = find(Code.SCHEMA_INVALID, path="$.auth_method", reason="is missing")

FOUND = [
    Example(Code.NUMBER_OUT_OF_RANGE, {"unread": ("$.total_energy",)}),
    Example(Code.NUMBER_OUT_OF_RANGE, {"periods": (period({"ENERGY": MOST}), period({"ENERGY": MOST}))}),
    Example(Code.SCHEMA_INVALID, {"faults": (FAULT,)}),
    Example(Code.NUMBER_OVER_PRECISE, {"rounded": ("$.total_energy",)}),
]
LEGAL = [
    Example(Code.NUMBER_OUT_OF_RANGE, {"periods": (period({"ENERGY": MOST}),)}),
    Example(Code.SCHEMA_INVALID),
    Example(Code.NUMBER_OVER_PRECISE),
]


@pytest.mark.parametrize("example", FOUND)
def test_found(example: Example) -> None:
    assert example.code in codes(example.audited)


@pytest.mark.parametrize("example", LEGAL)
def test_legal(example: Example) -> None:
    assert example.code not in codes(example.audited)


def test_what_was_found_while_reading_comes_before_the_numbers() -> None:
    example = Example(Code.SCHEMA_INVALID, {"faults": (FAULT,), "unread": ("$.total_time", "$.total_energy")})
    first, second = example.audited.findings[:2]
    assert first is FAULT
    assert second.numbers == {"fields": "$.total_time, $.total_energy"}
    assert example.audited.rated is None
