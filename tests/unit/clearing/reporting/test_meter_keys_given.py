import base64
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.clearing.reporting.meter_keys_given import GivenMeterKeys
from services.clearing.reporting.rows import CannotReadFile
from tests.unit.clearing.audit import ocmf
from tests.unit.clearing.reporting.samples import audited, cdr, codes, terms, written

BEGIN, END = datetime(2025, 3, 1, 10, tzinfo=UTC), datetime(2025, 3, 1, 11, tzinfo=UTC)


def signed_cdr() -> dict[str, Any]:
    record = ocmf.record(ocmf.reading("100", BEGIN, "B"), ocmf.reading("110", END, "E"))
    value = {"nature": "End", "plain_data": "-", "signed_data": base64.b64encode(record.encode()).decode()}
    key = base64.b64encode(ocmf.public()).decode()
    return cdr(signed_data={"encoding_method": "OCMF", "public_key": key, "signed_values": [value]})


def found(folder: Path, *lines: str) -> tuple[set[str], list[str]]:
    keys = GivenMeterKeys.read([written(folder, "\n".join(lines), "keys.csv")])
    report, (judged,) = audited(folder, [signed_cdr()], replace(terms(), meter_keys=keys))
    return codes(judged), report.notes


def test_readings_are_verified_with_the_registered_key(tmp_path: Path) -> None:
    assert found(tmp_path, "EVSE UID,Public key", f"e1,{ocmf.public().hex()}") == (set(), [])
    _, (judged,) = audited(tmp_path, [signed_cdr()])
    assert codes(judged) == {"METER_VALUES_UNVERIFIED"}


def test_a_key_that_is_not_the_registered_one_is_found(tmp_path: Path) -> None:
    other = ocmf.public(ocmf.OTHER_KEY).hex()
    assert found(tmp_path, "evse_uid;public_key", f"E1;{other}")[0] == {"METER_KEY_MISMATCH"}
    heading = "country_code,party_id,evse_uid,public_key"
    assert found(tmp_path, heading, f"nl,cso,E1,{other}")[0] == {"METER_KEY_MISMATCH"}
    assert found(tmp_path, heading, f"FR,XYZ,E1,{other}")[0] == {"METER_VALUES_UNVERIFIED"}


def test_lines_without_a_key_are_told(tmp_path: Path) -> None:
    _, notes = found(tmp_path, "evse_uid,public_key", "E1,", ",abc", f"E1,{ocmf.public().hex()}")
    assert notes == ["keys.csv, line 2: it has no EVSE or no key", "keys.csv, line 3: it has no EVSE or no key"]


def test_a_file_without_keys_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotReadFile, match="evse_uid and public_key"):
        found(tmp_path, "evse_uid,price", "E1,2")
