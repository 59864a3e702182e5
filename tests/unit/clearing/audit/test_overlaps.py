from typing import Any

import pytest

from services.clearing.audit.codes import Code
from services.clearing.audit.facts import Neighbour
from tests.unit.clearing.audit.examples import HOUR, MINUTE, UNKNOWN_TIME, Example, claim, codes
from tests.unit.clearing.samples import END, START


def beside(**changes: Any) -> dict[str, Any]:
    """Another CDR that overlaps, on the same connector, of another credential and with other energy."""
    values = {"cdr_id": "C0", "session_id": "S0", "credential": "p-0", "energy": 7, "started_at": START - HOUR}
    return {"neighbours": [Neighbour.of(claim(**(values | changes)))]}


ELSEWHERE = {"evse_uid": "E2", "credential": "p-1"}

FOUND = [
    Example(Code.CONNECTOR_OVERLAP, facts=beside()),
    Example(Code.CONNECTOR_OVERLAP, facts=beside(ended_at=START + MINUTE)),
    Example(Code.CONNECTOR_OVERLAP, facts=beside(evse_uid="e1", location_id="L9")),
    Example(Code.CREDENTIAL_OVERLAP, facts=beside(**ELSEWHERE)),
    Example(Code.CREDENTIAL_OVERLAP, facts=beside(connector_id="2", credential="p-1")),
]
LEGAL = [
    Example(Code.CONNECTOR_OVERLAP, facts=beside(ended_at=START)),
    Example(Code.CONNECTOR_OVERLAP, facts=beside(started_at=END, ended_at=END + HOUR)),
    Example(Code.CONNECTOR_OVERLAP, facts=beside(connector_id="2")),
    Example(Code.CONNECTOR_OVERLAP, facts=beside(visited_cso="NL-ABC")),
    Example(Code.CONNECTOR_OVERLAP, {"evse_uid": "#NA"}, beside(evse_uid="#NA") | {"session": None}),
    Example(Code.CONNECTOR_OVERLAP, {"started_at": UNKNOWN_TIME}, beside()),
    Example(Code.CREDENTIAL_OVERLAP, facts=beside(**ELSEWHERE, ended_at=START)),
    Example(Code.CREDENTIAL_OVERLAP, facts=beside(evse_uid="E2")),
    Example(Code.CREDENTIAL_OVERLAP, facts=beside(credential="p-1")),
    Example(Code.CREDENTIAL_OVERLAP, {"credential": None}, beside(evse_uid="E2", credential=None)),
    Example(Code.CREDENTIAL_OVERLAP, {"credit": True, "credit_reference_id": "C9"}, beside(**ELSEWHERE)),
]


@pytest.mark.parametrize("example", FOUND)
def test_found(example: Example) -> None:
    found = example.audited
    assert codes(found) == {example.code}
    assert found.findings[0].numbers == {"other": "C0"}


@pytest.mark.parametrize("example", LEGAL)
def test_legal(example: Example) -> None:
    assert example.code not in codes(example.audited)


def test_many_that_overlap_are_one_finding() -> None:
    many = {"neighbours": [*beside()["neighbours"], *beside(cdr_id="C9")["neighbours"]]}
    assert len(Example(Code.CONNECTOR_OVERLAP, facts=many).audited.findings) == 1
