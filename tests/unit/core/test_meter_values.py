import base64
import json
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.core import meter_values
from services.core.meter_values import Uncheckable, Unusable, is_signed_by, key_bytes, read
from tests.unit.clearing.audit import ocmf
from tests.unit.clearing.samples import END, START

BEGIN, DONE = ocmf.reading("100.5", START, "B"), ocmf.reading("120.5", END, "E")
RECORD = ocmf.record(BEGIN, DONE)


@pytest.mark.parametrize(
    "text", [RECORD, base64.b64encode(RECORD.encode()).decode(), RECORD.encode().hex(), f" {RECORD}\n"]
)
def test_a_record_is_read_in_each_form_that_partners_send(text: str) -> None:
    found = read(text)
    assert found.meter == "M-1"
    assert [(each.kwh, each.begins, each.ends, each.at) for each in found.readings] == [
        (Decimal("100.5"), True, False, START),
        (Decimal("120.5"), False, True, END),
    ]


def test_watt_hours_and_losses_of_the_cable_are_understood() -> None:
    found = read(ocmf.record(ocmf.reading("1500", START, "B", RU="Wh", RI="01-00:B3.08.00")))
    assert [(each.kwh, each.compensated) for each in found.readings] == [(Decimal("1.5"), True)]


@pytest.mark.parametrize(
    "changes", [{"RI": "01-00:C2.08.00"}, {"RI": "01-00:16.07.00"}, {"RU": "mOhm"}, {"RI": "1-0:9.8.0"}]
)
def test_readings_of_anything_but_energy_drawn_are_left_out(changes: dict[str, str]) -> None:
    assert read(ocmf.record(BEGIN | changes)).readings == []


@pytest.mark.parametrize("status", ["U", "I", "R"])
def test_a_clock_that_is_not_synchronized_tells_no_time(status: str) -> None:
    (found,) = read(ocmf.record(BEGIN | {"TM": f"2026-03-01T08:00:00,000+0000 {status}"})).readings
    assert found.at is None


DEEP = "OCMF|" + '{"RD":' * 5000 + "|{}"
BAD = [
    "",
    "OCMF",
    "OCMF|",
    "OCMF|{}|{}",
    "OCMF|[]|{}",
    'OCMF|{"RD":[]}|{"SD":5}',
    'OCMF|{"RD":[5]}|{"SD":""}',
    'OCMF|{"RD":5}|{"SD":""}',
    'OCMF|{"RD":[{"TM":5}]}|{"SD":""}',
    'OCMF|{"RD":[{"TM":"0001-01-01T00:00:00,000+1400 S","RV":1,"RU":"kWh"}]}|{"SD":""}',
    'OCMF|{"RD":[{"TM":"2026-03-01T08:00:00,000+0000 S","RV":1e999999999,"RU":"kWh"}]}|{"SD":""}',
    'OCMF|{"RD":[{"TM":"2026-03-01T08:00:00,000+0000 S","RV":1e30,"RU":"kWh"}]}|{"SD":""}',
    'OCMF|{"RD":[{"TM":"2026-03-01T08:00:00,000+0000 S","RV":NaN,"RU":"kWh"}]}|{"SD":""}',
    'OCMF|{"RD":[{"TM":"2026-03-01T08:00:00,000+0000 S","RV":' + "9" * 5000 + "}]}|{}",
    DEEP,
    "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><values><value>&a;</value></values>",
    "zz",
    "4f434d46",
    base64.b64encode(b"\xff\xfe").decode(),
    "\ud800",
]


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_record_is_unusable_and_nothing_else_is_raised(text: str) -> None:
    with pytest.raises(Unusable, match=r"it is no OCMF|a reading is beyond"):
        read(text)


@settings(max_examples=100)
@given(st.data())
def test_a_record_with_anything_in_it_is_read_or_unusable(data: st.DataObject) -> None:
    parts = RECORD.split("|")
    place = data.draw(st.sampled_from([1, 2]))
    content = json.loads(parts[place])
    leaf: st.SearchStrategy[Any] = (
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just([]) | st.just({})
    )
    target = data.draw(st.sampled_from([content, *content.get("RD", [])]))
    target[data.draw(st.sampled_from(sorted(target)))] = data.draw(leaf | st.lists(leaf, max_size=2))
    parts[place] = json.dumps(content)
    with suppress(Unusable, Uncheckable):
        assert not is_signed_by(read("|".join(parts)), ocmf.public()) or place == 2


def test_only_the_key_that_signed_fits() -> None:
    assert is_signed_by(read(RECORD), ocmf.public())
    assert not is_signed_by(read(RECORD), ocmf.public(ocmf.OTHER_KEY))


def test_what_was_changed_does_not_fit() -> None:
    assert not is_signed_by(read(RECORD.replace("120.5", "140.5")), ocmf.public())


@pytest.mark.parametrize("signature", ["", "00", "zz", "30" * 40])
def test_a_signature_that_is_none_fits_no_key(signature: str) -> None:
    parts = RECORD.split("|")
    parts[2] = json.dumps({"SA": "ECDSA-secp256r1-SHA256", "SD": signature})
    assert not is_signed_by(read("|".join(parts)), ocmf.public())


def test_a_signature_of_another_curve_than_the_key_fits_it_not() -> None:
    assert not is_signed_by(read(RECORD.replace("secp256r1", "secp384r1")), ocmf.public())


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        (RECORD.replace("ECDSA-secp256r1-SHA256", "RSA"), ocmf.public(), "kind of signature"),
        (RECORD, b"no key", "public key"),
    ],
)
def test_what_cannot_be_checked_is_told(text: str, key: bytes, reason: str) -> None:
    with pytest.raises(Uncheckable, match=reason):
        is_signed_by(read(text), key)


def test_a_key_is_the_same_however_it_is_written() -> None:
    der = ocmf.public()
    in_base64 = base64.b64encode(der).decode()
    pem = f"-----BEGIN PUBLIC KEY-----\n{in_base64[:64]}\n{in_base64[64:]}\n-----END PUBLIC KEY-----\n"
    assert {key_bytes(text) for text in (der.hex(), der.hex().upper(), in_base64, f" {in_base64} ", pem)} == {der}


@pytest.mark.parametrize("text", ["", "   ", "key", "\ud800", "-----BEGIN PUBLIC KEY-----"])
def test_what_is_no_key_is_none(text: str) -> None:
    assert key_bytes(text) is None


def test_nothing_of_a_record_is_shown_by_an_error(recwarn: pytest.WarningsRecorder) -> None:
    personal = ocmf.record(BEGIN | {"TM": "04ABCDEF"}, ID="04ABCDEF", IT="ISO14443")
    with pytest.raises(Unusable) as caught:
        read(personal)
    read(ocmf.record(BEGIN, ID="04ABCDEF", IT="EMAID", IL="?"))
    assert "04ABCDEF" not in str(caught.value)
    assert [warning for warning in recwarn if "04ABCDEF" in str(warning.message)] == []


def test_times_are_utc() -> None:
    local = ocmf.reading("1", START, "B", TM="2026-03-01T09:00:00,000+0100 S")
    assert read(ocmf.record(local)).readings[0].at == START
    assert meter_values.read(ocmf.record(local)).readings[0].at != START + timedelta(hours=1)


def test_nothing_else_knows_the_library() -> None:
    own = Path(meter_values.__file__)
    services = own.parents[1]
    assert [path for path in services.rglob("*.py") if "from pyocmf" in path.read_text()] == [own]
