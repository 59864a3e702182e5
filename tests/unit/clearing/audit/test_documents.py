import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from services.clearing.audit import documents
from services.clearing.audit.claims import Claim, Cost, SignedValue, same
from services.clearing.audit.documents import Unreadable
from services.clearing.audit.engine import audit
from services.clearing.audit.facts import AgreementFact, AuthorizationFact, CreditedFact, Facts, Neighbour, Source
from services.clearing.audit.rules import AuditRules
from services.clearing.claims import claim_of
from tests.unit.clearing import samples
from tests.unit.clearing.audit.documents import PLACE, TOKEN, document, period, tariff

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
TERMS = AgreementFact.always(Decimal("0.01"), samples.CENTS, {})


def read(**changes: Any) -> Claim:
    found = documents.read(parsed(document(**changes)))
    assert isinstance(found, Claim)
    return found


def parsed(value: object) -> Any:
    return documents.parse(json.dumps(value, default=float).encode())


def faults(claim: Claim | Unreadable) -> list[tuple[str, str, str]]:
    found = claim.faults if isinstance(claim, Claim) else claim.findings
    return [(each.code.value, each.numbers.get("path", ""), each.numbers.get("reason", "")) for each in found]


def test_a_document_and_the_event_of_it_claim_the_same() -> None:
    from_event, from_document = claim_of(samples.cdr()), read()
    for name in Claim.__struct_fields__:
        if name not in {"credential", "updated_at", "parts"}:
            assert getattr(from_document, name) == getattr(from_event, name), name
    assert from_document.credential == "NL-TNM|04abcdef"
    assert from_document.parts == {"energy": Cost(Decimal(5), Decimal("5.5"))}
    assert from_document.unreadable == ()


def test_the_prices_of_2_3_0_are_read_too() -> None:
    taxed = {"before_taxes": 5, "taxes": [{"name": "VAT", "amount": 0.3}, {"name": "QST", "amount": 0.2}]}
    claim = read(total_cost=taxed, total_energy_cost={"before_taxes": 5, "taxes": []})
    assert (claim.total_excl_tax, claim.total_incl_tax) == (Decimal(5), Decimal("5.5"))
    assert claim.parts == {"energy": Cost(Decimal(5), None)}
    assert claim.faults == ()


def test_a_tax_that_cannot_be_read_leaves_the_total_with_tax_unknown() -> None:
    claim = read(total_cost={"before_taxes": 5, "taxes": [{"name": "VAT", "amount": "x"}]})
    assert claim.total_incl_tax is None
    assert claim.unreadable == ("$.total_cost.taxes[0].amount",)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"cdr_token": None}, "$.cdr_token"),
        ({"cdr_token": "04ABCDEF"}, "$.cdr_token"),
        ({"cdr_token": TOKEN | {"uid": 4711}}, "$.cdr_token.uid"),
        ({"auth_method": "MAGIC"}, "$.auth_method"),
        ({"auth_method": None}, "$.auth_method"),
        ({"cdr_location": PLACE | {"coordinates": []}}, "$.cdr_location.coordinates"),
        ({"cdr_location": PLACE | {"country": ""}}, "$.cdr_location.country"),
        ({"last_updated": "yesterday"}, "$.last_updated"),
        ({"last_updated": 5}, "$.last_updated"),
        ({"total_energy": "20"}, "$.total_energy"),
        ({"total_time": None}, "$.total_time"),
        ({"total_energy": None}, "$.total_energy"),
        ({"credit": "true"}, "$.credit"),
        ({"tariffs": "T1"}, "$.tariffs"),
        ({"tariffs": [tariff(), tariff(elements=None)]}, "$.tariffs[1]"),
        ({"charging_periods": [period(), 7]}, "$.charging_periods[1]"),
        ({"charging_periods": [period(), period(dimensions=[])]}, "$.charging_periods[1].dimensions"),
        ({"signed_data": {"encoding_method": "OCMF"}}, "$.signed_data.signed_values"),
    ],
)
def test_what_is_wrong_is_found_where_it_stands_and_the_rest_is_read(changes: dict[str, Any], path: str) -> None:
    claim = read(**changes)
    assert [(code, where) for code, where, _ in faults(claim)] == [("SCHEMA_INVALID", path)]
    assert [claim.energy, claim.hours, claim.total_excl_tax] == [20, 2, 5]


def test_a_user_credential_is_in_no_finding() -> None:
    claim = read(cdr_token=TOKEN | {"uid": 4711471147114711, "contract_id": ["4711471147114711"]})
    assert len(claim.faults) == 2
    assert "4711" not in str([(finding.detail, finding.numbers) for finding in claim.faults])


@pytest.mark.parametrize("value", [1e300, "NaN", "viel", {}, True, float("nan"), float("inf"), 10**25])
@pytest.mark.parametrize("name", ["total_energy", "total_time", "total_parking_time"])
def test_a_number_that_nobody_can_hold_is_never_a_silent_zero(name: str, value: object) -> None:
    claim = read(**{name: value})
    assert claim.unreadable == (f"$.{name}",)
    found = audit(claim, Facts(agreements=[TERMS], sources=frozenset()), AuditRules())
    assert found.findings[0].numbers == {"fields": f"$.{name}"}
    assert found.verdict == "REJECTED"
    assert found.rated is None


def test_more_digits_than_anybody_means_are_rounded_away_and_told() -> None:
    claim = read(total_energy=4.3999999999999995, total_time=Decimal("2.00000000000"))
    assert claim.energy == Decimal("4.4")
    assert claim.rounded == ("$.total_energy",)


def test_long_texts_are_told_and_kept() -> None:
    claim = read(id="C" * 37)
    assert claim.cdr_id == "C" * 37
    assert [(each.code, each.numbers["limit"]) for each in claim.faults] == [("TEXT_TOO_LONG", "36")]
    assert read(id="C" * 39, credit=True, credit_reference_id="C0").faults == ()


def test_a_reservation_that_nobody_used_is_no_fault() -> None:
    place = PLACE | {"evse_uid": "#NA", "evse_id": "#NA", "connector_id": "#NA", "connector_standard": None}
    claim = read(session_id=None, cdr_location=place, tariffs=None)
    assert claim.faults == ()
    assert claim.connector is None
    assert claim.used.without_evse


def test_unknown_fields_are_no_fault() -> None:
    assert read(anything={"else": 1}).faults == ()


@pytest.mark.parametrize(
    "changes",
    [{"id": None}, {"start_date_time": "1.3.2026"}, {"end_date_time": None}, {"currency": 978}, {"total_cost": 5}],
)
def test_what_lacks_the_essential_cannot_be_audited(changes: dict[str, Any]) -> None:
    found = documents.read(parsed(document(**changes)) | ({"currency": None} if "currency" in changes else {}))
    assert isinstance(found, Unreadable)
    assert [code for code, _, _ in faults(found)] == ["SCHEMA_INVALID", "CDR_UNREADABLE"]
    assert found.cdr_id == (None if "id" in changes else "C1")


@pytest.mark.parametrize(
    ("changes", "lacking"),
    [
        ({"total_cost": {"excl_vat": "4,00"}}, "total_cost that can be read; no number of at most 20 digits before "),
        ({"total_cost": None, "currency": ""}, "currency and no total_cost that can be read"),
        ({"start_date_time": "1.3.2026"}, "start_date_time that can be read"),
    ],
)
def test_what_a_cdr_lacks_is_named(changes: dict[str, Any], lacking: str) -> None:
    found = documents.read(parsed(document(**changes)))
    assert faults(found)[-1][2].startswith(f"it has no {lacking}")
    assert ("$.total_cost.excl_vat" in faults(found)[-1][2]) == ("digits" in lacking)


def test_energy_of_which_a_cdr_says_nothing_is_not_none() -> None:
    """A price of 0 for it would be wrong, and so would be that nothing was charged."""
    claim = read(
        total_energy=None, charging_periods=[period(dimensions=[{"type": "TIME", "volume": 2}])], total_energy_cost=None
    )
    found = audit(claim, Facts((TERMS,)), AuditRules())
    codes = {each.code.value for each in found.findings}
    assert {"SCHEMA_INVALID", "NOT_RATED"} <= codes
    assert not codes & {"TOTAL_MISMATCH", "ENERGY_ZERO"}
    assert found.rated is None


@pytest.mark.parametrize("value", [None, [], "CDR", 5])
def test_what_is_no_object_cannot_be_audited(value: object) -> None:
    assert faults(documents.read(value)) == [("CDR_UNREADABLE", "", "it is no object")]


@pytest.mark.parametrize("text", ["", "{", '{"id": 1, "id": 2}', "[" * 300 + "]" * 300, '"\\ud800"'])
def test_what_is_no_json_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=" "):
        documents.parse(text.encode())


def test_findings_are_bounded() -> None:
    claim = read(charging_periods=[1] * 1000)
    assert len(claim.faults) == 51
    assert claim.faults[-1].numbers["reason"] == "950 more faults"


def test_signed_values_are_kept_as_they_came() -> None:
    value = {"nature": "End", "plain_data": "p", "signed_data": "s"}
    signed = read(signed_data={"encoding_method": "OCMF", "public_key": "k", "signed_values": [value]}).signed
    assert signed is not None
    assert (signed.encoding_method, signed.public_key) == ("OCMF", "k")
    assert signed.values == [SignedValue("End", "p", "s")]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([period(), PLACE, {"excl_vat": Decimal("1E+19"), "incl_vat": -1}, {"type": "TIME", "volume": -5}])
    | st.sampled_from(["2026-03-01T08:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "ENERGY", "#NA", "T1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(document())), inner, max_size=4),
    max_leaves=8,
)
FIELDS = [*document(), "total_parking_time", "total_fixed_cost", "signed_data", "credit", "credit_reference_id"]


@settings(max_examples=60)
@given(JSON)
def test_any_json_gives_findings_and_never_an_exception(value: object) -> None:
    assert_judged(value)


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON, min_size=1, max_size=3), st.sampled_from([None, *FIELDS]))
def test_a_cdr_with_anything_in_it_gives_findings_and_never_an_exception(
    changes: dict[str, Any], inside: str | None
) -> None:
    value = document() | changes
    if inside is not None and isinstance(value.get(inside), list) and value[inside]:
        value[inside] = [value[inside][0], *changes.values()]
    if inside is not None and isinstance(value.get(inside), dict):
        value[inside] = value[inside] | dict(zip(value[inside], changes.values(), strict=False))
    assert_judged(value)


def assert_judged(value: object) -> None:
    found = documents.read(value)
    if isinstance(found, Claim):
        for known in hostile(found):
            judgement = audit(found, known, AuditRules())
            assert judgement.verdict
            assert all(finding.detail and len(finding.detail) < 2500 for finding in judgement.findings)
    else:
        assert found.findings


def hostile(claim: Claim) -> Iterator[Facts]:
    """Facts that contradict the CDR in all that can be known, at the ends of the calendar too."""
    terms: dict[str, Any] = {"agreements": [TERMS]}
    yield Facts(**terms, location=samples.location(time_zone="Nowhere/Land"))
    twin = structs.replace(Neighbour.of(claim), cdr_id="C0")
    other = structs.replace(twin, key=("", "x"), session=None, connector=("", "", ""))
    authorization = AuthorizationFact("A", 1, "XX-YYY", "p", "BLOCKED", LAST, "L9", ["E9"])
    credited = CreditedFact("C0", 1, claim.home_csp, Decimal("-1E+19"), claim.currency, None)
    for time in (FIRST, LAST):
        yield Facts(
            **terms,
            session=samples.session(started_at=time, ended_at=time, kwh=Decimal("1E+19"), currency="XXX"),
            authorization=authorization,
            tariffs={same(each.tariff_id): structs.replace(each, elements=()) for each in claim.tariffs},
            location=samples.location(power_kw=Decimal("1E-8")),
            credited=credited,
            neighbours=[twin, other, structs.replace(twin, key=("", "y"), started_at=time, ended_at=time)],
            meter_keys=["", "zz", "00"],
            battery_kwh=Decimal(0),
            now=time,
            sources=frozenset(Source),
        )
