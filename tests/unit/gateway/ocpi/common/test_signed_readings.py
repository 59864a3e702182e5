"""Signed meter readings leave the gateway only where they tell nothing of who charged."""

import base64
import json
from typing import Any

import pytest

from services.core.meter_values import read
from services.gateway.ocpi.common.signed_readings import is_anonymous, signed_data
from services.gateway.settings import InboundSettings
from tests.unit.clearing.audit import ocmf as meters
from tests.unit.clearing.samples import END, START
from tests.unit.gateway import samples

LIMITS = InboundSettings()
UID, CONTRACT = "04A1B2C3", samples.token()["contract_id"]
SECRETS = [UID.casefold(), CONTRACT.casefold()]


def ocmf(**members: Any) -> str:
    payload = {"FV": "1.0", "MS": "4711", "IS": False, "RD": [{"RV": 2.5, "RU": "kWh", "TX": "B"}], **members}
    return f"OCMF|{json.dumps(payload)}|" + json.dumps({"SD": "3044"})


def value(text: str, plain: str = "") -> dict[str, str]:
    return {"nature": "Start", "plain_data": plain, "signed_data": text}


def told(text: str, plain: str = "") -> dict[str, Any]:
    return value(text, plain) | {"fits_own_key": None}


def carried(*values: dict[str, str], method: str = "OCMF", limits: InboundSettings = LIMITS, **given: Any) -> Any:
    data = {"encoding_method": method, "signed_values": list(values)} | given
    return signed_data(samples.cdr(signed_data=data), limits)


def test_a_cdr_without_signed_readings_has_none() -> None:
    assert signed_data(samples.cdr(), LIMITS) is None
    assert signed_data(samples.cdr(signed_data=None), LIMITS) is None


def test_readings_that_name_nobody_are_carried_as_sent() -> None:
    text = base64.b64encode(ocmf(ID="", IT="NONE").encode()).decode()
    found = carried(value(text, ocmf()), value(ocmf()))
    assert found["values"] == [told(text, ocmf()), told(ocmf())]
    assert (found["encoding_method"], found["public_key"], found["withheld"]) == ("OCMF", None, 0)


@pytest.mark.parametrize(
    "text",
    [
        ocmf(ID="A1B2"),
        base64.b64encode(ocmf(ID="A1B2").encode()).decode(),
        ocmf(ID="A1B2").encode().hex(),
        ocmf(TT=f"card {UID.lower()}"),
        ocmf(X={"id": "A1B2"}),
        f"OCMF|{json.dumps({'MS': CONTRACT})}|{{}}",
        'OCMF|{"ID":"A1B2","ID":""}|{}',
        "OCMF|" + "[" * 100_000,
        "OCMF|no json|{}",
        "bm90aGluZw==",
        "no base64!",
        "",
    ],
)
def test_a_reading_that_may_tell_who_charged_stays_sealed(text: str) -> None:
    assert not is_anonymous(text, SECRETS)
    found = carried(value(ocmf()), value(text))
    assert (len(found["values"]), found["withheld"]) == (1, 1)


def test_plain_data_that_may_tell_who_charged_is_left_out() -> None:
    (found,) = carried(value(ocmf(), f"user {UID}"))["values"]
    assert found == told(ocmf())


def test_what_nobody_here_can_look_into_stays_sealed() -> None:
    found = carried(value("AP;0;3;ALCV3ABBBISHMA2RYEGAZE3HV5YQBQRAEHAR2MN"), method="Alfen Eichrecht")
    assert (found["encoding_method"], found["values"], found["withheld"]) == ("Alfen Eichrecht", [], 1)


KEYED: dict[str, Any] = {"public_key": meters.public().hex()}
READINGS = [meters.reading("100.00000001", START, "B"), meters.reading("120", END, "E", XX=f"card {UID}")]
NAMED = {"ID": UID, "IT": "ISO14443", "IF": ["RFID_PLAIN"], "TT": CONTRACT, "CI": CONTRACT}


def test_who_charged_is_taken_out_of_a_reading_once_its_signature_was_checked_with_the_cdrs_own_key() -> None:
    text = meters.record(*READINGS, **NAMED)
    found = carried(value(base64.b64encode(text.encode()).decode(), text), **KEYED)
    assert (found["withheld"], found["public_key"]) == (0, KEYED["public_key"])
    (only,) = found["values"]
    assert (only["nature"], only["plain_data"], only["fits_own_key"]) == ("Start", "", True)
    before, after = read(text), read(only["signed_data"])
    assert (after.meter, after.readings) == (before.meter, before.readings)
    assert len(after.readings) == 2
    lower = json.dumps(found).casefold()
    assert UID.casefold() not in lower
    assert CONTRACT.casefold() not in lower
    assert json.loads(only["signed_data"].split("|")[2]) == {"SD": ""}, "the signature would let card numbers be tried"


@pytest.mark.parametrize("forged", [meters.record(*READINGS, **NAMED).replace('"RV":120.0', '"RV":121.0')])
def test_a_reading_that_was_changed_is_told_as_that(forged: str) -> None:
    (only,) = carried(value(forged), **KEYED)["values"]
    assert only["fits_own_key"] is False
    assert [each.kwh for each in read(only["signed_data"]).readings][1] == 121


@pytest.mark.parametrize(
    ("text", "given"),
    [
        (meters.record(*READINGS, **NAMED), {}),
        (meters.record(*READINGS, **NAMED), {"public_key": "no key"}),
        (meters.record(*READINGS, **NAMED), {"public_key": "00"}),
        (meters.record(*READINGS, **NAMED).replace("ECDSA-secp256r1-SHA256", "RSA"), KEYED),
        (meters.record(*READINGS, **(NAMED | {"GS": UID})), KEYED),
        (meters.record(*READINGS, **(NAMED | {"MM": "x" * LIMITS.max_checked_reading_characters})), KEYED),
        (meters.record(*READINGS, **NAMED).replace('"ID":', '"ID":"","ID":'), KEYED),
    ],
)
def test_a_reading_that_names_somebody_and_cannot_be_checked_stays_sealed(text: str, given: dict[str, Any]) -> None:
    found = carried(value(text), **given)
    assert (found["values"], found["withheld"]) == ([], 1)


@pytest.mark.parametrize("most", [1, LIMITS.max_checked_readings])
def test_no_more_readings_are_checked_than_is_set(most: int) -> None:
    limits = InboundSettings(max_checked_readings=most)
    many = [value(meters.record(*READINGS, **NAMED))] * (most + 1)
    assert carried(*many, limits=limits, **KEYED)["withheld"] == most + 1
    assert carried(*many[1:], limits=limits, **KEYED)["withheld"] == 0
    assert carried(*many[1:], value(ocmf()), limits=limits, **KEYED)["values"] == [told(ocmf())]


def test_no_longer_reading_is_checked_than_is_set() -> None:
    text = meters.record(*READINGS, **NAMED)
    for longest, withheld in ((len(text), 0), (len(text) - 1, 1)):
        limits = InboundSettings(max_checked_reading_characters=longest)
        assert carried(value(text), limits=limits, **KEYED)["withheld"] == withheld
