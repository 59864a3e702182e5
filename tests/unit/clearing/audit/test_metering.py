import base64
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.clearing.audit.claims import SignedValue
from services.clearing.audit.codes import Code
from tests.unit.clearing.audit import ocmf
from tests.unit.clearing.audit.examples import HOUR, UNKNOWN_TIME, Example, codes
from tests.unit.clearing.samples import END, START

BEGIN, DONE = ocmf.reading("100", START, "B"), ocmf.reading("120", END, "E")
WHOLE = ocmf.record(BEGIN, DONE)
KNOWN = {"meter_keys": [ocmf.public().hex()]}
OF_ANOTHER = {"public_key": base64.b64encode(ocmf.public(ocmf.OTHER_KEY)).decode()}
LATE = timedelta(seconds=301)


def having(*records: str, **changes: Any) -> dict[str, Any]:
    return {"signed": ocmf.signed(*records, **changes)}


def checked(fits: bool, record: str = WHOLE, **changes: Any) -> dict[str, Any]:
    """A reading out of which who charged was taken, and its signature with that."""
    stripped = "|".join([*record.split("|")[:2], '{"SD":""}'])
    return having(values=[SignedValue("End", "", stripped, fits)], **changes)


def at(register: str, *readings: dict[str, Any]) -> list[dict[str, Any]]:
    return [each | {"RI": register} for each in readings]


FOUND = [
    Example(Code.METER_VALUES_UNVERIFIED, having(WHOLE)),
    Example(Code.METER_VALUES_UNVERIFIED, having(WHOLE, public_key=None)),
    Example(Code.METER_VALUES_UNVERIFIED, having(WHOLE, encoding_method="EDL40 Mennekes"), KNOWN),
    Example(Code.METER_VALUES_UNVERIFIED, having(), KNOWN),
    Example(Code.METER_VALUES_UNVERIFIED, {}, KNOWN),
    Example(Code.METER_VALUES_UNVERIFIED, having(ocmf.record(BEGIN)), KNOWN),
    Example(Code.METER_VALUES_UNVERIFIED, having(WHOLE.replace("ECDSA-secp256r1-SHA256", "RSA")), KNOWN),
    Example(Code.METER_VALUES_UNVERIFIED, having(WHOLE, withheld=1), KNOWN),
    Example(Code.METER_VALUES_UNREADABLE, having("no record"), KNOWN),
    Example(Code.METER_VALUES_UNREADABLE, having(WHOLE), KNOWN, {"max_signed_value_characters": 100}),
    Example(Code.METER_VALUES_UNREADABLE, having(WHOLE, WHOLE), KNOWN, {"max_signed_values": 1}),
    Example(Code.METER_VALUES_UNREADABLE, having(ocmf.record(BEGIN), ocmf.record(DONE, MS="M-2")), KNOWN),
    Example(Code.METER_SIGNATURE_INVALID, having(WHOLE.replace("120", "121")), KNOWN),
    Example(Code.METER_SIGNATURE_INVALID, having(ocmf.record(BEGIN, DONE, key=ocmf.OTHER_KEY)), KNOWN),
    Example(Code.METER_SIGNATURE_INVALID, having(WHOLE.replace("120", "121"))),
    Example(Code.METER_SIGNATURE_INVALID, having(WHOLE.replace('"SD": "30', '"SD": "31')), KNOWN),
    Example(Code.METER_KEY_MISMATCH, having(ocmf.record(BEGIN, DONE, key=ocmf.OTHER_KEY), **OF_ANOTHER), KNOWN),
    Example(Code.METER_KEY_MISMATCH, having(WHOLE, public_key="no key"), KNOWN),
    Example(Code.METER_SIGNATURE_INVALID, checked(fits=False), KNOWN),
    Example(Code.METER_VALUES_UNVERIFIED, checked(fits=True)),
    Example(Code.METER_KEY_MISMATCH, checked(fits=True, **OF_ANOTHER), KNOWN),
    Example(Code.METER_KEY_MISMATCH, having(withheld=1, **OF_ANOTHER), KNOWN),
    Example(Code.METER_ENERGY_MISMATCH, checked(True, ocmf.record(BEGIN, DONE | {"RV": 119.98})), KNOWN),
    Example(Code.METER_ENERGY_MISMATCH, having(ocmf.record(BEGIN, DONE | {"RV": 119.98})), KNOWN),
    Example(Code.METER_ENERGY_MISMATCH, having(ocmf.record(DONE | {"TX": "B"}, BEGIN | {"TX": "E"})), KNOWN),
    Example(Code.METER_ENERGY_MISMATCH, having(ocmf.record(BEGIN, DONE | {"RV": 119})), {}),
    Example(Code.METER_TIME_MISMATCH, having(WHOLE) | {"started_at": START + LATE}, KNOWN),
    Example(Code.METER_TIME_MISMATCH, having(WHOLE) | {"ended_at": END - LATE}, KNOWN),
    Example(Code.METER_TIME_MISMATCH, having(WHOLE) | {"started_at": END + HOUR, "ended_at": END + 2 * HOUR}, KNOWN),
]
LOSSES = [*at("01-00:B0.08.00", BEGIN, DONE | {"RV": 121}), *at("01-00:B1.08.00", BEGIN, DONE)]
TWO_REGISTERS = [
    *at("01-00:B0.08.00", BEGIN),
    *at("01-00:B2.08.00", BEGIN | {"RV": 500}),
    *at("01-00:B0.08.00", DONE | {"RV": 119}),
    *at("01-00:B2.08.00", DONE | {"RV": 520}),
]
NO_CLOCK = f"{START:%Y-%m-%dT%H:%M:%S},000+0000 U"
LEGAL = [
    Example(Code.METER_VALUES_UNVERIFIED, having(WHOLE), KNOWN),
    Example(Code.METER_VALUES_UNVERIFIED, having(WHOLE, public_key=None), KNOWN),
    Example(Code.METER_VALUES_UNVERIFIED),
    Example(Code.METER_VALUES_UNVERIFIED, {"evse_uid": "#NA"}, KNOWN),
    Example(Code.METER_VALUES_UNREADABLE, having(ocmf.record(BEGIN), ocmf.record(DONE)), KNOWN),
    Example(Code.METER_VALUES_UNREADABLE, having(WHOLE), KNOWN, {"max_signed_values": 1}),
    Example(
        Code.METER_VALUES_UNREADABLE,
        having(values=[SignedValue("End", "", WHOLE)]),
        KNOWN,
        {"max_signed_value_characters": len(WHOLE)},
    ),
    Example(Code.METER_SIGNATURE_INVALID, having(WHOLE, encoding_method="ocmf"), KNOWN),
    Example(Code.METER_SIGNATURE_INVALID, having(WHOLE, public_key=None), {"meter_keys": ["x", ocmf.public().hex()]}),
    Example(Code.METER_KEY_MISMATCH, having(WHOLE, public_key=ocmf.public().hex()), KNOWN),
    Example(Code.METER_KEY_MISMATCH, having(WHOLE, **OF_ANOTHER)),
    Example(Code.METER_ENERGY_MISMATCH, having(ocmf.record(BEGIN, DONE | {"RV": 119.99})), KNOWN),
    Example(Code.METER_ENERGY_MISMATCH, having(ocmf.record(*LOSSES)), KNOWN),
    Example(Code.METER_ENERGY_MISMATCH, having(ocmf.record(*TWO_REGISTERS)), KNOWN),
    Example(Code.METER_ENERGY_MISMATCH, having(ocmf.record(BEGIN, BEGIN | {"TX": "C", "RV": 110}, DONE)), KNOWN),
    Example(Code.METER_TIME_MISMATCH, having(WHOLE) | {"started_at": START - HOUR, "ended_at": END + HOUR}, KNOWN),
    Example(Code.METER_TIME_MISMATCH, having(WHOLE) | {"started_at": UNKNOWN_TIME}, KNOWN),
    Example(Code.METER_TIME_MISMATCH, having(WHOLE) | {"started_at": START + timedelta(seconds=300)}, KNOWN),
    Example(
        Code.METER_TIME_MISMATCH,
        having(ocmf.record(BEGIN | {"TM": NO_CLOCK}, DONE)) | {"started_at": START + LATE},
        KNOWN,
    ),
    Example(
        Code.METER_TIME_MISMATCH,
        having(ocmf.record(BEGIN, DONE | {"TM": NO_CLOCK})) | {"ended_at": END - LATE},
        KNOWN,
    ),
]


@pytest.mark.parametrize("example", FOUND)
def test_found(example: Example) -> None:
    assert example.code in codes(example.audited)


@pytest.mark.parametrize("example", LEGAL)
def test_legal(example: Example) -> None:
    assert example.code not in codes(example.audited)


def test_readings_that_the_meter_signed_and_the_cdr_bills_are_no_finding() -> None:
    assert Example(Code.METER_VALUES_UNVERIFIED, having(WHOLE), KNOWN).audited.findings == ()
    assert Example(Code.METER_VALUES_UNVERIFIED, having(ocmf.record(BEGIN), WHOLE), KNOWN).audited.findings == ()
    assert Example(Code.METER_VALUES_UNVERIFIED, checked(fits=True), KNOWN).audited.findings == ()


def test_who_signs_a_higher_reading_with_a_key_of_their_own_is_found_by_the_key() -> None:
    forged = ocmf.record(BEGIN, DONE | {"RV": 140}, key=ocmf.OTHER_KEY)
    more = {"energy": Decimal(40)}
    found = Example(Code.METER_KEY_MISMATCH, having(forged, **OF_ANOTHER) | more, KNOWN).audited
    assert {Code.METER_KEY_MISMATCH} == codes(found) & {code for code in Code if code.startswith("METER")}


@pytest.mark.parametrize("plain", ["OCMF|{}|{}", "{}"])
def test_plain_data_that_was_not_signed_is_found(plain: str) -> None:
    example = Example(Code.METER_VALUES_UNREADABLE, having(WHOLE, values=[SignedValue("End", plain, WHOLE)]), KNOWN)
    (finding,) = example.audited.findings
    assert finding.numbers["reason"] == "its plain data is not what was signed"
    right = [SignedValue("End", each, WHOLE) for each in (WHOLE, WHOLE.split("|")[1], "begin 100, end 120", "")]
    assert Example(example.code, having(values=right), KNOWN).audited.findings == ()


def test_a_forged_reading_is_disputed() -> None:
    found = Example(Code.METER_SIGNATURE_INVALID, having(WHOLE.replace("120", "121")), KNOWN).audited
    assert found.verdict == "DISPUTED"
    assert found.findings[0].numbers == {"value": "1", "nature": "End"}
