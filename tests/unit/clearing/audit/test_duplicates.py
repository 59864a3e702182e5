from decimal import Decimal
from typing import Any

import pytest

from services.clearing.audit.codes import Code
from services.clearing.audit.facts import Neighbour
from tests.unit.clearing.audit.examples import HOUR, MINUTE, Example, claim, codes
from tests.unit.clearing.samples import END, START


def before(**changes: Any) -> dict[str, Any]:
    """An earlier CDR with nothing in common but the parties."""
    values: dict[str, Any] = {"cdr_id": "C0", "session_id": "S0", "credential": "p-0", "energy": Decimal(7)}
    values |= {"started_at": START - 9 * HOUR, "ended_at": START - 8 * HOUR, "connector_id": "9"}
    return {"neighbours": [Neighbour.of(claim(**(values | changes)))]}


SAME_PLACE = {"connector_id": "1", "started_at": START, "ended_at": END}
SAME_LOOK = {"connector_id": "1", "energy": Decimal(20), "ended_at": START + HOUR}

FOUND = [
    Example(Code.CDR_ID_REPEATED, facts=before(cdr_id="c1")),
    Example(Code.CDR_REPEATED, facts=before(session_id="s1")),
    Example(Code.CDR_REPEATED, facts=before(**SAME_PLACE, credential="p-1")),
    Example(Code.CDR_NEAR_DUPLICATE, facts=before(**SAME_LOOK, started_at=START + 5 * MINUTE)),
    Example(Code.CDR_NEAR_DUPLICATE, facts=before(**SAME_LOOK, started_at=START - 5 * MINUTE)),
]
LEGAL = [
    Example(Code.CDR_ID_REPEATED, facts=before()),
    Example(Code.CDR_ID_REPEATED, facts=before(cdr_id="C1", visited_cso="NL-ABC")),
    Example(Code.CDR_REPEATED, {"session_id": None}, before(session_id=None)),
    Example(Code.CDR_REPEATED, facts=before(session_id="S1", visited_cso="NL-ABC")),
    Example(Code.CDR_REPEATED, facts=before(**SAME_PLACE)),
    Example(Code.CDR_REPEATED, {"credit": True, "credit_reference_id": "C0"}, before(session_id="S1")),
    Example(Code.CDR_NEAR_DUPLICATE, facts=before(**SAME_LOOK, started_at=START + 6 * MINUTE)),
    Example(Code.CDR_NEAR_DUPLICATE, facts=before(**(SAME_LOOK | {"connector_id": "2"}), started_at=START)),
    Example(Code.CDR_NEAR_DUPLICATE, {"energy": Decimal(0)}, before(**SAME_PLACE, energy=Decimal(0))),
]


@pytest.mark.parametrize("example", FOUND)
def test_found(example: Example) -> None:
    assert example.code in codes(example.audited)


@pytest.mark.parametrize("example", LEGAL)
def test_legal(example: Example) -> None:
    assert example.code not in codes(example.audited)


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        (SAME_PLACE | {"energy": Decimal(20)}, "with the same time, energy and total"),
        (SAME_PLACE | {"total_incl_tax": Decimal(9)}, "with another energy and total"),
    ],
)
def test_what_differs_under_one_id_is_told(changes: dict[str, Any], difference: str) -> None:
    found = Example(Code.CDR_ID_REPEATED, facts=before(cdr_id="C1", **changes)).audited
    assert found.findings[-1].numbers == {"other": "C1", "difference": difference}


def test_a_repetition_is_disputed() -> None:
    assert Example(Code.CDR_REPEATED, facts=before(session_id="S1")).audited.verdict == "DISPUTED"
