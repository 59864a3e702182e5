"""Reads charging-session exports of city operators as they are published, dirt included: pure, text in, rows out.

Two formats are known by their header: Dundee City Council's (dates `dd/mm/yyyy`, card numbers, an id per charging
event) and Perth & Kinross Council's (ISO dates, no cards). Both give local times of Europe/London without a zone; they
are resolved with the pinned `tzdata` package and never with the machine's own zone files.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from services.core.errors import BadContent
from services.core.money import PRECISION
from services.exports.times import Doubt, london, resolve

if TYPE_CHECKING:
    from _csv import Reader


class Remark(StrEnum):
    """What the importer has to say about a line."""

    NO_END = "NO_END"
    BAD_TIME = "BAD_TIME"
    BAD_ENERGY = "BAD_ENERGY"
    NO_CHARGE_POINT = "NO_CHARGE_POINT"
    DUPLICATE_ID = "DUPLICATE_ID"
    UNREADABLE = "UNREADABLE"
    AMBIGUOUS_TIME = Doubt.AMBIGUOUS_TIME.value
    NON_EXISTENT_TIME = Doubt.NON_EXISTENT_TIME.value

    @property
    def is_sendable(self) -> bool:
        """Whether a row with this remark is sent all the same."""
        return self in {Remark.AMBIGUOUS_TIME, Remark.NON_EXISTENT_TIME}


@dataclass(frozen=True, slots=True)
class Noted:
    """A remark on one line of the file; the detail never holds a card number."""

    line: int
    remark: Remark
    detail: str


@dataclass(frozen=True, slots=True)
class Format:
    """How one publisher writes its file.

    Attributes:
        columns: Our name of a column to the publisher's.
        date_pattern: `strptime` pattern of a date.
        city, latitude, longitude: The publisher's city; the files carry no addresses.
    """

    name: str
    columns: Mapping[str, str]
    date_pattern: str
    city: str
    latitude: str
    longitude: str


@dataclass(frozen=True, slots=True)
class ImportedSession:
    """One charging session of the file that can be sent.

    Attributes:
        line: Number of its line in the file, the header being 1.
        row_id: The publisher's id of the row, unique in the file.
        card: Card number, or None where the row has none.
        kwh: As written: may be zero, negative or absurd.
        cost: What was asked for it, where the publisher says.
        cost_is_unreadable: The publisher says it, and it is no number.
    """

    line: int
    row_id: str
    card: str | None
    charge_point: str
    connector: str
    started_at: datetime
    ended_at: datetime
    kwh: Decimal
    site: str
    model: str
    cost: Decimal | None = None
    cost_is_unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file: the session that it tells, or None, what is to be noted, and its id, where it has one."""

    line: int
    session: ImportedSession | None
    notes: tuple[Noted, ...]
    row_id: str | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """All of a file: `rows` were read, `sessions` can be sent, `notes` are in order of lines."""

    format: Format
    rows: int
    sessions: tuple[ImportedSession, ...]
    notes: tuple[Noted, ...]

    def unsendable(self) -> tuple[Noted, ...]:
        """The notes on lines that are not sent."""
        return tuple(each for each in self.notes if not each.remark.is_sendable)


_COMMON = {
    "charge_point": "CP ID",
    "connector": "Connector",
    "start_date": "Start Date",
    "start_time": "Start Time",
    "end_date": "End Date",
    "end_time": "End Time",
    "kwh": "Total kWh",
    "site": "Site",
    "model": "Model",
}
FORMATS = (
    Format(
        name="dundee",
        columns=_COMMON | {"row_id": "Charging event", "card": "User ID", "cost": "Cost"},
        date_pattern="%d/%m/%Y",
        city="Dundee",
        latitude="56.462018",
        longitude="-2.970721",
    ),
    Format(
        name="perth-kinross",
        columns=_COMMON | {"row_id": "_id"},
        date_pattern="%Y-%m-%dT%H:%M:%S",
        city="Perth",
        latitude="56.395260",
        longitude="-3.437290",
    ),
)


def read(lines: Iterable[str]) -> Imported:
    """Read an export, given as its lines (with or without a byte order mark); of a row id that comes again, the first.

    Raises:
        BadContent: when the header is that of no known format.
    """
    kind, stream = rows(lines)
    sessions: dict[str, ImportedSession] = {}
    notes: list[Noted] = []
    count = 0
    for row in stream:
        count += 1
        found = row.session
        if found is not None and sessions.setdefault(found.row_id, found) is not found:
            notes.append(Noted(row.line, Remark.DUPLICATE_ID, f"row id {found.row_id} again"))
        else:
            notes += row.notes
    return Imported(kind, count, tuple(sessions.values()), tuple(notes))


def rows(lines: Iterable[str]) -> tuple[Format, Iterator[Row]]:
    """Return the format of an export and its rows one by one, in order; blank lines are none.

    Raises:
        BadContent: when the header is that of no known format.
    """
    # Strict: a quote that nobody closes must not swallow rows that follow.
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, None) or []
    except csv.Error as error:
        raise BadContent(f"the header cannot be read: {error}") from error
    kind = format_of(header)
    places = {ours: header.index(theirs) for ours, theirs in kind.columns.items()}
    return kind, _rows(reader, places, kind)


def _rows(reader: "Reader", places: Mapping[str, int], kind: Format) -> Iterator[Row]:
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield Row(reader.line_num, None, (Noted(reader.line_num, Remark.UNREADABLE, str(error)),))
            continue
        if cells is None:
            return
        if any(cells):
            row = {name: cells[place].strip() if place < len(cells) else "" for name, place in places.items()}
            yield Row(reader.line_num, *read_row(reader.line_num, row, kind), row["row_id"] or None)


def read_row(line: int, row: Mapping[str, str], kind: Format) -> tuple[ImportedSession | None, tuple[Noted, ...]]:
    """Turn one row, its cells by our names, into a session and what is to be noted; None where it cannot be sent."""
    refusal = _incomplete(row)
    if refusal is not None:
        return None, (Noted(line, *refusal),)
    try:
        start_local = _local(row["start_date"], row["start_time"], kind)
        end_local = _local(row["end_date"], row["end_time"], kind)
        started = resolve(start_local, london())
        ended = resolve(end_local, london(), not_before=started.moment)
    except (ValueError, OverflowError) as error:
        return None, (Noted(line, Remark.BAD_TIME, str(error)),)
    kwh = _decimal(row["kwh"])
    if kwh is None:
        return None, (Noted(line, Remark.BAD_ENERGY, f"kWh {row['kwh']!r}"),)
    notes = tuple(
        Noted(line, Remark(resolved.doubt), f"{which} {local:%Y-%m-%d %H:%M} taken as {resolved.moment:%H:%M} UTC")
        for which, local, resolved in (("start", start_local, started), ("end", end_local, ended))
        if resolved.doubt is not None
    )
    cost = _decimal(row.get("cost", ""))
    session = ImportedSession(
        line=line,
        row_id=row["row_id"] or f"line-{line}",
        card=row.get("card") or None,
        charge_point=row["charge_point"],
        connector=row["connector"] or "1",
        started_at=started.moment,
        ended_at=ended.moment,
        kwh=kwh,
        site=row["site"] or f"Charge point {row['charge_point']}",
        model=row["model"],
        cost=cost,
        cost_is_unreadable=cost is None and bool(row.get("cost")),
    )
    return session, notes


def format_of(header: list[str]) -> Format:
    """Return the format whose header this is.

    Raises:
        BadContent: when it is that of none.
    """
    if header:
        header[0] = header[0].removeprefix("\ufeff")
    # The format with the most columns wins: one header may hold all the columns of another.
    fitting = [each for each in FORMATS if set(each.columns.values()) <= set(header)]
    if not fitting:
        known = ", ".join(each.name for each in FORMATS)
        raise BadContent(f"the header is that of no known export ({known}): {', '.join(header)[:200]}")
    return max(fitting, key=lambda each: len(each.columns))


def _incomplete(row: Mapping[str, str]) -> tuple[Remark, str] | None:
    if not row["charge_point"]:
        return Remark.NO_CHARGE_POINT, "no charge point"
    if not row["end_date"] or not row["end_time"]:
        return Remark.NO_END, "the session has no end"
    if not row["start_date"] or not row["start_time"]:
        return Remark.BAD_TIME, "the session has no start"
    return None


def _local(date: str, time: str, kind: Format) -> datetime:
    try:
        day, clock = _parsed(date, kind.date_pattern), _parsed(time, "%H:%M")
    except ValueError:
        message = f"no local time: {date!r} {time!r}"
        raise ValueError(message) from None
    return day.replace(hour=clock.hour, minute=clock.minute)


@lru_cache(maxsize=4096)
def _parsed(text: str, pattern: str) -> datetime:
    # The same days and minutes come again and again, and parsing them is most of the work.
    return datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone is resolved by the caller


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and number.adjusted() < PRECISION and "_" not in text else None
