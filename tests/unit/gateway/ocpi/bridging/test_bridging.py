import contextlib
import copy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.objects import difference
from services.gateway.ocpi.bridging import convert
from services.gateway.ocpi.envelope import OcpiError
from services.gateway.ocpi.mappings import mapping
from services.gateway.ocpi.versions import V2_2_1, V2_3_0
from tests.unit.gateway import samples
from tests.unit.gateway import samples_2_3_0 as newer

OLD = {
    "locations": samples.location(),
    "tariffs": samples.tariff(min_price={"excl_vat": 1, "incl_vat": 1.2}),
    "tokens": samples.token(),
    "sessions": samples.session(total_cost={"excl_vat": 2.5}),
    "cdrs": samples.cdr(),
}
NEW = {
    "locations": newer.location(),
    "tariffs": newer.tariff(max_price={"before_taxes": 10, "after_taxes": 12}),
    "tokens": newer.token(type="EMAID"),
    "sessions": newer.session(),
    "cdrs": newer.cdr(),
}


def up(module: str, document: dict[str, Any]) -> dict[str, Any]:
    return convert(module, samples.parsed(document), V2_2_1, V2_3_0)


def down(module: str, document: dict[str, Any]) -> dict[str, Any]:
    return convert(module, samples.parsed(document), V2_3_0, V2_2_1)


@pytest.mark.ocpi_rule(13)
@pytest.mark.parametrize("module", list(OLD))
def test_an_object_of_2_2_1_is_valid_in_2_3_0_and_comes_back_as_it_was(module: str) -> None:
    raised = up(module, OLD[module])
    assert mapping(V2_3_0, module).read(raised)
    back = convert(module, raised, V2_3_0, V2_2_1)
    assert difference(samples.parsed(OLD[module]), back) is None
    assert back["last_updated"] == raised["last_updated"] == samples.NOW


@pytest.mark.ocpi_rule(13)
@pytest.mark.parametrize("module", list(NEW))
def test_an_object_of_2_3_0_is_valid_in_2_2_1(module: str) -> None:
    given = samples.parsed(NEW[module])
    before = copy.deepcopy(given)
    lowered = convert(module, given, V2_3_0, V2_2_1)
    assert mapping(V2_2_1, module).read(lowered)
    assert lowered["last_updated"] == given["last_updated"]
    assert given == before


@pytest.mark.parametrize("module", list(OLD))
def test_within_one_version_nothing_is_touched(module: str) -> None:
    assert convert(module, OLD[module], V2_2_1, V2_2_1) is OLD[module]
    assert convert(module, NEW[module], V2_3_0, V2_3_0) is NEW[module]


@pytest.mark.ocpi_rule(26)
@pytest.mark.parametrize("module", list(OLD))
def test_fields_that_no_version_knows_travel_in_both_directions(module: str) -> None:
    own = {"operator_note": {"a": [1, {"b": None}]}, "shape": "round"}
    for found in (up(module, {**OLD[module], **own}), down(module, {**NEW[module], **own})):
        assert {name: found[name] for name in own} == own


@pytest.mark.ocpi_rule(25)
def test_all_costs_of_a_cdr_and_its_tariffs_change_their_form() -> None:
    raised = up("cdrs", samples.cdr(total_parking_cost={"excl_vat": 1, "incl_vat": 1.25}))
    assert raised["total_cost"] == {
        "before_taxes": Decimal("2.5"),
        "taxes": [{"name": "VAT", "amount": Decimal("0.5")}],
    }
    assert raised["total_energy_cost"] == {"before_taxes": Decimal("2.5")}
    assert raised["total_parking_cost"]["taxes"][0]["amount"] == Decimal("0.25")
    assert raised["tariffs"][0]["tax_included"] == "NO"


@pytest.mark.ocpi_rule(25)
def test_a_cdr_to_which_no_taxes_apply_costs_the_same_with_them() -> None:
    free = newer.cdr(tariffs=[newer.tariff(tax_included="N/A")], total_cost={"before_taxes": 4})
    assert down("cdrs", free)["total_cost"] == {"excl_vat": 4, "incl_vat": 4}


def test_the_tokens_in_sessions_and_cdrs_change_their_type() -> None:
    token = samples.cdr_token(type="EMAID")
    assert down("sessions", newer.session(cdr_token=token))["cdr_token"] == {**token, "type": "OTHER"}
    assert down("cdrs", newer.cdr(cdr_token=token))["cdr_token"]["type"] == "OTHER"


@pytest.mark.parametrize(("sent", "told"), [("SAE_J3400", "TESLA_S"), ("MCS", "MCS"), ("CHADEMO", "CHADEMO")])
def test_the_connector_of_a_cdr_has_the_nearest_word_or_its_own(sent: str, told: str) -> None:
    place = {**samples.cdr()["cdr_location"], "connector_standard": sent}
    assert down("cdrs", newer.cdr(cdr_location=place))["cdr_location"]["connector_standard"] == told


@pytest.mark.parametrize("module", ["commands", "authorize"])
def test_bodies_that_hold_a_token(module: str) -> None:
    body = {"token": newer.token(type="EMAID"), "location_id": "LOC1", "allowed": "ALLOWED"}
    assert down(module, body) == {**body, "token": samples.token(type="OTHER")}
    assert up(module, body) == body
    assert down(module, {"location_id": "LOC1"}) == {"location_id": "LOC1"}


@pytest.mark.ocpi_rule(7)
def test_a_hub_is_no_role_in_2_3_0() -> None:
    assert up("hubclientinfo", {"role": "HUB", "status": "CONNECTED"}) == {"role": "OTHER", "status": "CONNECTED"}
    assert up("hubclientinfo", {"role": "CPO"}) == {"role": "CPO"}


def test_what_is_the_same_in_both_versions_is_returned_as_it_is() -> None:
    body = {"charging_profile": {"charging_rate_unit": "W"}, "type": "EMAID"}
    assert convert("chargingprofiles", body, V2_3_0, V2_2_1) is body


def test_parts_of_a_location() -> None:
    assert "parking" not in down("evses", newer.evse())
    assert "capabilities" not in down("connectors", newer.evse()["connectors"][0])


def test_fields_of_a_change_are_enough() -> None:
    change = {"kwh": 3, "total_cost": {"excl_vat": 1, "incl_vat": 2}, "last_updated": samples.LATER}
    assert down("sessions", up("sessions", change)) == change


anything: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
paths = st.sampled_from(list(NEW)).flatmap(
    lambda module: st.tuples(st.just(module), st.sampled_from(sorted(NEW[module])))
)


@given(paths, anything)
def test_a_document_of_another_form_is_refused_or_carried_but_never_breaks(place: tuple[str, str], value: Any) -> None:
    module, field = place
    for document, source, target in ((NEW, V2_3_0, V2_2_1), (OLD, V2_2_1, V2_3_0)):
        given = {**samples.parsed(document[module]), field: value}
        with contextlib.suppress(OcpiError):
            assert isinstance(convert(module, given, source, target), dict)


def test_the_error_names_module_and_version() -> None:
    with pytest.raises(OcpiError, match=r"^sessions: is not of the form that OCPI-2\.2\.1 gives it"):
        convert("sessions", {"total_cost": []}, V2_2_1, V2_3_0)
