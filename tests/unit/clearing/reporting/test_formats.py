import codecs
import gzip
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.clearing.reporting.formats import Format, detect, rows_of
from services.clearing.reporting.json_text import NO_TEXT
from services.clearing.reporting.rows import CannotReadFile, Row

CDRS = [{"id": "1", "total_energy": 1.10}, {"id": "2", "total_energy": 2}, {"id": "3"}]
HEADING = "id,start_date_time,end_date_time,currency,total_energy,total_cost.excl_vat"
DUNDEE = (
    "Charging event,User ID,CP ID,Connector,Start Date,Start Time,End Date,End Time,Total kWh,Cost,Site,Group,Model,,,"
)


def rows(path: Path, kind: Format = Format.AUTO) -> list[Row]:
    with rows_of(path, kind) as (found, _, _):
        return list(found)


def written(folder: Path, content: str | bytes, name: str = "cdrs") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def ids(found: list[Row]) -> list[Any]:
    return [None if row.document is None else row.document["id"] for row in found]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(CDRS),
        json.dumps(CDRS, indent=2),
        "\n\n  " + json.dumps(CDRS) + "\n\n",
        json.dumps({"status_code": 1000, "timestamp": "2025-01-01T00:00:00Z", "data": CDRS}),
        json.dumps({"data": CDRS, "status_code": 1000}, indent=4),
        "\n".join(json.dumps(each) for each in CDRS),
        "\r\n\r\n".join(json.dumps(each) for each in CDRS) + "\r\n",
    ],
    ids=["list", "indented", "spaced", "response", "indented response", "lines", "lines with blanks"],
)
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_json_in_all_its_shapes(tmp_path: Path, content: str, packed: bool, mark: bytes) -> None:
    raw = mark + content.encode()
    found = rows(written(tmp_path, gzip.compress(raw) if packed else raw))
    assert ids(found) == ["1", "2", "3"]
    assert [row.number for row in found] == [1, 2, 3]
    assert found[0].document is not None
    assert repr(found[0].document["total_energy"]) == "Decimal('1.1')"


def test_numbers_keep_all_their_digits_and_nothing_becomes_a_float(tmp_path: Path) -> None:
    path = written(
        tmp_path, '[{"id": "1", "a": 4.3999999999999995, "b": 1e-9, "c": 12345678901234567890123, "d": NaN}]'
    )
    (row,) = rows(path)
    assert row.document is not None
    assert row.document["a"] == Decimal("4.3999999999999995")
    assert row.document["c"] == Decimal("12345678901234567890123")
    assert row.document["d"] != row.document["d"]


def test_a_row_knows_the_line_on_which_it_begins(tmp_path: Path) -> None:
    found = rows(written(tmp_path, '[\n{"id": "1"},\n{\n"id": "2"},\n\n{"id": "3"}]'))
    assert [row.line for row in found] == [2, 3, 6]


@pytest.mark.parametrize("between", [",", ",\n", " ,\r\n ", "\n, "])
def test_values_of_any_length_are_found_wherever_they_lie(tmp_path: Path, between: str) -> None:
    values = [{"id": str(n), "x": "}{ab"[n % 4] * (n * 7919 % 40_000), "y": {}} for n in range(80)]
    found = rows(written(tmp_path, f"[{between.join(json.dumps(each) for each in values)}\n]"))
    assert [row.document for row in found] == values
    assert [row.line for row in found] == [1 + n * between.count("\n") for n in range(80)]


def test_one_object_by_itself_is_one_row(tmp_path: Path) -> None:
    assert ids(rows(written(tmp_path, json.dumps(CDRS[0])))) == ["1"]
    assert ids(rows(written(tmp_path, json.dumps(CDRS[0], indent=2)))) == ["1"]
    assert ids(rows(written(tmp_path, json.dumps({"data": CDRS[0], "status_code": 1000})))) == ["1"]


def test_a_bad_line_costs_only_its_own_row(tmp_path: Path) -> None:
    lines = [
        '{"id": "1"}',
        '{"id": ',
        "[1]",
        '{"id": "a", "id": "b"}',
        '{"id": "\udcff"}',
        '{"id": "5"} {}',
        '{"id": "6"}',
    ]
    found = rows(written(tmp_path, "\n".join(lines).encode("utf-8", "surrogateescape")))
    assert ids(found) == ["1", None, None, None, None, None, "6"]
    assert [row.line for row in found] == [1, 2, 3, 4, 5, 6, 7]
    problems = [row.problem for row in found[1:6]]
    assert problems[0] is not None
    assert problems[0].startswith("it cannot be read: EOF")
    assert problems[1:] == [
        "it is no JSON object",
        'it cannot be read: Detected duplicate key "id"',
        NO_TEXT,
        "it cannot be read: trailing characters",
    ]


def test_a_bad_item_of_a_list_costs_only_its_own_row(tmp_path: Path) -> None:
    content = '[{"id": "1"}, 7, {"id": "2", "x": {"y": 1, "y": 2}}, {"id": "\udcff"}, {"id": "4"}]'
    found = rows(written(tmp_path, content.encode("utf-8", "surrogateescape")))
    assert ids(found) == ["1", None, None, None, "4"]


@pytest.mark.parametrize(
    "content",
    [
        '[{"id": "1"}, {"id": "2"',
        '[{"id": "1"}; {"id": "2"}]',
        '[{"id": "1"}',
        '{"data": [{"id": "1"}, {"id": }]}',
        '[{"id": "1"}] x',
    ],
)
def test_where_a_list_breaks_its_last_row_says_so(tmp_path: Path, content: str) -> None:
    found = rows(written(tmp_path, content))
    assert ids(found) == ["1", None]
    assert found[1].problem is not None
    assert found[1].problem.startswith("from here on the file cannot be read")


def test_a_packed_file_that_breaks_off_says_so_in_its_last_row(tmp_path: Path) -> None:
    whole = gzip.compress(
        "\n".join(json.dumps({"id": str(n), "x": str(n * 7919 % 1000)}) for n in range(9999)).encode()
    )
    found = rows(written(tmp_path, whole[: len(whole) // 2]))
    assert found[-1].problem is not None
    assert found[-1].problem.startswith("from here on the file cannot be read")
    assert all(row.document is not None for row in found[:-1])


def test_nesting_beyond_all_bounds_breaks_nothing(tmp_path: Path) -> None:
    (row,) = rows(written(tmp_path, "[" + "[" * 100_000))
    assert row.problem is not None
    found = rows(written(tmp_path, '{"id": ' + "[" * 100_000 + '\n{"id": "2"}'))
    assert ids(found) == [None, "2"]


def test_half_a_character_is_no_text(tmp_path: Path) -> None:
    content = '[{"id": "\\ud83d\\ude00"}, {"id": "\\ud83d"}, {"id": "\\uDE00 x"}, {"id": "3"}]'
    found = rows(written(tmp_path, content))
    assert ids(found) == ["\U0001f600", None, None, "3"]
    assert found[1].problem is not None
    assert "hex escape" in found[1].problem


@pytest.mark.parametrize("content", [b"", b"   \n \n", gzip.compress(b"", mtime=0)])
def test_a_file_with_nothing_in_it_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(CannotReadFile, match=r"is empty|white space"):
        rows(written(tmp_path, content))


def test_what_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotReadFile, match="No such file"):
        rows(tmp_path / "absent")
    with pytest.raises(CannotReadFile, match="directory"):
        rows(tmp_path)
    with pytest.raises(CannotReadFile, match="no encoding"), rows_of(written(tmp_path, "x"), Format.CSV, "klingon"):
        pass


@pytest.mark.parametrize("content", ["[]", '{"data": []}', HEADING, HEADING + "\n"])
def test_a_file_without_cdrs_has_no_rows(tmp_path: Path, content: str) -> None:
    assert rows(written(tmp_path, content)) == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (json.dumps(CDRS), Format.OCPI),
        ("\ufeff" + HEADING, Format.CSV),
        (DUNDEE, Format.CHARGEPLACE),
        ("what,ever", Format.CSV),
    ],
)
def test_the_format_shows_at_the_beginning(tmp_path: Path, content: str, expected: Format) -> None:
    assert detect(written(tmp_path, content)) is expected


def test_a_file_in_utf_16_is_read_by_its_byte_order_mark(tmp_path: Path) -> None:
    assert ids(rows(written(tmp_path, json.dumps(CDRS).encode("utf-16")))) == ["1", "2", "3"]


def test_an_export_gives_cdrs_with_the_power_and_zone_of_their_place(tmp_path: Path) -> None:
    good = "7,601838,50914,1,06/09/2018,23:55,07/09/2018,07:03,22.287,0,Lochee,APT,APT 22kW Dual Outlet,,,"
    endless = "8,601838,50914,1,06/09/2018,23:55,,,22.287,0,Lochee,APT,APT 22kW Dual Outlet,,,"
    first, second = rows(written(tmp_path, "\r\n".join([DUNDEE, good, endless])))
    assert first.document is not None
    assert first.document["id"] == "7"
    assert first.document["total_energy"] == Decimal("22.287")
    assert first.document["total_cost"] == {"excl_vat": Decimal(0)}
    assert (first.power_kw, first.time_zone) == (Decimal(22), "Europe/London")
    assert (second.line, second.problem) == (3, "the session has no end")


def test_a_cost_of_an_export_that_is_no_number_is_told_and_one_that_is_not_there_too(tmp_path: Path) -> None:
    line = "{},601838,50914,1,06/09/2018,23:55,07/09/2018,07:03,22.287,{},Lochee,APT,APT 22kW Dual Outlet,,,"
    costs = ("free", "", "1.50", "NaN", "1e99")
    lines = [line.format(number, cost) for number, cost in enumerate(costs)]
    path = written(tmp_path, "\r\n".join([DUNDEE, *lines]))
    with rows_of(path, Format.CHARGEPLACE) as (found, _, _):
        problems = [row.problem for row in found]
        assert problems == ["its cost is no number", None, None, *["its cost is no number"] * 2]
        assert "1 rows do not say what was asked for: 0 is taken." in found.notes


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(CannotReadFile, match="is no file; it is read several times"):
        rows(pipe)
