import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cli.audit import FOUND
from services.cli.main import build
from services.core.errors import RoamwattError
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
        (("--work-folder", "/no/such/folder"), "/no/such/folder: No such file or directory. Temporary files lie there"),
        (("--findings", "/dev/full"), "/dev/full cannot be written: No space left on device"),
        (("--json", "/dev/full", "--quiet"), "/dev/full cannot be written: No space left on device"),
        (("--text", "/dev", "--quiet"), "/dev cannot be written: Is a directory"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(tmp_path: Path, words: tuple[str, ...], why: str) -> None:
    told = run("--cdrs", written(tmp_path, [cdr()]), *words)
    assert told.exit_code == 1
    assert isinstance(told.exception, RoamwattError)
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


def test_a_report_never_takes_the_place_of_what_is_read_or_of_another_form(tmp_path: Path) -> None:
    cdrs = written(tmp_path, [cdr()])
    before = cdrs.read_bytes()
    told = run("--cdrs", cdrs, "--json", tmp_path / "x" / ".." / "cdrs.json")
    assert "is a file that the audit reads" in str(told.exception)
    told = run("--cdrs", cdrs, "--json", tmp_path / "report", "--html", tmp_path / "report")
    assert "is named for two forms of the report" in str(told.exception)
    assert cdrs.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["cdrs.json"]


def test_an_older_report_stays_until_there_is_a_newer_one(tmp_path: Path) -> None:
    report = written(tmp_path, "older", "report.json")
    assert run("--cdrs", tmp_path / "none.json", "--json", report).exit_code == 1
    assert report.read_text() == "older"
    assert run("--cdrs", written(tmp_path, [cdr()]), "--json", report, "--quiet").exit_code == 0
    assert json.loads(report.read_text())["verdicts"]["ACCEPTED"] == 1


def test_a_listing_that_lacks_its_end_is_not_left(tmp_path: Path) -> None:
    listing = tmp_path / "findings.csv"
    broken = run("--cdrs", written(tmp_path, [cdr(cost=5)]), "--findings", listing, "--invoice", tmp_path / "none.csv")
    assert broken.exit_code == 1
    assert not listing.exists()


def test_one_form_that_cannot_be_written_keeps_the_others_from_nothing(tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("json", "html")}
    words = [word for name, path in files.items() for word in (f"--{name}", path)]
    told = run("--cdrs", written(tmp_path, [cdr()]), "--text", "/dev/full", *words)
    assert "/dev/full cannot be written" in str(told.exception)
    assert "Audit of cdrs.json" in told.output
    assert all(path.stat().st_size > 100 for path in files.values())


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--missing-after-hours", "999999999999"),
        ("--tolerance", "1e999"),
        ("--tolerance", "-1"),
        ("--tolerance", "NaN"),
    ],
)
def test_an_option_out_of_bounds_is_refused(tmp_path: Path, option: str, value: str) -> None:
    told = run("--cdrs", written(tmp_path, [cdr()]), option, value)
    assert told.exit_code == 2
    assert option in told.output
