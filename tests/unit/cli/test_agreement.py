"""`roamwatt agreement` over a stand-in for the admin APIs."""

import pytest

from services.cli import agreement
from services.core.errors import BadContent
from tests.unit.cli.asking import run


def test_an_agreement_is_concluded_with_the_terms_given(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["add", "FR-CSO", "NL-CSP", "--trust-whitelist", "--tolerance", "0.05"]
    arguments += ["--valid-from", "2026-12-01T00:00:00Z"]
    result, fake = run(monkeypatch, agreement.app, arguments, {"POST /agreements": {"agreement_id": "A1"}})
    assert result.exit_code == 0
    (_, _, terms), = fake.asked  # fmt: skip
    assert terms["total_tolerance"] == "0.05"
    assert (terms["valid_from"], terms["valid_until"]) == ("2026-12-01T00:00:00Z", None)
    assert (terms["trust_whitelist"], terms["decide_when_unreachable"]) == (True, False)
    assert (terms["mode"], terms["services"]) == ("CLEARING_HOUSE", ["CHARGING"])


def test_a_tolerance_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    result, fake = run(monkeypatch, agreement.app, ["add", "FR-CSO", "NL-CSP", "--tolerance", "much"], {})
    assert result.exit_code == 2
    assert fake.asked == []


def test_what_findings_do_under_an_agreement_is_given_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["add", "FR-CSO", "NL-CSP", "--severity", "total_mismatch=dispute", "--severity", "ENERGY_ZERO=FLAG"]
    arguments += ["--per-line", "--cdr-due-after-hours", "48"]
    result, fake = run(monkeypatch, agreement.app, arguments, {"POST /agreements": {"agreement_id": "A1"}})
    assert result.exit_code == 0
    (_, _, terms), = fake.asked  # fmt: skip
    assert terms["finding_severities"] == {"TOTAL_MISMATCH": "DISPUTE", "ENERGY_ZERO": "FLAG"}
    assert (terms["rounding_per_line"], terms["cdr_due_after_hours"]) == (True, 48)


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["TOTAL_MISMACH=FLAG"], "TOTAL_MISMACH=FLAG: no such finding"),
        (["TOTAL_MISMATCH=IGNORE"], "TOTAL_MISMATCH=IGNORE: no such severity"),
        (["TOTAL_MISMATCH"], "no such severity; there are INFORM, FLAG, DISPUTE, REJECT"),
        (["ENERGY_ZERO=FLAG", "ENERGY_ZERO=REJECT"], "ENERGY_ZERO is given twice"),
    ],
)
def test_findings_and_severities_that_there_are_not(texts: list[str], reason: str) -> None:
    with pytest.raises(BadContent, match=reason):
        agreement.severities(texts)


AGREED = {
    "agreement_id": "A1",
    "visited_cso": "FR-CSO",
    "home_csp": "NL-CSP",
    "mode": "MIXED",
    "services": ["CHARGING", "PARKING"],
    "status": "ACTIVE",
    "valid_from": "2026-03-01T08:00:00Z",
    "valid_until": None,
    "cdr_due_after_hours": 48,
    "total_tolerance": "0.01000000",
    "rounding_mode": "DOWN",
    "rounding_digits": 3,
    "rounding_per_line": True,
    "finding_severities": {"ENERGY_ZERO": "FLAG"},
}


def test_agreements_are_shown_with_what_they_say_of_prices_and_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = run(monkeypatch, agreement.app, ["list"], {"/agreements": {"agreements": [AGREED], "next": None}})
    assert [line.strip() for line in result.stdout.splitlines()] == [
        "A1  NL-CSP at FR-CSO, ACTIVE",
        "from 2026-03-01T08:00:00Z; MIXED; CHARGING, PARKING",
        "tolerance 0.01; lines DOWN, 3 digits",
        "CDRs are missing after 48 hours",
        "ENERGY_ZERO FLAG",
    ]
    result, _ = run(monkeypatch, agreement.app, ["show", "A1"], {"/agreements/A1": AGREED})
    assert "ENERGY_ZERO FLAG" in result.stdout
