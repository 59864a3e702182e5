from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.clearing.reporting import files
from services.clearing.reporting.formats import Format, rows_of
from services.clearing.reporting.json_text import NO_TEXT
from services.clearing.reporting.rows import CannotReadFile, Row

HEADING = "id,start_date_time,end_date_time,currency,total_energy,total_cost.excl_vat"
LINE = "C1,2025-03-01T10:00:00Z,2025-03-01T11:00:00Z,EUR,22.5,9.00"


def read(folder: Path, *lines: str, encoding: str = "utf-8") -> tuple[list[Row], list[str]]:
    path = folder / "cdrs.csv"
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
    with rows_of(path, Format.CSV, encoding) as (found, _, _):
        return list(found), found.notes


def only(folder: Path, *lines: str) -> Any:
    (row,), _ = read(folder, *lines)
    assert row.problem is None
    return row.document


def test_a_row_becomes_the_document_that_says_the_same(tmp_path: Path) -> None:
    assert only(tmp_path, HEADING, LINE) == {
        "country_code": "XX",
        "party_id": "CSO",
        "cdr_token": {"country_code": "XX", "party_id": "CSP"},
        "id": "C1",
        "start_date_time": "2025-03-01T10:00:00Z",
        "end_date_time": "2025-03-01T11:00:00Z",
        "currency": "EUR",
        "total_energy": Decimal("22.5"),
        "total_cost": {"excl_vat": Decimal("9.00")},
        "charging_periods": [
            {
                "start_date_time": "2025-03-01T10:00:00Z",
                "dimensions": [{"type": "ENERGY", "volume": Decimal("22.5")}],
            }
        ],
    }


@pytest.mark.parametrize("above", [("",), ("", "  "), ("sep=,",), ('"sep=,"', "")])
def test_what_stands_above_the_headings_is_no_row(tmp_path: Path, above: tuple[str, ...]) -> None:
    (row,), _ = read(tmp_path, *above, HEADING, LINE)
    assert (row.number, row.line, row.problem) == (1, len(above) + 2, None)


@pytest.mark.parametrize(
    ("kwh", "cost", "read_as"),
    [
        # Beside a decimal comma a point before three digits may divide thousands: nobody knows which it is.
        ("2,5", "1.000", None),
        ("2,5", "-12.345.678", None),
        ("2,5", "0.500", Decimal("0.500")),
        ("2,5", "1.00", Decimal("1.00")),
        ("2.5", "1.000", Decimal("1.000")),
        ("25", "1,00", Decimal("1.00")),
    ],
)
def test_a_point_beside_a_decimal_comma(tmp_path: Path, kwh: str, cost: str, read_as: Decimal | None) -> None:
    line = f"C1;2025-03-01T10:00:00Z;2025-03-01T11:00:00Z;EUR;{kwh};{cost}"
    (row,), _ = read(tmp_path, HEADING.replace(",", ";"), line)
    if read_as is None:
        assert row.problem is not None
        assert f"total_cost.excl_vat of {cost} may be thousands or decimals" in row.problem
    else:
        assert row.document is not None
        assert row.document["total_cost"] == {"excl_vat": read_as}


def test_the_only_period_has_the_time_without_the_parking_and_the_tariff(tmp_path: Path) -> None:
    document = only(tmp_path, f"{HEADING},total_time,total_parking_time,tariff_id", f"{LINE},1.5,0.5,T1")
    (period,) = document["charging_periods"]
    assert period["tariff_id"] == "T1"
    assert {each["type"]: each["volume"] for each in period["dimensions"]} == {
        "ENERGY": Decimal("22.5"),
        "TIME": Decimal("1.0"),
        "PARKING_TIME": Decimal("0.5"),
    }
    assert document["total_time"] == Decimal("1.5")
    assert "tariff_id" not in document


@pytest.mark.parametrize(
    "heading",
    [
        "CDR ID,Start Time,End Time,Currency,kWh,Amount",
        "cdrId;startDateTime;endDateTime;currency;totalEnergy;totalCost.exclVat",
        "cdr_id\tStarted at\tEnded at\tCURRENCY\tEnergy (kWh)\tTotal cost",
    ],
)
def test_other_names_mean_the_same(tmp_path: Path, heading: str) -> None:
    delimiter = next(each for each in ";\t," if each in heading)
    document = only(tmp_path, heading, LINE.replace(",", delimiter))
    assert document == only(tmp_path, HEADING, LINE)


def test_the_prices_of_the_newer_version(tmp_path: Path) -> None:
    heading = "id,start,end,currency,kwh,total_cost.before_taxes,total_cost.taxes,total_energy_cost.before_taxes"
    document = only(tmp_path, heading, f"{LINE},1.89,9")
    assert document["total_cost"] == {
        "before_taxes": Decimal("9.00"),
        "taxes": [{"name": "taxes", "amount": Decimal("1.89")}],
    }
    assert document["total_energy_cost"] == {"before_taxes": Decimal(9)}


def test_lists_and_flags_in_cells(tmp_path: Path) -> None:
    periods = '"[{""start_date_time"": ""2025-03-01T10:00:00Z"", ""dimensions"": []}]"'
    document = only(tmp_path, f"{HEADING},charging_periods,credit", f"{LINE},{periods},yes")
    assert document["charging_periods"] == [{"start_date_time": "2025-03-01T10:00:00Z", "dimensions": []}]
    assert document["credit"] is True


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2025-03-01 10:00:00", "2025-03-01T10:00:00Z"),
        ("2025-03-01 10:00", "2025-03-01T10:00:00Z"),
        ("2025-03-01 10:00:00.5+01:00", "2025-03-01T10:00:00.5+01:00"),
        ("2025-03-01 10:00:00 UTC", "2025-03-01T10:00:00Z"),
        ("01/03/2025 10:00", "01/03/2025 10:00"),
    ],
)
def test_times_as_spreadsheets_write_them(tmp_path: Path, written: str, expected: str) -> None:
    assert only(tmp_path, HEADING, LINE.replace("2025-03-01T10:00:00Z", written))["start_date_time"] == expected


def test_a_decimal_comma_is_one_between_semicolons_only(tmp_path: Path) -> None:
    lines = (HEADING.replace(",", ";"), LINE.replace(",", ";").replace("22.5", "22,5").replace("9.00", "1.234,5"))
    document = only(tmp_path, *lines)
    assert document["total_energy"] == Decimal("22.5")
    assert document["total_cost"]["excl_vat"] == "1.234,5"
    assert only(tmp_path, HEADING, LINE.replace("22.5", '"22,5"'))["total_energy"] == "22,5"


def test_power_and_zone_are_known_of_the_place(tmp_path: Path) -> None:
    (row,), _ = read(tmp_path, f"{HEADING},max_power_kw,time_zone", f"{LINE},22,Europe/Paris")
    assert (row.power_kw, row.time_zone) == (Decimal(22), "Europe/Paris")
    assert row.document is not None
    assert not {"max_power_kw", "time_zone"} & set(row.document)


@pytest.mark.parametrize(
    ("column", "cell", "problem"),
    [
        ("credit", "perhaps", "its credit is neither true nor false"),
        ("charging_periods", "[{", "its charging_periods are not JSON: EOF while parsing an object"),
        (
            "tariffs",
            '"{""a"": 1, ""a"": 2}"',
            'its tariffs are not JSON: Detected duplicate key "a"',
        ),
        ("max_power_kw", "-7", "its max_power_kw is no number above 0"),
        ("max_power_kw", "NaN", "its max_power_kw is no number above 0"),
        ("remark", "\udcff", NO_TEXT),
        ("remark", "a,b", "it has 8 cells, the heading 7"),
    ],
)
def test_a_bad_cell_costs_only_its_own_row(tmp_path: Path, column: str, cell: str, problem: str) -> None:
    found, _ = read(tmp_path, f"{HEADING},{column}", f"{LINE},{cell}", LINE)
    assert [(row.line, row.problem) for row in found] == [(2, problem), (3, None)]


def test_lines_are_counted_where_rows_begin(tmp_path: Path) -> None:
    found, _ = read(
        tmp_path, f"{HEADING},remark", f'{LINE},"two\nlines"', "", f"{LINE},x", f"{LINE},{'x' * 200_000}", LINE
    )
    assert [(row.number, row.line) for row in found] == [(1, 2), (2, 5), (3, 6), (4, 7)]
    assert found[2].problem is not None


def test_numbers_that_are_none_are_left_to_the_audit(tmp_path: Path) -> None:
    document = only(tmp_path, HEADING, LINE.replace("22.5", "many"))
    assert document["total_energy"] == "many"


@pytest.mark.parametrize("number", ["Infinity", "-Infinity", "NaN", "sNaN", "9e999999", "1_000", "٣", "1 000", "1e30"])
def test_what_is_like_a_number_and_is_none_is_left_to_the_audit_too(tmp_path: Path, number: str) -> None:
    document = only(tmp_path, f"{HEADING},total_time,total_parking_time", f"{LINE},{number},{number}")
    assert (document["total_time"], document["total_parking_time"]) == (number, number)


def test_a_power_beyond_all_bounds_is_told(tmp_path: Path) -> None:
    found, _ = read(tmp_path, f"{HEADING},max_power_kw", f"{LINE},1e999999")
    assert [row.problem for row in found] == ["its max_power_kw is no number above 0"]


def test_a_quote_that_is_not_closed_swallows_no_row_unseen(tmp_path: Path) -> None:
    found, _ = read(tmp_path, f"{HEADING},remark", f'{LINE},"open', LINE, f'{LINE},"closed"', LINE)
    assert [(row.line, row.document is not None) for row in found] == [(2, False), (5, True)]
    assert found[0].problem is not None
    assert found[0].problem.endswith("up to line 4")
    found, _ = read(tmp_path, f"{HEADING},remark", LINE, f'{LINE},"open', LINE)
    assert [(row.line, row.problem) for row in found] == [
        (2, None),
        (3, "it is not CSV: unexpected end of data, up to line 4"),
    ]


def test_a_line_that_no_memory_should_hold_ends_the_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_LINE_CHARACTERS", 1000)
    found, _ = read(tmp_path, f"{HEADING},remark", LINE, f"{LINE},{'x,' * 1000}", LINE)
    assert [row.problem for row in found] == [
        None,
        "from here on the file cannot be read: a line has more than 1,000 characters",
    ]


def test_a_heading_of_several_lines_is_one(tmp_path: Path) -> None:
    found, notes = read(tmp_path, f'{HEADING},"of the\nweather"', f"{LINE},x", LINE)
    assert [(row.line, row.problem) for row in found] == [(3, None), (4, None)]
    assert notes == ["Columns that were not used: of the\nweather."]


def test_columns_that_say_nothing_to_us_are_told(tmp_path: Path) -> None:
    _, notes = read(tmp_path, f"{HEADING},Weather,Mood", f"{LINE},x,y")
    assert notes == ["Columns that were not used: Weather, Mood."]


@pytest.mark.parametrize(
    ("heading", "why"),
    [
        ("id,currency", "no column start_date_time, end_date_time, total_energy, total_cost.excl_vat or"),
        (f"{HEADING},cost", r"several columns that mean total_cost\.excl_vat"),
        (",,,", "no line of headings"),
        ("\udcff,id", "no line of headings"),
    ],
)
def test_a_file_that_lacks_what_a_cdr_needs_is_refused(tmp_path: Path, heading: str, why: str) -> None:
    with pytest.raises(CannotReadFile, match=why):
        read(tmp_path, heading, LINE)


def test_another_encoding_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "cdrs.csv"
    path.write_bytes(f"{HEADING},cdr_location.city\n{LINE},Orléans".encode("cp1252"))
    with rows_of(path, Format.CSV, "cp1252") as (found, _, _):
        (row,) = found
    assert row.document is not None
    assert row.document["cdr_location"] == {"city": "Orléans"}
