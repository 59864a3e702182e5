"""What operators see of clearing in its metrics; counted when a transaction is committed, so nothing counts twice."""

from collections.abc import Sequence

from services.clearing.audit.codes import Code, Severity
from services.clearing.records import Decision
from services.runtime import metrics


def decided(decisions: Sequence[Decision]) -> None:
    """Count verdicts and findings."""
    for decision in decisions:
        rated = "no" if decision.audit.rated is None else "yes"
        metrics.CDRS_CLEARED.labels(decision.claim.visited_cso, decision.verdict.value, rated).inc()
        for finding in decision.audit.findings:
            metrics.CDR_FINDINGS.labels(finding.code.value, finding.severity.value).inc()


def missing(visited_cso: str, severity: Severity) -> None:
    """Count a session that has no CDR."""
    metrics.CDRS_MISSING.labels(visited_cso).inc()
    metrics.CDR_FINDINGS.labels(Code.CDR_MISSING.value, severity.value).inc()
