"""`roamwatt rate` over files: the price, its reasons, and what it says of files that are none."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli import main
from services.core.errors import RoamwattError

TARIFF = {
    "id": "T1",
    "currency": "EUR",
    "tax_included": "NO",
    "elements": [
        {
            "price_components": [{"type": "TIME", "price": 1.2, "vat": 20, "step_size": 900}],
            "restrictions": {"end_time": "17:00"},
        },
        {"price_components": [{"type": "TIME", "price": 2.4, "vat": 20, "step_size": 900}]},
    ],
}
CDR = {
    "id": "C1",
    "start_date_time": "2026-03-02T15:35:00Z",
    "end_date_time": "2026-03-02T16:10:00Z",
    "currency": "EUR",
    "charging_periods": [
        {
            "start_date_time": "2026-03-02T15:35:00Z",
            "tariff_id": "t1",
            "dimensions": [{"type": "TIME", "volume": 0.5833}, {"type": "ENERGY", "volume": 7}],
        }
    ],
    "total_cost": {"before_taxes": 1.5, "taxes": [{"name": "VAT", "amount": 0.3}]},
    "total_energy": 7.5,
    "total_time": 0.5833,
}


def run(tmp_path: Path, cdr: Any, *arguments: str, tariff: Any = TARIFF) -> tuple[int, str]:
    files = {"cdr": tmp_path / "cdr.json", "tariff": tmp_path / "tariff.json"}
    files["cdr"].write_text(cdr if isinstance(cdr, str) else json.dumps(cdr))
    files["tariff"].write_text(json.dumps(tariff))
    command = ["rate", "--cdr", str(files["cdr"]), "--tariff", str(files["tariff"]), *arguments]
    result = CliRunner(env={"COLUMNS": "300"}).invoke(main.build(command), command)
    if isinstance(result.exception, RoamwattError):
        raise result.exception
    return result.exit_code, result.output


def test_the_price_is_explained(tmp_path: Path) -> None:
    """25 minutes at 1.20 before and 20 at 2.40 after 17:00, of 35 measured in steps of 15: 1.30."""
    code, output = run(tmp_path, CDR, "--time-zone", "Europe/Brussels")
    assert code == 0
    for expected in (
        "Period 1, 2026-03-02 16:35:00 CET to 2026-03-02 17:00:00 CET, tariff T1",
        "not element 1: only from 00:00 to 17:00",
        "costs nothing, no element prices it",
        "in steps of 900 s 0.3333",
        "Total without tax: 1.3 EUR",
        "Total with tax:    1.56 EUR",
        "The CDR asks for 1.5 EUR without tax, 0.2 more than its tariffs say.",
        "Its energy is 7.5 kWh, its periods sum to 7 kWh.",
    ):
        assert expected in output


def test_a_right_claim_and_a_low_one_are_called_so(tmp_path: Path) -> None:
    cdr = CDR | {"total_cost": {"excl_vat": 1.3, "incl_vat": 1.5}}
    _, output = run(tmp_path, cdr, "--time-zone", "Europe/Brussels")
    assert "The CDR asks for 1.3 EUR without tax, as its tariffs say." in output
    assert "The CDR asks for 1.5 EUR with tax, 0.06 less than its tariffs say." in output


def test_what_cannot_be_rated_is_said_and_is_an_exit_code(tmp_path: Path) -> None:
    code, output = run(tmp_path, CDR)
    assert code == 1
    assert "No price: period 1, element 1: the time zone of the location is not known." in output
    assert "The CDR asks for 1.5 EUR without tax." in output


@pytest.mark.parametrize(
    ("cdr", "tariff", "arguments", "reason"),
    [
        ("{", TARIFF, (), "cdr.json is no CDR: not a JSON document"),
        ('{"id": NaN}', TARIFF, (), "not a JSON document"),
        ("[]", TARIFF, (), "no JSON object"),
        (CDR, {"id": "T1"}, (), "tariff.json is no tariff: currency is missing"),
        (CDR | {"total_energy": "1e400"}, TARIFF, (), "total_energy is no number"),
        (CDR, TARIFF, ("--time-zone", "Mars/Olympus"), "no time zone Mars/Olympus"),
        (CDR, TARIFF, ("--tariff", "absent.json"), "No such file"),
    ],
)
def test_files_that_are_none(tmp_path: Path, cdr: Any, tariff: Any, arguments: tuple[str, ...], reason: str) -> None:
    with pytest.raises(RoamwattError, match=reason.replace(".", r"\.")):
        run(tmp_path, cdr, *arguments, tariff=tariff)
