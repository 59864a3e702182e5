"""Which format a file of CDRs has, and its rows."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final

from services.clearing.audit.documents import parse as whole
from services.clearing.reporting.chargeplace_rows import ChargeplaceRows
from services.clearing.reporting.csv_rows import CsvRows
from services.clearing.reporting.files import BROKEN, Opened, opened, reason
from services.clearing.reporting.json_rows import JsonLines, JsonRows
from services.clearing.reporting.json_text import MAX_VALUE_CHARACTERS, Parse
from services.clearing.reporting.parties import NOBODY, Parties
from services.clearing.reporting.rows import CannotReadFile, Position, Rows
from services.core.errors import BadContent
from services.exports.files import format_of

_NEXT_LINE: Final = 1000


class Format(StrEnum):
    """How a file says its CDRs."""

    AUTO = "auto"
    OCPI = "ocpi"
    CSV = "csv"
    CHARGEPLACE = "chargeplace"


@contextmanager
def rows_of(
    path: Path,
    kind: Format = Format.AUTO,
    encoding: str = "utf-8",
    parties: Parties = NOBODY,
    parse: Parse = whole,
) -> Iterator[tuple[Rows, Position, int]]:
    """Open a file of CDRs and give its rows, where reading stands, and its size in bytes.

    Args:
        path: The file.
        kind: Its format.
        encoding: Where no byte order mark says it.
        parties: Of CDRs that name none.
        parse: Reads a value of JSON.

    Raises:
        CannotReadFile: when it cannot be read as what it is said to be.
    """
    if kind is Format.AUTO:
        kind = detect(path, encoding)
    lines = kind is Format.OCPI and has_lines(path, encoding)
    with opened(path, encoding) as file:
        if kind is Format.OCPI:
            rows: Rows = JsonLines(file, parse) if lines else JsonRows(file, parse)
        else:
            rows = CsvRows(file, parties) if kind is Format.CSV else ChargeplaceRows(file, parties)
        yield rows, file.position, file.size


def detect(path: Path, encoding: str = "utf-8") -> Format:
    """Return the format of a file by its beginning.

    Raises:
        CannotReadFile: when it cannot be read, or has nothing but white space.
    """
    with opened(path, encoding) as file:
        head = _filled_line(file, MAX_VALUE_CHARACTERS)
    if not head:
        raise CannotReadFile(f"{path} has nothing but white space")
    if head[:1] in {"[", "{"}:
        return Format.OCPI
    try:
        format_of(next(csv.reader([head]), []))
    except (BadContent, csv.Error):
        return Format.CSV
    return Format.CHARGEPLACE


def has_lines(path: Path, encoding: str = "utf-8") -> bool:
    """Say whether a JSON file has an object on each line: its first line is whole, or its second begins another one."""
    with opened(path, encoding) as file:
        first = _filled_line(file, MAX_VALUE_CHARACTERS)
        second = _filled_line(file, _NEXT_LINE)
    if not first.startswith("{") or not second:
        return False
    return second.startswith("{") or (len(first) > 1 and first.endswith("}"))


def _filled_line(file: Opened, limit: int) -> str:
    """Return the next line that is not blank, without its ends; an empty text where there is none."""
    line = _line(file, limit)
    while line.isspace():
        line = _line(file, limit)
    return line.strip()


def _line(file: Opened, limit: int) -> str:
    try:
        return file.text.readline(limit)
    except BROKEN as error:
        raise CannotReadFile(f"{file.path}: {reason(error)}") from error
