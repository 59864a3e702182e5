from pathlib import Path

import pytest

from services.clearing.reporting.files import is_text, lines_of, opened
from services.clearing.reporting.formats import Format, rows_of
from services.clearing.reporting.json_text import NO_TEXT
from services.clearing.reporting.rows import CannotReadFile
from tests.unit.clearing.reporting.test_csv_rows import HEADING, LINE

BROKEN = "\n".join((f"{HEADING},cdr_location.city", f"{LINE},Orl\u00e9ans", f"{LINE},@", f"{LINE},Bern"))
"""The sign in it stands for bytes that are no text."""


@pytest.mark.parametrize(
    ("encoding", "bad"),
    [
        ("utf-8", b"\xff"),
        ("UTF8", b"\xff"),
        ("cp1252", b"\x81"),
        ("cp1252", b"x\x9dy"),
        ("gb18030", b"\xff"),
        ("utf-16-le", b"\x00\xd8"),
        ("utf-16", b"\x00\xd8"),
        ("utf-32-le", b"\x00\x00\xff\x00"),
    ],
)
def test_bytes_that_are_no_text_cost_their_own_row_alone_in_every_encoding(
    tmp_path: Path, encoding: str, bad: bytes
) -> None:
    path = tmp_path / "cdrs.csv"
    begin, end = BROKEN.split("@")
    # The mark of UTF-16 stands at its beginning alone.
    path.write_bytes(begin.encode(encoding) + bad + end.encode("utf-16-le" if encoding == "utf-16" else encoding))
    with rows_of(path, Format.AUTO, encoding) as (rows, _, _):
        found = list(rows)
    assert [(row.line, row.problem) for row in found] == [(2, None), (3, NO_TEXT), (4, None)]
    assert found[0].document is not None
    assert found[0].document["cdr_location"] == {"city": "Orl\u00e9ans"}


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16-le"])
def test_of_json_too(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "cdrs.json"
    begin, end = (each.encode(encoding) for each in ['[{"id": "1"}, {"id": "', '"}, {"id": "3"}]'])
    path.write_bytes(begin + {"utf-8": b"\xff", "cp1252": b"\x81", "utf-16-le": b"\x00\xd8"}[encoding] + end)
    with rows_of(path, Format.AUTO, encoding) as (rows, _, _):
        assert [row.problem for row in rows] == [None, NO_TEXT, None]


def test_a_file_that_ends_within_a_character_says_so_in_its_last_line(tmp_path: Path) -> None:
    path = tmp_path / "cdrs.csv"
    path.write_bytes("a\nb".encode("utf-16")[:-1])
    with opened(path) as file:
        assert [is_text(line) for line in lines_of(file.text)] == [True, False]


@pytest.mark.parametrize("encoding", ["klingon", "hex"])
def test_an_encoding_that_is_none_of_text_is_refused(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "cdrs.csv").write_text(HEADING)
    with (
        pytest.raises(CannotReadFile, match=f"there is no encoding {encoding}"),
        opened(tmp_path / "cdrs.csv", encoding),
    ):
        pass
