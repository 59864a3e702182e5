"""CDRs in CSV, each row as the OCPI document that says the same."""

import csv
import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from services.clearing.audit.documents import parse
from services.clearing.reporting.csv_columns import FLAGS, LISTS, NUMBERS, OWN, field_of, missing_of
from services.clearing.reporting.files import BROKEN, LongLine, Opened, is_text, lines_of, reason
from services.clearing.reporting.json_rows import BROKEN_OFF
from services.clearing.reporting.json_text import NO_TEXT, told
from services.clearing.reporting.parties import Parties
from services.clearing.reporting.rows import CannotReadFile, Row
from services.core.money import PRECISION

_DELIMITERS: Final = (",", ";", "\t", "|")
_YES: Final = frozenset({"true", "yes", "y", "1"})
_NO: Final = frozenset({"false", "no", "n", "0"})
_SPACED_TIME: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2}) +(\d{2}:\d{2})(:\d{2}(?:\.\d+)?)? *(Z|[+-]\d{2}:?\d{2}|UTC)?", re.I
)
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SHOWN: Final = 40
_SEPARATOR: Final = re.compile(r'"?sep=.?"?\s*', re.I)
"""What Excel writes above the headings."""
_GROUPED: Final = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+")
"""What is a thousand or more where a comma stands before the decimals, and less where a point does."""
_TAXES: Final = tuple(name for name in OWN if name.endswith(".taxes"))
_KINDS: Final = {
    **dict.fromkeys((*NUMBERS, *_TAXES), "number"),
    **dict.fromkeys(FLAGS, "flag"),
    **dict.fromkeys(LISTS, "list"),
}
_TIMES: Final = frozenset({"start_date_time", "end_date_time", "last_updated"})


class BadCell(ValueError):
    """A cell that does not hold what its column says."""


class CsvTable:
    """The rows of a CSV file, their cells by what a heading means.

    Raises:
        CannotReadFile: when there is no heading.
    """

    def __init__(self, file: Opened) -> None:
        self._lines = lines_of(file.text)
        heading, self._above = "", 0
        try:
            # A heading in quotes may be of several lines.
            while not heading or (heading.count('"') % 2 and len(heading) < _LONGEST_HEADING):
                line = next(self._lines, "")
                self._above += 1
                if not line:
                    break
                heading += "" if not heading and (line.isspace() or _SEPARATOR.fullmatch(line)) else line
            self.delimiter = max(_DELIMITERS, key=heading.count)
            self.headings = _headings(heading, self.delimiter)
        except (LongLine, *BROKEN) as error:
            raise CannotReadFile(f"{file.path}: {reason(error)}") from error
        if not is_text(heading) or not any(each.strip() for each in self.headings):
            raise CannotReadFile(f"{file.path} begins with no line of headings; --encoding names another encoding")

    def __iter__(self) -> Iterator[tuple[int, list[str] | None, str | None]]:
        """Give the line on which each row begins, and its cells or why there are none; blank lines are no rows."""
        # Strict: a quote that nobody closes must not swallow rows that follow.
        reader = csv.reader(self._lines, delimiter=self.delimiter, strict=True)
        while True:
            line = reader.line_num + self._above + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                last = reader.line_num + self._above
                yield line, None, f"it is not CSV: {error}{f', up to line {last}' if last > line else ''}"
                continue
            except (LongLine, *BROKEN) as error:
                yield line, None, f"{BROKEN_OFF}: {reason(error)}"
                return
            if cells is None:
                return
            if any(cells):
                text = "".join(cells)
                yield line, cells, None if text.isascii() or is_text(text) else NO_TEXT


_LONGEST_HEADING: Final = 1 << 16


def _headings(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return []


class CsvRows:
    """The CDRs of a CSV file.

    Raises:
        CannotReadFile: when a column is missing without which there are no CDRs.
    """

    def __init__(self, file: Opened, parties: Parties) -> None:
        self._parties = parties
        self._table = CsvTable(file)
        self._fields = [field_of(heading) for heading in self._table.headings]
        missing = missing_of(self._fields)
        if missing:
            raise CannotReadFile(
                f"{file.path} has no column {', '.join(missing)}; "
                "services/clearing/README.md lists what they may be called"
            )
        doubled = sorted({each for each in self._fields if each is not None and self._fields.count(each) > 1})
        if doubled:
            raise CannotReadFile(f"{file.path} has several columns that mean {', '.join(doubled)}")
        unused = [name for name, field in zip(self._table.headings, self._fields, strict=True) if name and not field]
        self.notes = [f"Columns that were not used: {', '.join(unused)}."] if unused else []

    def __iter__(self) -> Iterator[Row]:
        for number, (line, cells, problem) in enumerate(self._table, 1):
            if cells is None or problem is not None:
                yield Row(number, line, None, problem)
                continue
            try:
                yield self._row(number, line, cells)
            except BadCell as error:
                yield Row(number, line, None, str(error))

    def _row(self, number: int, line: int, cells: Sequence[str]) -> Row:
        if len(cells) > len(self._fields) and any(cells[len(self._fields) :]):
            raise BadCell(f"it has {len(cells)} cells, the heading {len(self._fields)}")
        found: dict[str, Any] = {}
        commas = self._table.delimiter == ";" and self._has_commas(cells)
        for field, cell in zip(self._fields, cells, strict=False):
            text = cell.strip()
            if field is not None and text:
                if commas and _KINDS.get(field) == "number" and _GROUPED.fullmatch(text):
                    raise BadCell(f"beside a decimal comma its {field} of {text[:_SHOWN]} may be thousands or decimals")
                found[field] = self._value(field, text)
        power = found.pop("max_power_kw", None)
        document = document_of(_with_parties(found, self._parties))
        zone = found.pop("time_zone", None)
        return Row(number, line, document, None, None if power is None else _positive("max_power_kw", power), zone)

    def _has_commas(self, cells: Sequence[str]) -> bool:
        pairs = zip(self._fields, cells, strict=False)
        return any("," in cell and field is not None and _KINDS.get(field) == "number" for field, cell in pairs)

    def _value(self, field: str, text: str) -> Any:
        kind = _KINDS.get(field)
        if kind == "number":
            return number_of(text, comma=self._table.delimiter == ";")
        if kind == "flag":
            return _flag(field, text)
        if kind == "list":
            return _list(field, text)
        return _time(text) if field in _TIMES else text


def _list(field: str, text: str) -> Any:
    try:
        return parse(text.encode())
    except ValueError as error:
        raise BadCell(f"its {field} are not JSON: {told(error)}") from error


def document_of(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the CDR that the cells of a row say, by the names of OCPI; without periods it has one, of its totals."""
    document: dict[str, Any] = {}
    for field, value in found.items():
        if field.endswith(".taxes"):
            _put(document, field, [{"name": "taxes", "amount": value}])
        elif field not in {"tariff_id", "time_zone"}:
            _put(document, field, value)
    if "charging_periods" not in document:
        document["charging_periods"] = [_period(found)]
    return document


def _with_parties(found: Mapping[str, Any], parties: Parties) -> Mapping[str, Any]:
    """Return what a row says; a party of which it says nothing is the given one."""
    told = dict(found)
    for prefix, party in (("", parties.cso), ("cdr_token.", parties.csp)):
        names = f"{prefix}country_code", f"{prefix}party_id"
        if not any(name in told for name in names):
            told |= dict(zip(names, (party.country_code, party.party_id), strict=True))
    return told


def _put(document: MutableMapping[str, Any], field: str, value: Any) -> None:
    *outer, name = field.split(".")
    for each in outer:
        document = document.setdefault(each, {})
    document[name] = value


def _period(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the period of the whole session; OCPI's total_time has the parking in it, its dimension TIME has not."""
    parking, time = found.get("total_parking_time"), found.get("total_time")
    if isinstance(time, Decimal) and isinstance(parking, Decimal):
        time -= parking
    volumes = {"ENERGY": found.get("total_energy"), "TIME": time, "PARKING_TIME": parking}
    period = {
        "start_date_time": found.get("start_date_time"),
        "dimensions": [{"type": kind, "volume": volume} for kind, volume in volumes.items() if volume is not None],
    }
    return period if found.get("tariff_id") is None else period | {"tariff_id": found["tariff_id"]}


def number_of(text: str, *, comma: bool) -> Decimal | str:
    """Return a number; what is none, or none of money, energy or time, stays text, for the audit to tell.

    Decimal commas are for files with semicolons.
    """
    if comma and "." not in text and text.count(",") == 1:
        text = text.replace(",", ".")
    if _NUMBER.fullmatch(text) is None:
        return text
    try:
        found = Decimal(text)
    except InvalidOperation:
        return text
    return found if found.adjusted() < PRECISION else text


def _positive(field: str, text: str) -> Decimal:
    number = number_of(text, comma=True)
    if not isinstance(number, Decimal) or not number.is_finite() or number <= 0:
        raise BadCell(f"its {field} is no number above 0")
    return number


def _flag(field: str, text: str) -> bool:
    if text.lower() in _YES | _NO:
        return text.lower() in _YES
    raise BadCell(f"its {field} is neither true nor false")


def _time(text: str) -> str:
    """Return a time as OCPI writes it, if it is one with a space in its middle or without seconds."""
    match = _SPACED_TIME.fullmatch(text)
    if match is None:
        return text
    day, minute, second, zone = match.groups()
    return f"{day}T{minute}{second or ':00'}{'Z' if zone is None or zone.upper() == 'UTC' else zone}"
