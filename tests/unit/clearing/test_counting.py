"""What operators see of verdicts and findings."""

from typing import Any

from services.clearing import counting
from services.clearing.audit.codes import Severity
from services.clearing.audit.rules import AuditRules
from services.clearing.claims import claim_of
from services.clearing.deciding import decide
from services.runtime.metrics import REGISTRY
from tests.unit.clearing.samples import CSO, NOW, cdr, facts, period


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"roamwatt_{name}_total", labels) or 0.0


def decided(**changes: Any) -> Any:
    return decide(claim_of(cdr(**changes)), facts(), AuditRules(), NOW)


def test_verdicts_are_counted_by_who_sent_the_cdr_and_whether_it_was_rated() -> None:
    accepted = {"partner": CSO, "verdict": "ACCEPTED", "rated": "yes"}
    unrated = {"partner": CSO, "verdict": "ACCEPTED", "rated": "no"}
    before = counted("cdrs_cleared", **accepted), counted("cdrs_cleared", **unrated)
    without = decided(tariffs=[], periods=[period({"ENERGY": "20", "TIME": "2"})])
    counting.decided([decided(), decided(), without])
    after = counted("cdrs_cleared", **accepted), counted("cdrs_cleared", **unrated)
    assert (after[0] - before[0], after[1] - before[1]) == (2, 1)


def test_findings_are_counted_by_code_and_severity() -> None:
    labels = {"code": "TOTAL_MISMATCH", "severity": "REJECT"}
    before = counted("cdr_findings", **labels)
    counting.decided([decided(total_cost_excl_tax="9"), decided()])
    assert counted("cdr_findings", **labels) == before + 1


def test_a_missing_cdr_is_counted_as_one_and_as_a_finding() -> None:
    labels = {"code": "CDR_MISSING", "severity": "INFORM"}
    before = counted("cdrs_missing", partner=CSO), counted("cdr_findings", **labels)
    counting.missing(CSO, Severity.INFORM)
    assert (counted("cdrs_missing", partner=CSO), counted("cdr_findings", **labels)) == (before[0] + 1, before[1] + 1)
