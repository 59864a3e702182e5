from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.clearing.audit.codes import Code
from services.clearing.audit.engine import Audit, audit
from services.clearing.audit.facts import SessionFact
from services.clearing.audit.rules import AuditRules
from services.clearing.audit.session import differences
from services.clearing.claims import claim_of
from tests.unit.clearing.audit.examples import Example, codes
from tests.unit.clearing.samples import END, START, cdr, facts, place, session

FOUND = [
    Example(Code.SESSION_NOT_NAMED, {"session_id": None}, {"session": None}),
    Example(Code.SESSION_NOT_FOUND, facts={"session": None}),
    Example(Code.SESSION_MISMATCH, facts={"session": session(pseudonym="p-2")}),
    Example(Code.SESSION_MISMATCH, {"evse_uid": "E2"}),
]
LEGAL = [
    Example(Code.SESSION_NOT_NAMED),
    Example(Code.SESSION_NOT_FOUND),
    Example(Code.SESSION_NOT_FOUND, facts={"session": None, "sources": frozenset()}),
    Example(Code.SESSION_MISMATCH, {"evse_uid": "e1", "session_id": "s1"}),
    Example(Code.SESSION_MISMATCH, {"credential": None}, {"session": session(pseudonym="p-2")}),
]


@pytest.mark.parametrize("example", FOUND)
def test_found(example: Example) -> None:
    assert codes(example.audited) == {example.code}


@pytest.mark.parametrize("example", LEGAL)
def test_legal(example: Example) -> None:
    assert example.code not in codes(example.audited)


def audited(tracked: SessionFact) -> Audit:
    return audit(claim_of(cdr()), facts(session=tracked), AuditRules())


@pytest.mark.parametrize(
    ("changes", "phrase"),
    [
        ({"state": "ACTIVE", "ended_at": None}, "still ACTIVE"),
        ({"state": "INVALID"}, "INVALID"),
        ({"home_csp": "DE-ABC"}, "home-CSP NL-TNM, not DE-ABC"),
        ({"location_id": "L2"}, "location L1, not L2"),
        ({"connector_id": "2"}, "connector 1, not 2"),
        ({"started_at": START - timedelta(seconds=61)}, "start"),
        ({"ended_at": END + timedelta(seconds=61)}, "end"),
        ({"kwh": Decimal("20.101")}, "20 kWh, not 20.101 kWh"),
    ],
)
def test_differences(changes: dict[str, Any], phrase: str) -> None:
    found = audited(session(**changes))
    assert [finding.code.value for finding in found.findings] == ["SESSION_MISMATCH"]
    assert phrase in found.findings[0].detail


def test_small_differences_and_case_do_not_count() -> None:
    near = session(evse_uid="e1", started_at=START + timedelta(seconds=60), kwh=Decimal("19.9"))
    assert audited(near).findings == ()


def test_a_pseudonym_is_never_shown() -> None:
    found = audited(session(pseudonym="p-2"))
    assert "p-2" not in found.findings[0].detail
    assert "p-1" not in found.findings[0].detail


def test_a_session_that_fits_has_no_differences() -> None:
    assert differences(claim_of(cdr()), session(), AuditRules()) == []


def test_a_cdr_that_names_no_evse_is_compared_by_the_rest() -> None:
    nowhere = claim_of(cdr(location=place(evse_uid="#NA")))
    assert differences(nowhere, session(), AuditRules()) == []
