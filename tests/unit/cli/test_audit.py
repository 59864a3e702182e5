import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cli.audit import FOUND
from services.cli.main import build
from tests.unit.clearing.reporting.samples import TARIFF, cdr, written


def run(*words: Any) -> Result:
    arguments = ["audit", *map(str, words)]
    return CliRunner().invoke(build(arguments), arguments)


def test_a_file_is_audited_and_reported_in_every_form(tmp_path: Path) -> None:
    cdrs = written(tmp_path, [cdr(1, cost=5), cdr(2, evse="E2", card="X")])
    files = {name: tmp_path / f"report.{name}" for name in ("text", "json", "html", "findings")}
    told = run("--cdrs", cdrs, *(word for name, path in files.items() for word in (f"--{name}", path)))
    assert told.exit_code == 0, told.output
    assert "TOTAL_MISMATCH" in told.output
    assert "TOTAL_MISMATCH" in files["text"].read_text()
    assert json.loads(files["json"].read_text())["verdicts"]["REJECTED"] == 1
    assert "TOTAL_MISMATCH" in files["html"].read_text()
    with files["findings"].open(newline="") as lines:
        assert [row["code"] for row in csv.DictReader(lines)] == ["TOTAL_MISMATCH"]


def test_options_reach_the_audit(tmp_path: Path) -> None:
    without = cdr(cost=5) | {"tariffs": []}
    del without["charging_periods"][0]["tariff_id"]
    report = tmp_path / "report.json"
    cdrs, tariffs = written(tmp_path, [without]), written(tmp_path, [TARIFF], "tariffs.json")
    told = run(
        *("--cdrs", cdrs, "--tariffs", tariffs, "--assume-tariff", "T1", "--json", report, "--quiet"),
        *("--severity", "total_mismatch=dispute", "--tolerance", "0.5", "--time-zone", "Europe/Amsterdam"),
    )
    assert (told.exit_code, told.output) == (0, "")
    found = json.loads(report.read_text())
    assert found["verdicts"]["DISPUTED"] == 1
    assert found["terms"] == {
        "tolerance": "0.5",
        "rounding": {"mode": "HALF_UP", "digits": 2, "per_line": False},
        "severities": {"TOTAL_MISMATCH": "DISPUTE"},
        "tariffs": 1,
        "locations": 0,
        "time_zone": "Europe/Amsterdam",
        "assumed_tariff": "T1",
    }


@pytest.mark.parametrize(
    ("least", "cost", "expected"),
    [("REJECT", 5, FOUND), ("REJECT", 4, 0), ("INFORM", 4, 0), ("DISPUTE", 5, FOUND), ("FLAG", 5, FOUND)],
)
def test_what_was_found_shows_in_the_exit_code_where_that_is_wanted(
    tmp_path: Path, least: str, cost: float, expected: int
) -> None:
    cdrs = written(tmp_path, [cdr(cost=cost)])
    assert run("--cdrs", cdrs, "--quiet", "--fail-on", least).exit_code == expected
    assert run("--cdrs", cdrs, "--quiet").exit_code == 0


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--severity", "NO_SUCH=FLAG"), "CODE=SEVERITY"),
        (("--severity", "TOTAL_MISMATCH=WORSE"), "CODE=SEVERITY"),
        (("--time-zone", "Europe/Nowhere"), "there is no time zone Europe/Nowhere"),
        (("--cso", "nobody"), "a party id is"),
        (("--assume-tariff", "T9"), "have no such tariff"),
        (("--encoding", "klingon"), "there is no encoding klingon"),
        (("--json", "/no/such/folder/report.json"), "No such file or directory"),
        (("--findings", "/no/such/folder/report.csv"), "No such file or directory"),
        (("--tariffs", "/no/such/tariffs.json"), "No such file or directory"),
        (("--invoice", "/no/such/invoice.csv"), "No such file or directory"),
        (("--format", "chargeplace"), "no known export"),
        (("--work-folder", "/no/such/folder"), "No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(tmp_path: Path, words: tuple[str, ...], why: str) -> None:
    told = run("--cdrs", written(tmp_path, [cdr()]), *words)
    assert told.exit_code == 1
    assert why in str(told.exception)


def test_the_help_tells_of_every_option() -> None:
    told = run("--help")
    assert told.exit_code == 0
    for option in (
        "--cdrs",
        "--tariffs",
        "--locations",
        "--invoice",
        "--fail-on",
        "--assume-tariff",
        "--findings-from",
    ):
        assert option in told.output
