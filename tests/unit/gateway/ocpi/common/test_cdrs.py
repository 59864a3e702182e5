from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.models.gateway import CdrSubmitted
from services.gateway.ocpi import documents
from services.gateway.ocpi.common.cdrs import cdr_event, check_cdr
from services.gateway.ocpi.envelope import OcpiError
from services.gateway.ocpi.v2_2_1.mappings import DIALECT
from services.gateway.states import State
from services.runtime.avro import Codec
from tests.unit.gateway import samples

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
CODEC = Codec()
numbers = st.integers(-(10**30), 10**30) | st.decimals(
    Decimal("-1E20"), Decimal("1E20"), allow_nan=False, allow_infinity=False
)


def submitted(document: dict[str, Any]) -> CdrSubmitted:
    found = check_cdr(DIALECT, document)
    state = State("FR-SUN", "CDR1", "", "NL-CSP", 1, False, NOW, found, "p-1", b"sealed", "c", "OCPI-2.2.1")
    event = cdr_event(DIALECT, state)
    assert (event.topic, event.key) == ("cdr.submitted", "FR-SUN|CDR1")
    # What it is put together of, unchecked, must be just what its schema and its model want.
    assert isinstance(event.value, CdrSubmitted)
    value = CODEC.decode("cdr.submitted", CODEC.encode("cdr.submitted", event.value))
    assert value == CdrSubmitted.model_validate(event.value.model_dump(warnings=False))
    assert isinstance(value, CdrSubmitted)
    return value


def test_a_cdr_is_carried_over_whole() -> None:
    value = submitted(samples.parsed(samples.cdr()))
    assert (value.cdr_id, value.session_id, value.pseudonym, value.home_csp) == ("CDR1", "S1", "p-1", "NL-CSP")
    assert (value.location.evse_id, value.location.power_type) == ("FR*SUN*E1", "AC_3_PHASE")
    assert (value.total_cost_excl_tax, value.total_cost_incl_tax, value.total_energy_cost_excl_tax) == (
        "2.5",
        "3",
        "2.5",
    )
    assert (value.credit, value.credit_reference_id, value.protocol) == (False, None, "OCPI-2.2.1")
    (tariff,), (period,) = value.tariffs, value.periods
    assert (tariff.elements[0].components[0].price, tariff.elements[0].components[0].step_size) == ("0.25", "1")
    assert (period.dimensions[0].dimension_type, period.dimensions[0].volume, period.tariff_id) == (
        "ENERGY",
        "10",
        "T1",
    )
    assert "04A1B2C3" not in repr(value)


@given(numbers, numbers, numbers)
def test_numbers_stay_the_senders_text(total: Any, energy: Any, volume: Any) -> None:
    document = samples.cdr(total_cost={"excl_vat": total}, total_energy=energy, total_time=energy)
    document["charging_periods"][0]["dimensions"][0]["volume"] = volume
    body = documents.render(document | {"tariffs": []} | {"total_energy_cost": None})
    value = submitted(documents.parse(body, 32))
    assert value.total_cost_excl_tax.encode() in body
    assert (Decimal(value.total_cost_excl_tax), Decimal(value.total_energy)) == (total, energy)
    assert Decimal(value.periods[0].dimensions[0].volume) == volume


@given(st.permutations(list(samples.cdr())))
def test_the_order_of_keys_does_not_matter(names: list[str]) -> None:
    document = samples.parsed(samples.cdr())
    assert submitted({name: document[name] for name in names}) == submitted(document)


@pytest.mark.parametrize("field", ["session_id", "tariffs", "remark", "total_parking_time", "total_energy_cost"])
def test_what_the_text_lets_away_may_be_missing(field: str) -> None:
    document = samples.parsed(samples.cdr())
    document.pop(field, None)
    assert submitted(document) == submitted({**document, field: None})


@pytest.mark.ocpi_rule(23)
def test_a_credit_cdr_names_the_cdr_that_it_takes_back() -> None:
    with pytest.raises(OcpiError, match=r"^credit_reference_id: missing"):
        check_cdr(DIALECT, samples.parsed(samples.cdr(credit=True)))
    value = submitted(samples.parsed(samples.cdr(credit=True, credit_reference_id="C0", id="x" * 39)))
    assert (value.credit, value.credit_reference_id) == (True, "C0")


def test_absurd_amounts_and_times_are_clearings_business() -> None:
    absurd = samples.cdr(total_energy=-5, total_time=1e6, end_date_time="2020-01-01T00:00:00Z")
    value = submitted(samples.parsed(absurd))
    assert (value.total_energy, value.total_time) == ("-5", "1000000.0")
    assert value.ended_at < value.started_at


def test_signed_readings_are_carried_without_who_charged() -> None:
    anonymous = 'OCMF|{"MS":"4711","RD":[]}|{"SD":"30"}'
    values = [
        {"nature": nature, "plain_data": "", "signed_data": text}
        for nature, text in (("Start", anonymous), ("End", 'OCMF|{"ID":"04A1B2C3"}|{"SD":"30"}'))
    ]
    data = {"encoding_method": "OCMF", "public_key": "3059", "signed_values": values}
    value = submitted(samples.parsed(samples.cdr(signed_data=data)))
    assert value.signed_data is not None
    (reading,) = value.signed_data.values
    assert (reading.nature, reading.signed_data, value.signed_data.public_key) == ("Start", anonymous, "3059")
    assert value.signed_data.withheld == 1
    assert "04A1B2C3" not in repr(value)
