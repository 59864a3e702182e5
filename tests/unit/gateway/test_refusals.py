from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from schemas.models.clearing import CdrCleared, CdrMissed, Finding
from services.gateway.refusals import CLEARING, Reason, Refusal, of_missed, of_verdict

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
EVENT = UUID(int=1)


def cleared(verdict: str, revision: int = 1, *findings: Finding) -> CdrCleared:
    fields: dict[str, Any] = {
        "event_id": EVENT,
        "verdict": verdict,
        "revision": revision,
        "findings": list(findings),
        "visited_cso": "FR-SUN",
        "home_csp": "NL-CSP",
        "cdr_id": "CDR1",
        "decided_at": NOW,
        "amount": Decimal(0),
    }
    return CdrCleared.model_construct(**fields)


@pytest.mark.parametrize("verdict", ["FLAGGED", "DISPUTED", "REJECTED"])
def test_what_was_not_simply_accepted_is_reported_to_its_sender_with_the_reasons(verdict: str) -> None:
    finding = Finding(code="TOTAL_MISMATCH", severity="REJECT", detail="claimed 3.00, rated 2.50")
    assert of_verdict(cleared(verdict, 1, finding)) == Refusal(
        event_id=EVENT,
        party="FR-SUN",
        module="cdrs",
        object_id="CDR1",
        counterpart="NL-CSP",
        source=CLEARING,
        verdict=verdict,
        reasons=(Reason("TOTAL_MISMATCH", "REJECT", "claimed 3.00, rated 2.50"),),
        revision=1,
        decided_at=NOW,
    )


def test_what_was_accepted_at_once_is_not_reported() -> None:
    inform = Finding(code="SESSION_NOT_NAMED", severity="INFORM", detail="")
    assert of_verdict(cleared("ACCEPTED", 1, inform)) is None


def test_what_was_accepted_later_is_reported_since_it_takes_a_verdict_back() -> None:
    line = of_verdict(cleared("ACCEPTED", 2))
    assert line is not None
    assert (line.verdict, line.revision) == ("ACCEPTED", 2)


def missed(severity: str) -> CdrMissed:
    return CdrMissed(
        event_id=EVENT,
        occurred_at=NOW,
        visited_cso="FR-SUN",
        home_csp="NL-CSP",
        session_id="S1",
        session_version=4,
        ended_at=NOW,
        due_at=NOW,
        kwh=Decimal(20),
        severity=severity,
        detail="Session S1 has no CDR",
    )


def test_a_cdr_that_never_came_is_reported_by_its_session() -> None:
    line = of_missed(missed("FLAG"))
    assert line is not None
    assert (line.party, line.module, line.object_id, line.counterpart) == ("FR-SUN", "sessions", "S1", "NL-CSP")
    assert (line.source, line.verdict) == (CLEARING, "MISSING")
    assert line.reasons == (Reason("CDR_MISSING", "FLAG", "Session S1 has no CDR"),)


def test_a_cdr_that_never_came_is_not_reported_where_the_two_want_no_more_than_a_word() -> None:
    assert of_missed(missed("INFORM")) is None
