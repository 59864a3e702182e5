"""Real sessions of two cities go through `roamwatt audit` as they were published; what it counts is counted here anew.

The counting shares no code with the product: the csv module, local times by the standard library, and comparisons.
"""

import csv
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from services.cli.main import build
from services.runtime.embedded.layout import CHECKOUT

LONDON = ZoneInfo("Europe/London")
UTC = ZoneInfo("UTC")
DUNDEE = "dundee-2018-06-06_2018-09-06.csv"
PERTH = "perth-kinross-2017-09_2018-08.csv"


def data_file(name: str) -> Path:
    """A file; skips, with the reason, where it is not on this machine."""
    folder = Path(os.environ.get("ROAMWATT_DATA", CHECKOUT.parent / "shared" / "data"))
    if not (folder / name).is_file():
        pytest.skip(f"no {name} in {folder}; ROAMWATT_DATA names the folder with operators' exports")
    return folder / name


def rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            if any(each for each in row.values() if isinstance(each, str)):
                yield row


def moment(row: dict[str, str], which: str, pattern: str) -> datetime:
    local = datetime.strptime(row[f"{which} Date"], pattern)  # noqa: DTZ007 - the zone is put on below
    hour, minute = row[f"{which} Time"].split(":")
    return local.replace(hour=int(hour), minute=int(minute), tzinfo=LONDON).astimezone(UTC)


def kilowatts(model: str) -> int:
    """The power that the README of the importer reads out of a charger's name."""
    words = model.replace("kW", " kW").split()
    stated = [int(word) for word, unit in pairwise(words) if unit == "kW" and word.isdigit()]
    if stated:
        return stated[0]
    return 22 if "semi-rapid" in model.lower() else 50 if "rapid" in model.lower() else 7


def counted(path: Path, pattern: str) -> Counter[str]:
    """What an audit should find, by the words of the catalogue."""
    found: Counter[str] = Counter()
    sessions: defaultdict[tuple[str, ...], list[tuple[datetime, datetime]]] = defaultdict(list)
    for row in rows(path):
        found["rows"] += 1
        if not row["End Date"].strip() or not row["End Time"].strip():
            found["CDR_UNREADABLE"] += 1
            continue
        kwh, start, end = Decimal(row["Total kWh"]), moment(row, "Start", pattern), moment(row, "End", pattern)
        found["ENERGY_ZERO"] += kwh == 0
        found["ENERGY_NEGATIVE"] += kwh < 0
        found["TIME_REVERSED"] += end < start
        found["TIME_IMPLAUSIBLE"] += end - start > timedelta(hours=24)
        hours = Decimal((end - start) // timedelta(seconds=1)) / 3600
        limit = (kilowatts(row["Model"]) * hours * Decimal("1.1")).quantize(Decimal("0.001"))
        found["ENERGY_IMPLAUSIBLE"] += abs(kwh) > min(max(limit, Decimal(0)), Decimal(1000))
        found["TIME_ZERO"] += end == start
        found["kwh"] += kwh  # type: ignore[assignment]
        found["money"] += Decimal(row.get("Cost") or 0)  # type: ignore[assignment]
        found["without cost"] += not row.get("Cost")
        place = row["CP ID"].strip(), row["Site"].strip(), row["Connector"].strip()
        found["CONNECTOR_OVERLAP"] += start < end and any(
            start < other_end and other_start < end for other_start, other_end in sessions[place]
        )
        if start < end:
            sessions[place].append((start, end))
    return found


def audited(path: Path, folder: Path) -> dict[str, Any]:
    report = folder / "report.json"
    arguments = ["audit", "--cdrs", str(path), "--format", "chargeplace", "--json", str(report), "--quiet"]
    done = CliRunner().invoke(build(arguments), arguments)
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = json.loads(report.read_text())
    return told


@pytest.mark.parametrize(("name", "pattern"), [(DUNDEE, "%d/%m/%Y"), (PERTH, "%Y-%m-%dT%H:%M:%S")])
def test_the_audit_counts_what_an_independent_count_gives(tmp_path: Path, name: str, pattern: str) -> None:
    path = data_file(name)
    expected = counted(path, pattern)
    told = audited(path, tmp_path)
    found = Counter({each["code"]: each["cdrs"] for each in told["codes"]})
    assert told["file"]["rows"] == expected["rows"] > 19_000
    assert told["file"]["unreadable"] == expected["CDR_UNREADABLE"] > 0
    for code in (
        *("CDR_UNREADABLE", "ENERGY_ZERO", "ENERGY_NEGATIVE", "ENERGY_IMPLAUSIBLE"),
        *("TIME_REVERSED", "TIME_ZERO", "TIME_IMPLAUSIBLE", "CONNECTOR_OVERLAP"),
    ):
        assert found[code] == expected[code], code
    (currency,) = told["currencies"]
    assert Decimal(currency["kwh"]) == expected["kwh"]
    assert currency["cdrs"] == expected["rows"] - found["CDR_UNREADABLE"]
    assert Decimal(currency["claimed"]) == expected["money"]
    silent = expected["without cost"]
    said = "It does not say what was asked for a session" if silent == currency["cdrs"] else f"{silent} rows do not say"
    assert any(note.startswith(said) for note in told["notes"])
    assert sum(told["verdicts"].values()) == expected["rows"]
    assert expected["ENERGY_ZERO"] > 400
