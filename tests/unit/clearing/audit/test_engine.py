from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.clearing.audit.codes import Code, Severity
from services.clearing.audit.engine import Audit, audit
from services.clearing.audit.facts import AgreementFact, CreditedFact, Facts, Neighbour, Source
from services.clearing.audit.findings import Verdict, verdict
from services.clearing.audit.rules import AuditRules
from services.clearing.claims import claim_of
from services.clearing.published import tariff_of
from services.core.money import RoundingMode, RoundingRule
from tests.unit.clearing.samples import (
    CSP,
    END,
    START,
    agreement,
    cdr,
    facts,
    location,
    period,
    place,
    session,
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
        ({"total_cost_excl_tax": "118.80", "total_energy_cost_excl_tax": None}, Code.TOTAL_MISMATCH),
        ({"total_cost_incl_tax": "5.52"}, Code.TOTAL_MISMATCH),
        ({"total_energy_cost_excl_tax": "4.90"}, Code.PARTS_MISMATCH),
        ({"total_time_cost_excl_tax": "1"}, Code.PARTS_MISMATCH),
        ({"currency": "GBP"}, Code.CURRENCY_MISMATCH),
        ({"cdr_id": "C2", "pseudonym": "p-2"}, Code.SESSION_MISMATCH),
        ({"location": place(evse_uid="E2")}, Code.SESSION_MISMATCH),
    ],
)
def test_one_thing_wrong_is_one_finding(changes: dict[str, Any], code: Code) -> None:
    assert codes(audited(**changes)) - {Code.NOT_RATED} == {code.value}


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


class TestEnergyAndTime:
    """What real charge points send: negative and absurd energy, sessions of days, ends before their starts."""

    def of(self, kwh: str, **changes: Any) -> Audit:
        known = facts(session=session(kwh=Decimal(kwh)), location=changes.pop("at", location()))
        cost = f"{Decimal(kwh) * Decimal('0.25'):.2f}"
        money = {"total_cost_excl_tax": cost, "total_cost_incl_tax": None, "total_energy_cost_excl_tax": cost}
        return audited(known, total_energy=kwh, periods=[period({"ENERGY": kwh}, "T1")], **(money | changes))

    def test_negative_energy(self) -> None:
        found = self.of("-60.81")
        assert codes(found) == {"ENERGY_NEGATIVE", "NOT_RATED"}
        assert verdict(found.findings) is Verdict.FLAGGED

    def test_no_energy(self) -> None:
        found = self.of("0")
        assert codes(found) == {"ENERGY_ZERO"}
        assert verdict(found.findings) is Verdict.ACCEPTED

    def test_more_than_anything_takes(self) -> None:
        found = self.of("1430", at=None)
        assert codes(found) == {"ENERGY_IMPLAUSIBLE"}
        assert verdict(found.findings) is Verdict.FLAGGED

    def test_more_than_the_connector_gives(self) -> None:
        assert codes(self.of("48.4")) == set()
        assert codes(self.of("48.401")) == {"ENERGY_IMPLAUSIBLE"}
        assert codes(self.of("48.401", at=location(power_kw=None))) == set()

    def test_periods_that_do_not_sum_up(self) -> None:
        found = audited(periods=[period({"ENERGY": "10"}, "T1"), period({"ENERGY": "9.98"}, "T1")])
        assert codes(found) == {"ENERGY_PERIODS_MISMATCH", "NOT_RATED"}
        found = audited(periods=[period({"ENERGY": "10"}, "T1"), period({"ENERGY": "9.995"}, "T1")])
        assert codes(found) == set()

    def test_periods_without_energy_say_nothing(self) -> None:
        found = audited(tariffs=[tariff(("TIME", "2.5", "10", "1"))], periods=[period({"TIME": "2"}, "T1")])
        assert found.findings == ()

    def test_longer_than_a_day(self) -> None:
        ended_at = START + timedelta(hours=24, minutes=1)
        found = audited(facts(session=session(ended_at=ended_at)), ended_at=ended_at)
        assert codes(found) == {"TIME_IMPLAUSIBLE"}
        found = audited(
            facts(session=session(ended_at=START + timedelta(hours=24))), ended_at=START + timedelta(hours=24)
        )
        assert found.findings == ()

    def test_a_total_time_longer_than_a_day(self) -> None:
        assert codes(audited(total_time="25")) == {"TIME_IMPLAUSIBLE"}

    def test_an_end_before_the_start(self) -> None:
        found = audited(
            facts(session=session(ended_at=START - timedelta(hours=1))), ended_at=START - timedelta(hours=1)
        )
        assert "TIME_REVERSED" in codes(found)
        assert verdict(found.findings) is Verdict.REJECTED

    def test_an_overlap_names_the_other(self) -> None:
        found = audited(facts(neighbours=[Neighbour.of(claim_of(cdr(cdr_id="C0", session_id="S0")))]))
        assert codes(found) == {"CONNECTOR_OVERLAP"}
        assert "C0" in found.findings[0].detail


@pytest.mark.parametrize("limits", [{}, {"max_price_excl_tax": "4.00"}])
def test_parts_are_not_held_against_a_published_price_limit_of_the_session(limits: dict[str, str]) -> None:
    known = facts(tariffs={"t1": published(**limits)})
    found = audited(known, tariffs=[], total_cost_excl_tax="4.00", total_cost_incl_tax="4.40")
    assert ("PARTS_MISMATCH" in codes(found)) is not bool(limits)


class TestCredit:
    def of(self, credited: CreditedFact | None, **changes: Any) -> Audit:
        money = {"total_cost_excl_tax": "-5.00", "total_cost_incl_tax": "-5.50"}
        credit = {"cdr_id": "C1-credit", "credit": True, "credit_reference_id": "C1"}
        return audited(facts(credited=credited), **(money | credit | changes))

    def original(self, **changes: Any) -> CreditedFact:
        values = {"cdr_id": "C1", "revision": 1, "home_csp": CSP, "amount": Decimal("5.50"), "currency": "EUR"}
        return CreditedFact(**(values | {"credited_by": None} | changes))  # type: ignore[arg-type]

    @pytest.mark.ocpi_rule(23)
    def test_a_right_credit_negates_the_total_alone(self) -> None:
        found = self.of(self.original())
        assert found.findings == ()
        assert found.rated is not None
        assert found.rated.incl_tax == Decimal("-5.50")

    def test_parts_may_be_negated_too(self) -> None:
        assert self.of(self.original(), total_energy_cost_excl_tax="-5.00").findings == ()

    @pytest.mark.parametrize("mode", RoundingMode)
    def test_a_credit_takes_back_what_was_billed_however_it_was_rounded(self, mode: RoundingMode) -> None:
        known = facts(agreements=[agreement(rounding=RoundingRule(mode, 2), total_tolerance=Decimal(0))])
        usage = {"total_energy": "1.111", "periods": [period({"ENERGY": "1.111"}, "T1")], "session_id": None}
        billed = audited(known, **usage).rated
        assert billed is not None
        assert billed.incl_tax is not None
        assert billed.excl_tax is not None
        back = {"total_cost_excl_tax": f"{-billed.excl_tax}", "total_cost_incl_tax": f"{-billed.incl_tax}"}
        found = audited(known, **usage, **back, credit=True, credit_reference_id="C1")
        assert "TOTAL_MISMATCH" not in codes(found)

    @pytest.mark.parametrize(
        ("changes", "phrase"),
        [
            ({"home_csp": "DE-ABC"}, "another home-CSP"),
            ({"credited_by": "C1-c"}, "already taken back by C1-c"),
            ({"currency": "GBP"}, "is in GBP"),
            ({"amount": Decimal(0)}, "booked 0"),
        ],
    )
    def test_an_unfit_original_is_flagged(self, changes: dict[str, Any], phrase: str) -> None:
        found = self.of(self.original(**changes))
        assert codes(found) == {"CREDIT_UNMATCHED"}
        assert phrase in found.findings[0].detail

    def test_an_unknown_original_is_flagged(self) -> None:
        found = self.of(None)
        assert codes(found) == {"CREDIT_UNMATCHED"}
        assert verdict(found.findings) is Verdict.FLAGGED

    def test_a_credit_that_asks_for_money_is_rejected(self) -> None:
        found = self.of(self.original(), total_cost_excl_tax="5.00", total_cost_incl_tax="5.50")
        assert "TOTAL_MISMATCH" in codes(found)


def test_details_carry_no_severity_surprise() -> None:
    assert {finding.severity for finding in audited(total_cost_excl_tax="9").findings} == {
        Severity.REJECT,
        Severity.FLAG,
    }


def test_an_agreement_turns_a_rejection_into_a_dispute() -> None:
    severities = {Code.TOTAL_MISMATCH: Severity.DISPUTE, Code.PARTS_MISMATCH: Severity.INFORM}
    found = audited(facts(agreements=[agreement(severities=severities)]), total_cost_excl_tax="9")
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
