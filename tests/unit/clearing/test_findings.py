import string
from decimal import Decimal

import pytest

from services.clearing.findings import CATALOGUE, Code, Finding, Severity, Verdict, find, verdict


def test_every_code_is_in_the_catalogue() -> None:
    assert set(CATALOGUE) == set(Code)


@pytest.mark.parametrize("code", Code)
def test_the_sentence_takes_its_numbers(code: Code) -> None:
    severity, sentence = CATALOGUE[code]
    names = [name for _, name, _, _ in string.Formatter().parse(sentence) if name]
    finding = find(code, **dict.fromkeys(names, Decimal("12.50000000")))
    assert finding.severity is severity
    assert finding.detail.count("12.5") == len(names)
    assert "{" not in finding.detail


def test_whole_numbers_keep_their_zeros() -> None:
    detail = find(Code.ENERGY_NEGATIVE, energy=Decimal("-1E+2")).detail
    assert detail == "The energy is -100 kWh."


@pytest.mark.parametrize(
    ("severities", "expected"),
    [
        ([], Verdict.ACCEPTED),
        ([Severity.INFORM], Verdict.ACCEPTED),
        ([Severity.INFORM, Severity.FLAG], Verdict.FLAGGED),
        ([Severity.REJECT, Severity.FLAG, Severity.INFORM], Verdict.REJECTED),
    ],
)
def test_the_worst_finding_decides(severities: list[Severity], expected: Verdict) -> None:
    assert verdict(Finding(Code.NOT_RATED, severity, "") for severity in severities) is expected
