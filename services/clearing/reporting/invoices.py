"""An invoice against the CDRs of a file: lines without CDR, CDRs without line, amounts that differ."""

import sqlite3
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Final

from services.clearing import numbers
from services.clearing.audit.claims import same
from services.clearing.reporting.csv_columns import plain_name
from services.clearing.reporting.csv_rows import CsvTable, number_of
from services.clearing.reporting.files import opened
from services.clearing.reporting.rows import CannotReadFile
from services.core.money import EXACT, ZERO

_SHOWN: Final = 40
_AMOUNTS: Final = ("amount", "amount_incl_tax")
MOST_SHOWN: Final = 200
"""So many differences are shown; all of them are counted and summed."""

_NAMES: Final = {
    "cdr_id": ("cdrid", "cdr", "id"),
    "amount": ("amount", "amountexcltax", "amountexclvat", "netamount", "amountbeforetaxes"),
    "amount_incl_tax": ("amountincltax", "amountinclvat", "grossamount", "amountaftertaxes"),
    "currency": ("currency",),
}
_TABLE: Final = """
CREATE TABLE invoice (
    line INTEGER PRIMARY KEY, id TEXT NOT NULL, cdr_id TEXT NOT NULL, excl_tax TEXT, incl_tax TEXT,
    currency TEXT NOT NULL
)
"""
_READ: Final = """
CREATE TEMP VIEW readable AS
SELECT line, id, cdr_id, excl_tax, incl_tax, coalesce(excl_tax, incl_tax) AS amount, currency FROM invoice
WHERE amount IS NOT NULL
"""


class Difference(StrEnum):
    """What an invoice and the CDRs do not agree on."""

    LINE_UNREADABLE = "LINE_UNREADABLE"
    LINE_REPEATED = "LINE_REPEATED"
    LINE_WITHOUT_CDR = "LINE_WITHOUT_CDR"
    CDR_WITHOUT_LINE = "CDR_WITHOUT_LINE"
    AMOUNT_DIFFERS = "AMOUNT_DIFFERS"
    CURRENCY_DIFFERS = "CURRENCY_DIFFERS"


@dataclass(frozen=True, slots=True)
class Differing:
    """One difference.

    Attributes:
        line: Of the invoice; None for a CDR that has none.
        amount: What is too much on the invoice, or too little where it is below 0; None where that cannot be said.
    """

    kind: Difference
    line: int | None
    cdr_id: str
    detail: str
    amount: Decimal | None = None
    currency: str = ""


@dataclass(slots=True)
class Compared:
    """An invoice that was compared.

    Attributes:
        lines: All that it has.
        agreeing: Those whose amount and currency are the CDR's.
        totals: What it asks for, by currency.
        amounts: What is too much on it, by difference and currency.
        within: What is too much on the lines that agree, each by no more than is tolerated, by currency.
        shown: The first differences.
    """

    lines: int = 0
    agreeing: int = 0
    totals: dict[str, Decimal] = field(default_factory=dict)
    counts: dict[Difference, int] = field(default_factory=dict)
    amounts: dict[tuple[Difference, str], Decimal] = field(default_factory=dict)
    within: dict[str, Decimal] = field(default_factory=dict)
    shown: list[Differing] = field(default_factory=list)

    def add(self, found: Differing) -> None:
        """Count a difference."""
        self.counts[found.kind] = self.counts.get(found.kind, 0) + 1
        if found.amount is not None:
            key = (found.kind, found.currency)
            self.amounts[key] = EXACT.add(self.amounts.get(key, ZERO), found.amount)
        if len(self.shown) < MOST_SHOWN:
            self.shown.append(found)

    def notes(self, tolerance: Decimal) -> list[str]:
        """Say what the tolerance hides: a cent on every line is money."""
        sums = sorted((currency, more) for currency, more in self.within.items() if abs(more) > tolerance)
        return [
            f"Lines of the invoice that agree with their CDRs within {_plain(tolerance)} ask for "
            f"{_plain(abs(more))} {currency} {'more' if more > 0 else 'less'} than these in sum."
            for currency, more in sums
        ]


def check(path: Path, encoding: str) -> None:
    """See that a file is an invoice, before the work begins.

    Raises:
        CannotReadFile: when it cannot be read or lacks a column.
    """
    with opened(path, encoding) as file:
        _places(path, CsvTable(file).headings)


def compare(path: Path, encoding: str, database: sqlite3.Connection, tolerance: Decimal) -> Compared:
    """Compare an invoice with the CDRs of an index that has been linked.

    Args:
        path: CSV with the columns cdr_id, amount (without tax) or amount_incl_tax, and currency.
        encoding: Of the file.
        database: The index's.
        tolerance: How far two amounts may lie apart.

    Raises:
        CannotReadFile: when it cannot be read or lacks a column.
    """
    compared = Compared()
    for statement in ("DROP VIEW IF EXISTS readable", "DROP TABLE IF EXISTS invoice", _TABLE, _READ):
        database.execute(statement)
    database.executemany("INSERT INTO invoice VALUES (?, ?, ?, ?, ?, ?)", _lines(path, encoding, compared))
    database.execute("CREATE INDEX invoice_by_id ON invoice (id)")
    database.execute("CREATE INDEX cdr_by_id_alone ON cdr (id)")
    amounts = _amounts(database, tolerance, compared.within)
    for differing in chain(_repeated(database), _without_cdr(database), amounts, _without_line(database)):
        compared.add(differing)
    wrong = sum(compared.counts.get(kind, 0) for kind in Difference if kind is not Difference.CDR_WITHOUT_LINE)
    compared.agreeing = compared.lines - wrong
    return compared


_Line = tuple[int, str, str, str | None, str | None, str]


def _lines(path: Path, encoding: str, compared: Compared) -> Iterator[_Line]:
    """Give the lines with their amounts; one that cannot be read has none, but its CDR is on the invoice."""
    with opened(path, encoding) as file:
        table = CsvTable(file)
        places = _places(path, table.headings)
        for line, cells, problem in table:
            compared.lines += 1
            row = {} if cells is None or problem else _row(cells, places)
            cdr_id, currency = row.get("cdr_id", ""), row.get("currency", "").upper()
            amounts = [_amount(row.get(name, ""), comma=table.delimiter == ";") for name in _AMOUNTS]
            why = problem or _unread(row, amounts)
            if why is None:
                asked = next(each for each in amounts if each is not None)
                compared.totals[currency] = EXACT.add(compared.totals.get(currency, ZERO), asked)
            else:
                detail = f"The line cannot be read: {why}."
                compared.add(Differing(Difference.LINE_UNREADABLE, line, cdr_id, detail))
                amounts = [None, None]
            if cdr_id:
                excl_tax, incl_tax = (None if each is None else str(each) for each in amounts)
                yield line, same(cdr_id), cdr_id, excl_tax, incl_tax, currency


def _places(path: Path, headings: list[str]) -> dict[str, int]:
    plain = [plain_name(each) for each in headings]
    places = {
        name: next(plain.index(each) for each in choices if each in plain)
        for name, choices in _NAMES.items()
        if set(choices) & set(plain)
    }
    missing = [name for name in ("cdr_id", "currency") if name not in places]
    if "amount" not in places and "amount_incl_tax" not in places:
        missing.append("amount or amount_incl_tax")
    if missing:
        raise CannotReadFile(f"{path} is no invoice: it has no column {', '.join(missing)}")
    return places


def _row(cells: list[str], places: dict[str, int]) -> dict[str, str]:
    return {name: cells[place].strip() if place < len(cells) else "" for name, place in places.items()}


def _amount(text: str, *, comma: bool) -> Decimal | None:
    return numbers.read(str(number_of(text, comma=comma))) if text else None


def _unread(row: dict[str, str], amounts: list[Decimal | None]) -> str | None:
    """Return why a line cannot be read; None where it can."""
    lacking = [name for name in ("cdr_id", "currency") if not row.get(name)]
    told = [(name, row.get(name, "")) for name in _AMOUNTS]
    if lacking or not any(text for _, text in told):
        return f"it has no {' and no '.join(lacking or ['amount'])}"
    for (name, text), amount in zip(told, amounts, strict=True):
        if text and amount is None:
            return f"its {name} is no number: {text[:_SHOWN]}"
    return None


def _repeated(database: sqlite3.Connection) -> Iterator[Differing]:
    query = (
        "SELECT later.line, later.cdr_id, later.amount, later.currency, min(first.line) FROM readable AS later "
        "JOIN readable AS first ON first.id = later.id AND first.line < later.line "
        "GROUP BY later.line ORDER BY later.line"
    )
    for line, cdr_id, amount, currency, first in database.cursor().execute(query):
        detail = f"The CDR is on line {first} already."
        yield Differing(Difference.LINE_REPEATED, line, cdr_id, detail, Decimal(amount), currency)


_FIRST: Final = "NOT EXISTS (SELECT 1 FROM readable AS earlier WHERE earlier.id = own.id AND earlier.line < own.line)"


def _without_cdr(database: sqlite3.Connection) -> Iterator[Differing]:
    query = (
        "SELECT line, cdr_id, amount, currency FROM readable AS own "
        f"WHERE {_FIRST} AND NOT EXISTS (SELECT 1 FROM cdr WHERE cdr.id = own.id) ORDER BY line"
    )
    for line, cdr_id, amount, currency in database.cursor().execute(query):
        detail = "No CDR of the file that can be read has this id."
        yield Differing(Difference.LINE_WITHOUT_CDR, line, cdr_id, detail, Decimal(amount), currency)


def _without_line(database: sqlite3.Connection) -> Iterator[Differing]:
    query = (
        "SELECT cdr_id, excl_tax, currency FROM cdr "
        "WHERE NOT EXISTS (SELECT 1 FROM invoice WHERE invoice.id = cdr.id) ORDER BY number"
    )
    for cdr_id, amount, currency in database.cursor().execute(query):
        missing = EXACT.subtract(ZERO, Decimal(amount))
        detail = f"The CDR asks for {_plain(Decimal(amount))} {currency} and is on no line."
        yield Differing(Difference.CDR_WITHOUT_LINE, None, cdr_id, detail, missing, currency)


def _amounts(
    database: sqlite3.Connection, tolerance: Decimal, within: MutableMapping[str, Decimal]
) -> Iterator[Differing]:
    """Give the lines that differ from their CDRs, and add up in `within` what is tolerated."""
    query = (
        "SELECT own.line, own.cdr_id, own.excl_tax, own.incl_tax, own.currency, cdr.currency, cdr.excl_tax, "
        "cdr.incl_tax FROM readable AS own "
        "JOIN cdr ON cdr.number = (SELECT min(number) FROM cdr WHERE cdr.id = own.id) "
        f"WHERE {_FIRST} ORDER BY own.line"
    )
    for line, cdr_id, excl_tax, incl_tax, currency, expected, *asked in database.cursor().execute(query):
        if currency != expected:
            detail = f"The line is in {currency}, the CDR in {expected}."
            yield Differing(Difference.CURRENCY_DIFFERS, line, cdr_id, detail)
            continue
        pairs = [
            (tax, Decimal(amount), Decimal(its))
            for tax, amount, its in zip(("without", "with"), (excl_tax, incl_tax), asked, strict=True)
            if amount is not None and its is not None
        ]
        if not pairs:
            detail = "The line has an amount with tax, and the CDR does not say its tax."
            yield Differing(Difference.AMOUNT_DIFFERS, line, cdr_id, detail)
            continue
        found = [(EXACT.subtract(amount, its), tax, amount, its) for tax, amount, its in pairs]
        more, tax, amount, its = next((each for each in found if abs(each[0]) > tolerance), found[0])
        if abs(more) > tolerance:
            detail = f"The line has {_plain(amount)} {currency} {tax} tax, the CDR {_plain(its)}."
            yield Differing(Difference.AMOUNT_DIFFERS, line, cdr_id, detail, more, currency)
        else:
            within[currency] = EXACT.add(within.get(currency, ZERO), more)


def _plain(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
