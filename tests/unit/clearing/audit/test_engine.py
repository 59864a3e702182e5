from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.clearing.audit.codes import Code, Severity
from services.clearing.audit.engine import Audit, audit
from services.clearing.audit.facts import AgreementFact, Facts, Source
from services.clearing.audit.findings import Verdict, verdict
from services.clearing.audit.rules import AuditRules
from services.clearing.claims import claim_of
from services.clearing.published import tariff_of
from services.core.money import RoundingMode, RoundingRule
from tests.unit.clearing.samples import (
    END,
    START,
    agreement,
    cdr,
    facts,
    period,
    place,
    tariff,
)

RULES = AuditRules()


def audited(known: Facts | None = None, **changes: Any) -> Audit:
    return audit(claim_of(cdr(**changes)), facts() if known is None else known, RULES)


def codes(found: Audit) -> set[str]:
    return {finding.code.value for finding in found.findings}


def published(**changes: Any) -> Any:
    content = {
        "tariff_id": "T1",
        "version": 7,
        "currency": "EUR",
        "elements": [
            {
                "components": [
                    {"component_type": "ENERGY", "price": "0.25", "vat_percent": "10", "step_size": 1},
                ],
                "restrictions": [],
            }
        ],
        "min_price_excl_tax": None,
        "min_price_incl_tax": None,
        "max_price_excl_tax": None,
        "max_price_incl_tax": None,
        "valid_from": None,
        "valid_until": None,
    }
    return tariff_of(content | changes)


def test_a_right_cdr_has_no_findings() -> None:
    found = audited()
    assert found.findings == ()
    assert found.rated is not None
    assert found.rated.incl_tax == Decimal("5.50")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"session_id": None}, Code.SESSION_NOT_NAMED),
        ({"total_cost_excl_tax": "5.3", "total_energy_cost_excl_tax": None}, Code.TOTAL_MISMATCH),
        ({"total_cost_incl_tax": "5.52"}, Code.TOTAL_MISMATCH),
        ({"total_energy_cost_excl_tax": "4.90"}, Code.PARTS_MISMATCH),
        ({"total_time_cost_excl_tax": "1"}, Code.PARTS_MISMATCH),
        ({"currency": "GBP"}, Code.CURRENCY_MISMATCH),
        ({"cdr_id": "C2", "pseudonym": "p-2"}, Code.SESSION_MISMATCH),
        ({"location": place(evse_uid="E2")}, Code.SESSION_MISMATCH),
    ],
)
def test_one_thing_wrong_is_one_finding(changes: dict[str, Any], code: Code) -> None:
    assert codes(audited(**changes)) - {Code.NOT_RATED, Code.PART_MISRATED} == {code.value}


def test_a_total_within_tolerance_is_right() -> None:
    assert audited(total_cost_excl_tax="5.01", total_energy_cost_excl_tax=None).findings == ()
    assert codes(audited(total_cost_excl_tax="5.0101", total_energy_cost_excl_tax=None)) == {"TOTAL_MISMATCH"}


def test_a_cdr_that_names_nothing_is_accepted() -> None:
    periods = [period({"ENERGY": "20"})]
    found = audited(facts(session=None), session_id=None, tariffs=[], periods=periods)
    assert codes(found) == {"SESSION_NOT_NAMED", "TARIFF_NOT_NAMED"}
    assert verdict(found.findings) is Verdict.ACCEPTED


def test_a_cdr_whose_facts_never_come_is_flagged() -> None:
    found = audited(facts(session=None), tariffs=[])
    assert codes(found) == {"SESSION_NOT_FOUND", "TARIFF_NOT_FOUND", "NOT_RATED"}
    assert verdict(found.findings) is Verdict.FLAGGED


def test_a_published_tariff_rates_a_cdr_that_only_names_it() -> None:
    found = audited(facts(tariffs={"t1": published()}), tariffs=[])
    assert found.findings == ()
    assert found.rated is not None
    assert found.tariff is not None
    assert found.tariff.version == 7


def test_without_an_agreement_nothing_is_booked() -> None:
    late = agreement(valid_from=END)
    over = agreement(valid_until=START)
    for agreements in ([], [late], [over]):
        found = audited(facts(agreements=agreements))
        assert "NO_AGREEMENT" in codes(found)
        assert verdict(found.findings) is Verdict.REJECTED
        assert found.rated is None


def test_the_newest_agreement_that_covers_the_start_counts() -> None:
    ended = agreement(agreement_id="A0", version=2, valid_until=START + timedelta(hours=1))
    later = agreement(agreement_id="A2", version=3, valid_from=START + timedelta(hours=1))
    found = audited(facts(agreements=[later, ended]))
    assert found.agreement == ended


@pytest.mark.parametrize("text", ["1E999999", "NaN", "100000000000000000000"])
@pytest.mark.parametrize("field", ["total_cost_excl_tax", "total_cost_incl_tax", "total_energy", "total_parking_time"])
def test_a_number_that_nobody_can_hold_is_rejected(field: str, text: str) -> None:
    found = audited(None, **{field: text})
    assert "NUMBER_OUT_OF_RANGE" in codes(found)
    assert verdict(found.findings) is Verdict.REJECTED
    assert found.rated is None


def test_numbers_of_periods_and_tariffs_count_too() -> None:
    assert "NUMBER_OUT_OF_RANGE" in codes(audited(periods=[period({"ENERGY": "1E30"}, "T1")]))
    assert "NUMBER_OUT_OF_RANGE" in codes(audited(tariffs=[tariff(("ENERGY", "1E30", None, "1"))]))
    most = "99999999999999999999"
    assert "NUMBER_OUT_OF_RANGE" in codes(audited(periods=[period({"ENERGY": most}), period({"ENERGY": most})]))


def test_an_agreement_turns_a_rejection_into_a_dispute() -> None:
    severities = {Code.TOTAL_MISMATCH: Severity.DISPUTE, Code.PARTS_MISMATCH: Severity.INFORM}
    found = audited(facts(agreements=[agreement(severities=severities)]), total_cost_excl_tax="5.3")
    assert [finding.severity for finding in found.findings] == [Severity.DISPUTE, Severity.INFORM]
    assert found.verdict is Verdict.DISPUTED


def test_what_nobody_looked_up_is_no_fault() -> None:
    terms = AgreementFact.always(Decimal("0.01"), RoundingRule(RoundingMode.HALF_UP, 2), {})
    known = Facts(agreements=[terms], sources=frozenset())
    assert codes(audited(known, tariffs=[])) == {"NOT_RATED"}
    assert "TARIFF_NOT_FOUND" in codes(
        audited(Facts(agreements=[terms], sources=frozenset({Source.TARIFFS})), tariffs=[])
    )
    assert "SESSION_NOT_FOUND" in codes(audited(Facts(agreements=[terms]), tariffs=[]))
