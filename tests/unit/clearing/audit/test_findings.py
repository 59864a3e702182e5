from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.clearing.audit.codes import Code, Severity
from services.clearing.audit.findings import Finding, Verdict, as_agreed, bounded, find, verdict


def test_a_finding_has_its_numbers_in_the_sentence_and_as_data() -> None:
    finding = find(Code.ENERGY_IMPLAUSIBLE, energy=Decimal("1430.00000000"), limit=Decimal("1E+3"), why="so")
    assert finding.detail == "The energy is 1430 kWh; at most 1000 kWh are plausible (so)."
    assert finding.numbers == {"energy": "1430", "limit": "1000", "why": "so"}
    assert finding.severity is Severity.FLAG


def test_whole_numbers_keep_their_zeros() -> None:
    assert find(Code.ENERGY_NEGATIVE, energy=Decimal("-1E+2")).detail == "The energy is -100 kWh."


def test_times_are_written_as_partners_write_them() -> None:
    instant = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
    assert find(Code.TIME_ZERO, started=instant).numbers == {"started": "2026-03-01T08:00:00Z"}


def test_long_and_strange_texts_are_cut_and_never_taken_for_a_pattern() -> None:
    finding = find(Code.NOT_RATED, reason="{x}" * 1000)
    assert len(finding.detail) < 500
    assert "{x}" in finding.detail


def test_an_agreement_gives_a_code_another_severity() -> None:
    found = find(Code.ENERGY_ZERO)
    assert as_agreed(found, {Code.ENERGY_ZERO: Severity.DISPUTE}).severity is Severity.DISPUTE
    assert as_agreed(found, {Code.ENERGY_NEGATIVE: Severity.DISPUTE}) is found


@pytest.mark.parametrize(
    ("severities", "expected"),
    [
        ([], Verdict.ACCEPTED),
        ([Severity.INFORM], Verdict.ACCEPTED),
        ([Severity.INFORM, Severity.FLAG], Verdict.FLAGGED),
        ([Severity.FLAG, Severity.DISPUTE, Severity.INFORM], Verdict.DISPUTED),
        ([Severity.REJECT, Severity.DISPUTE, Severity.FLAG], Verdict.REJECTED),
    ],
)
def test_the_worst_finding_decides(severities: list[Severity], expected: Verdict) -> None:
    assert verdict(Finding(Code.NOT_RATED, severity, "") for severity in severities) is expected


def test_only_accepted_and_flagged_books() -> None:
    assert {verdict for verdict in Verdict if verdict.books} == {Verdict.ACCEPTED, Verdict.FLAGGED}


def test_of_very_many_findings_each_code_stays_and_the_first_of_the_others() -> None:
    many = [find(Code.ENERGY_NEGATIVE, energy=number) for number in range(10)]
    last = find(Code.CREDIT_UNMATCHED, reference="C1", reason="is not known")
    assert bounded([*many, last], 11) == (*many, last)
    assert bounded([*many, last], 4) == (*many[:3], last)
    assert bounded([*many, last], 1) == (many[0], last), "no code is lost, whatever the bound"
