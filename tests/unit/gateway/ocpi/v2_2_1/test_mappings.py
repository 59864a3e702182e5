from typing import Any

import pytest

from services.gateway.ocpi.envelope import OcpiError
from services.gateway.ocpi.v2_2_1.mappings import MAPPINGS
from services.gateway.vault import Credential
from tests.unit.gateway import samples

CARD = Credential("NL-CSP", "RFID", "04A1B2C3")


@pytest.mark.parametrize(
    ("module", "document"),
    [
        ("locations", samples.location()),
        ("tariffs", samples.tariff()),
        ("tokens", samples.token()),
        ("sessions", samples.session()),
        ("cdrs", samples.cdr()),
    ],
)
def test_each_module_reads_its_own_object_and_no_other(module: str, document: dict[str, Any]) -> None:
    assert MAPPINGS[module].read(samples.parsed(document))["last_updated"]
    with pytest.raises(OcpiError, match="missing"):
        MAPPINGS[module].read({"last_updated": samples.NOW})


def test_the_parts_of_a_location_are_read_from_the_outermost_in() -> None:
    evse, connector = MAPPINGS["locations"].parts
    assert evse(samples.parsed(samples.evse()))["uid"] == "E1"
    assert connector(samples.parsed(samples.connector()))["id"] == "1"


@pytest.mark.parametrize(
    ("module", "content", "named"),
    [
        ("tokens", samples.token(), CARD),
        ("sessions", samples.session(), CARD),
        ("sessions", {"last_updated": samples.NOW}, None),
        ("cdrs", samples.cdr(), CARD),
        ("locations", samples.location(), None),
        ("tariffs", samples.tariff(), None),
    ],
)
def test_whose_contract_it_is_about(module: str, content: dict[str, Any], named: Credential | None) -> None:
    assert MAPPINGS[module].credential(content) == named


@pytest.mark.ocpi_rule(10)
@pytest.mark.parametrize("module", ["locations", "tokens", "sessions"])
def test_a_change_needs_its_date(module: str) -> None:
    change = MAPPINGS[module].change
    assert change is not None
    with pytest.raises(OcpiError, match=r"^last_updated: missing") as caught:
        change({"kwh": 1})
    assert caught.value.status == 2001


def test_the_token_in_a_sessions_change_is_checked() -> None:
    change = MAPPINGS["sessions"].change
    assert change is not None
    token = samples.cdr_token()
    del token["uid"]
    with pytest.raises(OcpiError, match=r"^cdr_token\.uid: missing"):
        change({"last_updated": samples.NOW, "cdr_token": token})


def test_what_is_never_patched() -> None:
    assert MAPPINGS["tariffs"].change is None
    assert MAPPINGS["cdrs"].change is None
