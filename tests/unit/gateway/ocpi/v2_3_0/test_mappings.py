from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from schemas.models.gateway import CdrSubmitted, CredentialIssued, LocationPublished, SessionReported, TariffPublished
from services.gateway.ocpi.envelope import OcpiError
from services.gateway.ocpi.v2_3_0.mappings import MAPPINGS
from services.gateway.states import State
from services.gateway.vault import Credential
from tests.unit.gateway import samples
from tests.unit.gateway import samples_2_3_0 as newer

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
WHOLE = {
    "locations": newer.location,
    "tariffs": newer.tariff,
    "tokens": newer.token,
    "sessions": newer.session,
    "cdrs": newer.cdr,
}


def event_of(module: str, document: dict[str, Any]) -> Any:
    found = MAPPINGS[module].read(samples.parsed(document))
    state = State("FR-SUN", "X1", "", "NL-CSP", 1, False, NOW, found, "p-1", b"sealed", "c", "OCPI-2.3.0")
    return MAPPINGS[module].event(state).value


@pytest.mark.parametrize("module", list(WHOLE))
def test_each_module_reads_its_own_object(module: str) -> None:
    assert MAPPINGS[module].read(samples.parsed(WHOLE[module]()))["last_updated"]
    with pytest.raises(OcpiError, match="missing") as caught:
        MAPPINGS[module].read({"last_updated": samples.NOW})
    assert caught.value.status == 2001


@pytest.mark.ocpi_rule(25)
@pytest.mark.parametrize(("module", "field"), [("tariffs", "tax_included"), ("cdrs", "total_cost.before_taxes")])
def test_what_2_2_1_sends_is_no_price_here(module: str, field: str) -> None:
    document = samples.tariff() if module == "tariffs" else samples.cdr(tariffs=[], total_energy_cost=None)
    with pytest.raises(OcpiError, match=rf"^{field}: missing"):
        MAPPINGS[module].read(samples.parsed(document))


@pytest.mark.ocpi_rule(25)
def test_a_tariff_says_yes_no_or_not_applicable() -> None:
    for stated in ("YES", "NO", "N/A"):
        assert event_of("tariffs", newer.tariff(tax_included=stated))
    with pytest.raises(OcpiError, match=r"^tax_included: "):
        MAPPINGS["tariffs"].read(samples.parsed(newer.tariff(tax_included="MAYBE")))


@pytest.mark.ocpi_rule(25)
def test_a_tariff_inside_a_cdr_may_leave_it_open_and_is_then_without_taxes() -> None:
    value = event_of("cdrs", newer.cdr(tariffs=[samples.tariff()]))
    assert isinstance(value, CdrSubmitted)
    (tariff,) = value.model_dump(warnings=False)["tariffs"]
    assert tariff["elements"][0]["components"][0]["price"] == "0.25"


@pytest.mark.ocpi_rule(25)
def test_the_taxes_of_a_cdr_are_added_up_in_its_event() -> None:
    value = event_of("cdrs", newer.cdr(total_cost=newer.price(2.5, 0.25, 0.125)))
    assert isinstance(value, CdrSubmitted)
    assert (value.total_cost_excl_tax, value.total_cost_incl_tax, value.protocol) == ("2.5", "2.875", "OCPI-2.3.0")
    assert value.total_energy_cost_excl_tax == "2.5"


@pytest.mark.ocpi_rule(25)
@pytest.mark.parametrize(("tax_included", "expected"), [("NO", None), ("YES", None), ("N/A", "2.5")])
def test_a_cdr_without_taxes_has_none_only_where_none_apply(tax_included: str, expected: str | None) -> None:
    tariffs = [newer.tariff(tax_included=tax_included)]
    value = event_of("cdrs", newer.cdr(total_cost={"before_taxes": 2.5}, tariffs=tariffs))
    assert value.total_cost_incl_tax == expected


@pytest.mark.ocpi_rule(25)
def test_the_event_of_a_tariff_has_prices_without_taxes_and_both_limits() -> None:
    component = {"type": "ENERGY", "price": 0.3, "vat": 20, "step_size": 1}
    document = newer.tariff(
        elements=[{"price_components": [component]}],
        tax_included="YES",
        min_price={"before_taxes": 0.5, "after_taxes": 0.6},
        max_price={"before_taxes": 10},
    )
    value = event_of("tariffs", document)
    assert isinstance(value, TariffPublished)
    (found,) = value.elements[0].components
    assert (found.price, found.vat_percent) == (Decimal("0.25"), Decimal(20))
    assert (value.min_price_excl_tax, value.min_price_incl_tax) == (Decimal("0.5"), Decimal("0.6"))
    assert (value.max_price_excl_tax, value.max_price_incl_tax) == (Decimal(10), None)


@pytest.mark.ocpi_rule(25)
@pytest.mark.parametrize("stated", ["NO", "YES", "N/A"])
def test_events_tell_what_a_tariff_says_of_taxes(stated: str) -> None:
    assert event_of("tariffs", newer.tariff(tax_included=stated)).tax_included == stated
    value = event_of("cdrs", newer.cdr(tariffs=[newer.tariff(tax_included=stated), samples.tariff()]))
    told = [tariff["tax_included"] for tariff in value.model_dump(warnings=False)["tariffs"]]
    assert told == [stated, None]


@pytest.mark.ocpi_rule(25)
def test_the_event_of_a_session_has_its_cost_with_taxes() -> None:
    value = event_of("sessions", newer.session(total_cost=newer.price(0.5, 0.1)))
    assert isinstance(value, SessionReported)
    assert (value.total_cost_excl_tax, value.total_cost_incl_tax) == (Decimal("0.5"), Decimal("0.6"))


@pytest.mark.ocpi_rule(26)
@pytest.mark.parametrize("kind", ["EMAID", "RFID", "KEY_FOB"])
def test_the_types_of_tokens_are_open(kind: str) -> None:
    value = event_of("tokens", newer.token(type=kind))
    assert isinstance(value, CredentialIssued)
    assert value.credential_type == kind
    named = MAPPINGS["cdrs"].credential(newer.cdr(cdr_token=samples.cdr_token(type=kind)))
    assert named == Credential("NL-CSP", kind, "04A1B2C3")


@pytest.mark.ocpi_rule(26)
def test_words_and_fields_of_others_are_taken() -> None:
    connector = samples.connector(standard="MCS", capabilities=["FLYING"])
    evse = newer.evse(capabilities=["SINGING"], parking_restrictions=["POETS"], connectors=[connector], own=[1])
    place = newer.parking(vehicle_types=["HOVERCRAFT"], own={"a": 1})
    document = newer.location(evses=[evse], parking_places=[place], facilities=["OPERA"], parking_type="CLOUD")
    value = event_of("locations", document)
    assert isinstance(value, LocationPublished)
    assert (value.evses[0].capabilities, value.evses[0].connectors[0].standard) == (["SINGING"], "MCS")


@pytest.mark.parametrize(
    ("document", "named"),
    [
        (newer.location(parking_places=[{"id": "P1"}]), r"parking_places\[0\]\.vehicle_types: missing"),
        (newer.location(parking_places=[newer.parking(vehicle_types=[])]), r"parking_places\[0\]\.vehicle_types: "),
        (newer.location(parking_places=[newer.parking(time_limit="1h")]), r"parking_places\[0\]\.time_limit: must be"),
        (newer.location(evses=[newer.evse(parking=[{}])]), r"evses\[0\]\.parking\[0\]\.parking_id: missing"),
        (newer.location(help_phone=33), r"help_phone: "),
        (newer.location(evses=[newer.evse(accepted_service_providers="all")]), r"evses\[0\]\.accepted_service"),
    ],
)
def test_what_is_wrong_is_named(document: dict[str, Any], named: str) -> None:
    with pytest.raises(OcpiError, match=f"^{named}"):
        MAPPINGS["locations"].read(samples.parsed(document))
