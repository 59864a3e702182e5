"""Files with every kind of fault: there is a report or a sentence, and no number that cannot be read passes as 0."""

import gzip
import json
import os
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from services.clearing.audit.facts import AgreementFact, Source
from services.clearing.audit.rules import AuditRules
from services.clearing.reporting import as_text
from services.clearing.reporting.as_data import as_data
from services.clearing.reporting.judging import Judged, Terms
from services.clearing.reporting.locations_given import GivenLocations
from services.clearing.reporting.run import Order, Report, run
from services.clearing.reporting.tariffs_given import GivenTariffs
from services.core.errors import RoamwattError
from services.core.money import RoundingMode, RoundingRule
from tests.unit.clearing.reporting import mutations
from tests.unit.clearing.reporting.mutations import NO_NUMBERS, broken, document, location, session, spoiled, tariff
from tests.unit.clearing.reporting.samples import NOW, codes

ROUNDS: Final = int(os.environ.get("ROAMWATT_TEST_MUTATIONS", "12"))
"""So many files of each kind; a longer run sets more."""

SEED: Final = int(os.environ.get("ROAMWATT_TEST_SEED", "1"))
ROWS: Final = 12
UNREAD: Final = {"NUMBER_OUT_OF_RANGE", "SCHEMA_INVALID", "CDR_UNREADABLE"}
HEADING: Final = (
    "id,country_code,party_id,session_id,start,end,currency,kwh,cost,total_cost.incl_vat,total_time,"
    "total_parking_time,max_power_kw,time_zone,uid,evse_uid,connector_id,tariff_id,charging_periods,credit"
)
ROW: Final = (
    "C{},NL,CSO,S{},2025-03-01 10:00,2025-03-01T11:00:00Z,EUR,10,4.00,4.80,1,0,22,Europe/Amsterdam,X,E{},1,T1,,false"
)
CELLS: Final = (
    *("", " ", "NaN", "Infinity", "-Infinity", "sNaN", "1e999999", "-1e999999", "1e-999999", "1_000", "٣", "1.000,50"),
    *("-5", "99999999999999999999999", "true", "soon", "0001-01-01", "9999-12-31T23:59:59Z", "[]", "[{", "\x00", '"'),
    *(
        '"a\nb"',
        '"open',
        "x" * 140_000,
        "a;b",
        "\udcff",
        "'",
        "EUR",
        "Mars/Olympus",
        "../../etc/passwd",
        "{}",
        '"[[[["',
    ),
)


def judge(folder: Path, **files: bytes) -> tuple[Report, list[Judged]]:
    """Audit files of these contents, by all that they may be compared with, and write the report."""
    paths = {name: folder / name for name in files}
    for name, content in files.items():
        paths[name].write_bytes(content)
    tariffs = GivenTariffs.read([paths[name] for name in files if name == "tariffs"])
    places = GivenLocations.read([paths[name] for name in files if name == "locations"], "Europe/Brussels")
    agreement = AgreementFact.always(Decimal("0.01"), RoundingRule(RoundingMode.HALF_UP, 2), {})
    terms = Terms(agreement, AuditRules(), tariffs, places, frozenset(Source), NOW)
    rows: list[Judged] = []
    sessions = tuple(paths[name] for name in files if name == "sessions")
    order = Order(paths["cdrs"], invoice=paths.get("invoice"), sessions=sessions, work_folder=folder)
    report = run(order, terms, rows.append)
    data = json.loads(json.dumps(as_data(report, NOW)))
    assert sum(data["verdicts"].values()) == data["file"]["rows"] == len(rows)
    assert as_text.plain(data)
    return report, rows


def lines(random: Random, good: Any, count: int = ROWS) -> bytes:
    """A file of spoiled documents, one on each line."""
    return b"\n".join(mutations.as_text(spoiled(good(number), random), random) for number in range(1, count + 1))


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_documents_with_faults_give_a_report(tmp_path: Path, turn: int) -> None:
    random = Random(f"{SEED}-documents-{turn}")
    given = {
        "tariffs": lines(random, lambda _: tariff(), 3),
        "locations": lines(random, lambda _: location(), 2),
        "sessions": lines(random, lambda _: session(), 3),
    }
    _, rows = judge(tmp_path, cdrs=lines(random, document), **given)
    assert len(rows) == ROWS


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_tables_with_faults_give_a_report_or_a_sentence(tmp_path: Path, turn: int) -> None:
    random = Random(f"{SEED}-tables-{turn}")
    rows = []
    for number in range(ROWS):
        cells = ROW.replace("{}", str(number)).split(",")
        for _ in range(random.randint(0, 3)):
            cells[random.randrange(len(cells))] = random.choice(CELLS)
        rows.append(",".join(cells))
    content = "\n".join([HEADING, *rows]).encode("utf-8", "surrogateescape")
    invoice = content if turn % 2 else b"cdr_id,amount,currency\n" + b"\n".join(
        f"C{number},{random.choice(CELLS)},{random.choice(('EUR', *CELLS))}".encode("utf-8", "surrogateescape")
        for number in range(ROWS)
    )  # fmt: skip
    or_a_sentence(tmp_path, cdrs=content, invoice=invoice)


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_files_of_broken_bytes_give_a_report_or_a_sentence(tmp_path: Path, turn: int) -> None:
    random = Random(f"{SEED}-bytes-{turn}")
    listed = json.dumps([document(number) for number in range(1, 4)], indent=turn % 3).encode()
    whole = [
        listed,
        b'{"data": ' + listed + b', "status_code": 1000}',
        lines(random, document, 4),
        gzip.compress(listed),
        "\n".join([HEADING, *(ROW.replace("{}", str(number)) for number in range(4))]).encode(),
        listed.decode().encode("utf-16"),
    ]
    for content in whole:
        or_a_sentence(tmp_path, cdrs=broken(content, random))
    good = lines(random, document, 2)
    files = {"tariffs": tariff(), "locations": [location()], "sessions": [session()]}
    spoilt = {name: broken(json.dumps(each).encode(), random) for name, each in files.items()}
    or_a_sentence(
        tmp_path, cdrs=good, invoice=broken(b"cdr_id,amount,currency\nC1,4,EUR\nC2,5,EUR\n", random), **spoilt
    )


def or_a_sentence(folder: Path, **files: bytes) -> None:
    """Audit files; an error of ours is a sentence, any other one fails the test."""
    with suppress(RoamwattError):
        judge(folder, **files)


NUMBERS: Final = [
    ("total_energy",), ("total_time",), ("total_parking_time",), ("total_cost", "excl_vat"), ("total_cost", "incl_vat"),
    ("total_energy_cost", "excl_vat"), ("charging_periods", 0, "dimensions", 0, "volume"),
    ("charging_periods", 0, "dimensions", 1, "volume"), ("tariffs", 0, "elements", 0, "price_components", 0, "price"),
    ("tariffs", 0, "elements", 0, "price_components", 0, "vat"), ("tariffs", 0, "min_price", "excl_vat"),
    ("tariffs", 0, "elements", 0, "price_components", 0, "step_size"), ("tariffs", 0, "max_price", "excl_vat"),
]  # fmt: skip


@pytest.mark.parametrize("path", NUMBERS, ids=lambda path: ".".join(map(str, path)))
def test_what_is_no_number_never_counts_unseen(tmp_path: Path, path: tuple[Any, ...]) -> None:
    bare = ("NaN", "Infinity", "-Infinity", "1e400", "123456789012345678901234567890")
    written = [json.dumps(each) for each in NO_NUMBERS] + list(bare)
    contents = []
    for each in written:
        found = document(1)
        inner: Any = found
        for name in path[:-1]:
            inner = inner[name]
        inner[path[-1]] = "HERE"
        contents.append(json.dumps(found).replace('"HERE"', each).encode())
    _, rows = judge(tmp_path, cdrs=b"\n".join(contents))
    unseen = [each for each, row in zip(written, rows, strict=True) if not codes(row) & UNREAD]
    assert unseen == []
