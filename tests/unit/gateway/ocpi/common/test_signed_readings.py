"""Signed meter readings leave the gateway only where they tell nothing of who charged."""

import base64
import json
from typing import Any

import pytest

from services.gateway.ocpi.common.signed_readings import is_anonymous, signed_data
from tests.unit.gateway import samples

UID, CONTRACT = "04A1B2C3", samples.token()["contract_id"]
SECRETS = [UID.casefold(), CONTRACT.casefold()]


def ocmf(**members: Any) -> str:
    payload = {"FV": "1.0", "MS": "4711", "IS": False, "RD": [{"RV": 2.5, "RU": "kWh", "TX": "B"}], **members}
    return f"OCMF|{json.dumps(payload)}|" + json.dumps({"SD": "3044"})


def value(text: str, plain: str = "") -> dict[str, str]:
    return {"nature": "Start", "plain_data": plain, "signed_data": text}


def carried(*values: dict[str, str], method: str = "OCMF") -> Any:
    return signed_data(samples.cdr(signed_data={"encoding_method": method, "signed_values": list(values)}))


def test_a_cdr_without_signed_readings_has_none() -> None:
    assert signed_data(samples.cdr()) is None
    assert signed_data(samples.cdr(signed_data=None)) is None


def test_readings_that_name_nobody_are_carried_as_sent() -> None:
    text = base64.b64encode(ocmf(ID="", IT="NONE").encode()).decode()
    found = carried(value(text, ocmf()), value(ocmf()))
    assert found["values"] == [value(text, ocmf()), value(ocmf())]
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
    assert found == value(ocmf())


def test_what_nobody_here_can_look_into_stays_sealed() -> None:
    found = carried(value("AP;0;3;ALCV3ABBBISHMA2RYEGAZE3HV5YQBQRAEHAR2MN"), method="Alfen Eichrecht")
    assert (found["encoding_method"], found["values"], found["withheld"]) == ("Alfen Eichrecht", [], 1)
