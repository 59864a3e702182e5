"""A day of a city's real charging sessions, sent through the platform: every row ends in exactly one verdict."""

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest

from services.cli.replay_report import not_sent
from services.exports.files import Remark, read
from services.exports.times import london
from services.runtime.embedded.deployment import Deployment
from services.runtime.embedded.layout import CHECKOUT
from tests.support.command import roamwatt

NAME = "dundee-2018-06-06_2018-09-06.csv"
DAY = "2018-08-24"
REPLAY_SECONDS = 240


def data_file() -> Path:
    """The Dundee export; skips, with the reason, where it is not on this machine."""
    folder = Path(os.environ.get("ROAMWATT_DATA", CHECKOUT.parent / "shared" / "data"))
    if not (folder / NAME).is_file():
        pytest.skip(f"no {NAME} in {folder}; ROAMWATT_DATA names the folder with operators' exports")
    return folder / NAME


def replay(deployment: Deployment, *options: str) -> dict[str, Any]:
    arguments = ("replay", str(data_file()), "--json", *options)
    done = roamwatt(deployment.layout.home, *arguments, timeout_seconds=REPLAY_SECONDS)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.timeout(300)
def test_every_row_of_a_day_ends_in_exactly_one_verdict(deployment: Deployment) -> None:
    with data_file().open(encoding="utf-8", newline="") as lines:
        imported = read(lines)
    of_the_day = [each for each in imported.sessions if f"{each.started_at.astimezone(london()):%Y-%m-%d}" == DAY]
    told = replay(deployment, "--from", DAY, "--until", DAY, "--concurrency", "32")
    assert told["sent"] == len(of_the_day) > 200
    assert sum(told["verdicts"].values()) == len(of_the_day)
    assert told["complete"] is True
    assert told["refused"] == {}
    assert told["verdicts"]["ACCEPTED"] > len(of_the_day) / 2
    flagged = {each["code"] for each in told["reasons"] if each["verdict"] == "FLAGGED"}
    zero = sum(each.kwh == 0 for each in of_the_day)
    told_zero = sum(each["cdrs"] for each in told["reasons"] if each["code"] == "ENERGY_ZERO")
    assert told_zero == zero
    assert "SESSION_NOT_FOUND" not in flagged
    assert "TOTAL_MISMATCH" not in {each["code"] for each in told["reasons"]}


def test_the_importer_reads_the_whole_file_as_its_publisher_describes_it() -> None:
    with data_file().open(encoding="utf-8", newline="") as lines:
        imported = read(lines)
    assert (imported.rows, len(imported.sessions)) == (19227, 19155)
    # Read apart: no end means that the columns of date and time of the end are not both filled in.
    with data_file().open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        without_end = [reader.line_num for row in reader if not (row["End Date"].strip() and row["End Time"].strip())]
    assert len(without_end) == 72
    assert [(each.line, each.remark) for each in imported.unsendable()] == [(n, Remark.NO_END) for n in without_end]
    (said,) = [each for each in not_sent(imported) if "(not sent)" in each]
    assert said == f"no end (not sent): 72 rows, lines {', '.join(map(str, without_end))}"
    assert sum(each.card is None for each in imported.sessions) <= 25
