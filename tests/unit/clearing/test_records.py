from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from schemas.models.clearing import CdrCleared, CdrCurrent, LedgerPosted, SdrCleared
from services.clearing.audit.facts import CreditedFact, Facts
from services.clearing.audit.rules import AuditRules
from services.clearing.claims import claim_of
from services.clearing.deciding import decide, events
from services.clearing.records import Decision
from services.core.money import total
from services.runtime.avro import Codec
from tests.unit.clearing.samples import CSP, NOW, cdr, facts, period, place, restriction, tariff

NUMBERS = st.decimals(min_value=-(10**6), max_value=10**6, places=4, allow_nan=False, allow_infinity=False).map(str)
TEXTS = NUMBERS | st.sampled_from(["NaN", "1E999", "x", "1e-12", "99999999999999999999"])
CODEC = Codec()


def test_a_cdr_with_very_many_faults_still_fits_an_event() -> None:
    broken = tariff(restrictions=[restriction("start_time", "25:99"), restriction("min_kwh", "x" * 300)])
    tariffs = [broken.model_copy(update={"tariff_id": f"T{number}"}) for number in range(1_000)]
    used = [period({f"X{number}": "1" for number in range(1_000)}, "T1")]
    decision = decided(tariffs=tariffs, periods=used)
    assert len(decision.audit.findings) == AuditRules().max_findings
    assert max(len(CODEC.encode(event.topic, event.value)) for event in events(decision)) < 100_000


def decided(known: Facts | None = None, **changes: Any) -> Decision:
    return decide(claim_of(cdr(**changes)), facts() if known is None else known, AuditRules(), NOW)


def test_a_line_whose_price_without_tax_nobody_knows_is_no_component_of_zero() -> None:
    inside = tariff(("ENERGY", "0.275", None, "1"), ("FLAT", "0", "10", "1"), tax_included="YES")
    record = said(decided(tariffs=[inside]))[CdrCleared]
    assert (record.rated_total_excl_tax, record.rated_total_incl_tax) == (None, Decimal("5.50"))
    assert [each.component_type for each in record.components] == ["FLAT"]


def said(decision: Decision) -> dict[type[BaseModel], Any]:
    return {type(event.value): event.value for event in events(decision)}


@given(
    st.fixed_dictionaries(
        {"total_energy": TEXTS, "total_time": TEXTS, "total_cost_excl_tax": TEXTS},
        optional={"total_cost_incl_tax": TEXTS, "total_parking_time": TEXTS, "total_time_cost_excl_tax": TEXTS},
    ),
    st.lists(st.dictionaries(st.sampled_from(["ENERGY", "TIME", "PARKING_TIME", "X"]), TEXTS), max_size=3),
    st.lists(st.tuples(st.sampled_from(["ENERGY", "TIME", "FLAT"]), TEXTS, st.none() | TEXTS, TEXTS), max_size=3),
    st.booleans(),
)
def test_what_is_built_without_validation_validates_and_encodes(
    numbers: dict[str, Any],
    volumes: list[dict[str, str]],
    components: list[tuple[str, str, str | None, str]],
    is_credit: bool,
) -> None:
    periods = [period(each, "T1") for each in volumes]
    decision = decided(credit=is_credit, periods=periods, tariffs=[tariff(*components)], **numbers)
    for event in events(decision):
        content = event.value.model_dump(warnings=False)
        again = type(event.value).model_validate(content)
        assert again.model_dump(warnings=False) == content
        assert event.id == again.event_id  # type: ignore[attr-defined]
        assert CODEC.decode(event.topic, CODEC.encode(event.topic, event.value)) == again


@given(TEXTS, st.sampled_from(["20", "0", "-3", "2000"]))
def test_the_record_books_what_the_ledger_books(cost: str, energy: str) -> None:
    values = said(decided(total_cost_excl_tax=cost, total_cost_incl_tax=None, total_energy=energy))
    amount = values[CdrCleared].amount
    posting = values.get(LedgerPosted)
    entries = {} if posting is None else {entry.account: entry.amount for entry in posting.entries}
    assert entries.get("BE-BEC/receivable/NL-TNM", Decimal(0)) == amount
    assert total(entries.values()) == 0
    assert values[SdrCleared].amount == amount == values[CdrCurrent].amount
    assert (posting is None) == (amount == 0)


def test_a_cleared_record_stands_alone() -> None:
    record = said(decided())[CdrCleared]
    assert (record.verdict, record.amount, record.amount_excl_tax) == ("ACCEPTED", Decimal("5.50"), Decimal("5.00"))
    assert (record.rated_total_excl_tax, record.rated_total_incl_tax) == (Decimal("5.00"), Decimal("5.50"))
    assert (record.kwh, record.minutes, record.parking_minutes) == (Decimal(20), Decimal(120), None)
    assert (record.city, record.country, record.time_zone) == ("Gent", "BEL", "Europe/Brussels")
    assert (record.agreement_id, record.agreement_version) == ("A1", 3)
    assert (record.tariff_ids, record.tariff_version) == (["T1"], None)
    assert (record.revision, record.supersedes, record.decided_at) == (1, None, NOW)
    assert [(fact.kind, fact.id, fact.version) for fact in record.facts] == [
        ("AGREEMENT", "A1", 3),
        ("SESSION", "S1", 4),
        ("LOCATION", "L1", 2),
    ]
    assert [(line.component_type, line.volume, line.unit, line.amount_excl_tax) for line in record.components] == [
        ("ENERGY", Decimal(20), "KWH", Decimal(5))
    ]


def test_a_rejected_cdr_carries_zero_and_what_was_claimed() -> None:
    values = said(decided(total_cost_excl_tax="118.80"))
    record = values[CdrCleared]
    assert (record.verdict, record.amount, record.amount_excl_tax) == ("REJECTED", 0, 0)
    assert record.claimed_total_excl_tax == Decimal("118.80")
    assert record.finding_codes == ["TOTAL_MISMATCH", "PARTS_MISMATCH", "TAX_IMPLAUSIBLE"]
    assert [finding.severity for finding in record.findings] == ["REJECT", "FLAG", "FLAG"]
    assert LedgerPosted not in values
    assert values[SdrCleared].verdict == values[CdrCurrent].verdict == "REJECTED"


def test_a_credit_takes_back_what_was_booked() -> None:
    original = CreditedFact("C1", 1, CSP, Decimal("5.50"), "EUR", None)
    money = {"total_cost_excl_tax": "-5.00", "total_cost_incl_tax": "-5.50", "total_energy_cost_excl_tax": "-5.00"}
    credit = decided(facts(credited=original), cdr_id="C1-c", credit=True, credit_reference_id="C1", **money)
    assert credit.booking.change.amount + decided().booking.change.amount == 0


def test_deciding_again_gives_the_same_ids_and_another_topic_other_ones() -> None:
    first, again = events(decided()), events(decided())
    assert [event.id for event in first] == [event.id for event in again]
    assert len({event.id for event in first}) == len(first) == 4
    assert {event.id for event in first}.isdisjoint(event.id for event in events(decided(event_id=UUID(int=2))))
    assert [(event.topic, event.key) for event in first] == [
        ("cdr.cleared", "BE-BEC|C1"),
        ("sdr.cleared", "BE-BEC|C1"),
        ("cdr.current", "BE-BEC|C1"),
        ("ledger.posted", "BE-BEC|NL-TNM"),
    ]


@pytest.mark.parametrize(("evse_uid", "service"), [("E1", "CHARGING"), ("#NA", "RESERVATION")])
def test_the_service_of_an_sdr(evse_uid: str, service: str) -> None:
    assert said(decided(location=place(evse_uid=evse_uid)))[SdrCleared].service == service
