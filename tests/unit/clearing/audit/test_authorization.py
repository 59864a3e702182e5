from typing import Any

import pytest

from services.clearing.audit.codes import Code
from services.clearing.audit.facts import PLATFORM, AuthorizationFact, Source
from tests.unit.clearing.audit.examples import MINUTE, UNKNOWN_TIME, Example, codes
from tests.unit.clearing.samples import CSP, END, START

NAMED = {"authorization_reference": "A-1"}
LOOKED_UP = {"sources": PLATFORM | {Source.AUTHORIZATIONS}}


def given(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {"reference": "A-1", "version": 1, "home_csp": CSP, "pseudonym": "p-1"}
    values |= {"result": "ALLOWED", "decided_at": START - MINUTE}
    return {"authorization": AuthorizationFact(**(values | changes))}


FOUND = [
    Example(Code.AUTHORIZATION_NOT_FOUND, NAMED, LOOKED_UP),
    Example(Code.AUTHORIZATION_DENIED, NAMED, given(result="BLOCKED")),
    Example(Code.AUTHORIZATION_MISMATCH, NAMED, given(home_csp="DE-ABC")),
    Example(Code.AUTHORIZATION_MISMATCH, NAMED, given(pseudonym="p-2")),
    Example(Code.AUTHORIZATION_MISMATCH, NAMED, given(location_id="L2")),
    Example(Code.AUTHORIZATION_MISMATCH, NAMED, given(location_id="L1", evse_uids=["E2", "E3"])),
    Example(Code.AUTHORIZATION_MISMATCH, NAMED, given(decided_at=END + MINUTE)),
]
LEGAL = [
    Example(Code.AUTHORIZATION_NOT_FOUND, NAMED),
    Example(Code.AUTHORIZATION_NOT_FOUND, {}, LOOKED_UP),
    Example(Code.AUTHORIZATION_NOT_FOUND, NAMED, LOOKED_UP | given()),
    Example(Code.AUTHORIZATION_DENIED, NAMED, given()),
    # One that the CDR does not name is not what it was opened by.
    Example(Code.AUTHORIZATION_DENIED, {}, given(result="BLOCKED")),
    Example(Code.AUTHORIZATION_MISMATCH, NAMED, given(location_id="l1", evse_uids=["e1", "E2"])),
    Example(Code.AUTHORIZATION_MISMATCH, NAMED | {"evse_uid": "#NA"}, given(evse_uids=["E2"]) | {"session": None}),
    Example(Code.AUTHORIZATION_MISMATCH, NAMED | {"credential": None}, given(pseudonym="p-2")),
    Example(Code.AUTHORIZATION_MISMATCH, NAMED | {"ended_at": UNKNOWN_TIME}, given()),
]


@pytest.mark.parametrize("example", FOUND)
def test_found(example: Example) -> None:
    assert codes(example.audited) == {example.code}


@pytest.mark.parametrize("example", LEGAL)
def test_legal(example: Example) -> None:
    assert example.code not in codes(example.audited)


def test_a_credential_is_never_shown() -> None:
    (finding,) = Example(Code.AUTHORIZATION_MISMATCH, NAMED, given(pseudonym="p-2")).audited.findings
    assert "p-1" not in finding.detail
    assert "p-2" not in finding.detail
