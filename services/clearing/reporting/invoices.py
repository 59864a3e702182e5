"""An invoice against the CDRs of a file: lines without CDR, CDRs without line, amounts that differ."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final

from services.clearing import numbers
from services.clearing.audit.claims import same
from services.clearing.reporting.csv_columns import plain_name
from services.clearing.reporting.csv_rows import CsvTable, number_of
from services.clearing.reporting.files import opened
from services.clearing.reporting.rows import CannotReadFile
from services.core.money import EXACT, ZERO

_BATCH: Final = 2000
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
    line INTEGER PRIMARY KEY, id TEXT NOT NULL, cdr_id TEXT NOT NULL, amount TEXT NOT NULL, taxed INTEGER NOT NULL,
    currency TEXT NOT NULL
)
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
        shown: The first differences.
    """

    lines: int = 0
    agreeing: int = 0
    totals: dict[str, Decimal] = field(default_factory=dict)
    counts: dict[Difference, int] = field(default_factory=dict)
    amounts: dict[tuple[Difference, str], Decimal] = field(default_factory=dict)
    shown: list[Differing] = field(default_factory=list)

    def add(self, found: Differing) -> None:
        """Count a difference."""
        self.counts[found.kind] = self.counts.get(found.kind, 0) + 1
        if found.amount is not None:
            key = (found.kind, found.currency)
            self.amounts[key] = EXACT.add(self.amounts.get(key, ZERO), found.amount)
        if len(self.shown) < MOST_SHOWN:
            self.shown.append(found)


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
    database.execute("DROP TABLE IF EXISTS invoice")
    database.execute(_TABLE)
    database.executemany("INSERT INTO invoice VALUES (?, ?, ?, ?, ?, ?)", _lines(path, encoding, compared))
    database.execute("CREATE INDEX invoice_by_id ON invoice (id)")
    database.execute("CREATE INDEX cdr_by_id_alone ON cdr (id)")
    for found in _WAYS:
        for differing in found(database, tolerance):
            compared.add(differing)
    wrong = sum(compared.counts.get(kind, 0) for kind in Difference if kind is not Difference.CDR_WITHOUT_LINE)
    compared.agreeing = compared.lines - wrong
    return compared


def _lines(path: Path, encoding: str, compared: Compared) -> Iterator[tuple[int, str, str, str, bool, str]]:
    with opened(path, encoding) as file:
        table = CsvTable(file)
        places = _places(path, table.headings)
        for line, cells, problem in table:
            compared.lines += 1
            found = None if cells is None or problem else _line_of(cells, places, comma=table.delimiter == ";")
            if found is None:
                why = problem or "it needs a CDR id, a number as amount and a currency"
                compared.add(Differing(Difference.LINE_UNREADABLE, line, "", f"The line cannot be read: {why}."))
                continue
            cdr_id, amount, taxed, currency = found
            compared.totals[currency] = EXACT.add(compared.totals.get(currency, ZERO), amount)
            yield line, same(cdr_id), cdr_id, str(amount), taxed, currency


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


def _line_of(cells: list[str], places: dict[str, int], *, comma: bool) -> tuple[str, Decimal, bool, str] | None:
    row = {name: cells[place].strip() if place < len(cells) else "" for name, place in places.items()}
    taxed = not row.get("amount")
    amount = numbers.read(str(number_of(row.get("amount_incl_tax", "") if taxed else row["amount"], comma=comma)))
    if amount is None or not row["cdr_id"] or not row["currency"]:
        return None
    return row["cdr_id"], amount, taxed, row["currency"].upper()


def _repeated(database: sqlite3.Connection, _: Decimal) -> Iterator[Differing]:
    query = (
        "SELECT later.line, later.cdr_id, later.amount, later.currency, min(first.line) FROM invoice AS later "
        "JOIN invoice AS first ON first.id = later.id AND first.line < later.line "
        "GROUP BY later.line ORDER BY later.line"
    )
    for line, cdr_id, amount, currency, first in database.cursor().execute(query):
        detail = f"The CDR is on line {first} already."
        yield Differing(Difference.LINE_REPEATED, line, cdr_id, detail, Decimal(amount), currency)


_FIRST: Final = (
    "NOT EXISTS (SELECT 1 FROM invoice AS earlier WHERE earlier.id = invoice.id AND earlier.line < invoice.line)"
)


def _without_cdr(database: sqlite3.Connection, _: Decimal) -> Iterator[Differing]:
    query = (
        "SELECT line, cdr_id, amount, currency FROM invoice "
        f"WHERE {_FIRST} AND NOT EXISTS (SELECT 1 FROM cdr WHERE cdr.id = invoice.id) ORDER BY line"
    )
    for line, cdr_id, amount, currency in database.cursor().execute(query):
        detail = "There is no such CDR in the file."
        yield Differing(Difference.LINE_WITHOUT_CDR, line, cdr_id, detail, Decimal(amount), currency)


def _without_line(database: sqlite3.Connection, _: Decimal) -> Iterator[Differing]:
    query = (
        "SELECT cdr_id, excl_tax, currency FROM cdr "
        "WHERE NOT EXISTS (SELECT 1 FROM invoice WHERE invoice.id = cdr.id) ORDER BY number"
    )
    for cdr_id, amount, currency in database.cursor().execute(query):
        missing = EXACT.subtract(ZERO, Decimal(amount))
        detail = f"The CDR asks for {_plain(Decimal(amount))} {currency} and is on no line."
        yield Differing(Difference.CDR_WITHOUT_LINE, None, cdr_id, detail, missing, currency)


def _amounts(database: sqlite3.Connection, tolerance: Decimal) -> Iterator[Differing]:
    query = (
        "SELECT line, invoice.cdr_id, amount, taxed, invoice.currency, cdr.currency, excl_tax, incl_tax FROM invoice "
        "JOIN cdr ON cdr.number = (SELECT min(number) FROM cdr WHERE cdr.id = invoice.id) "
        f"WHERE {_FIRST} ORDER BY line"
    )
    for line, cdr_id, amount, taxed, currency, expected, excl_tax, incl_tax in database.cursor().execute(query):
        if currency != expected:
            detail = f"The line is in {currency}, the CDR in {expected}."
            yield Differing(Difference.CURRENCY_DIFFERS, line, cdr_id, detail)
            continue
        if taxed and incl_tax is None:
            detail = "The line has an amount with tax, and the CDR does not say its tax."
            yield Differing(Difference.AMOUNT_DIFFERS, line, cdr_id, detail)
            continue
        asked = Decimal(incl_tax if taxed else excl_tax)
        more = EXACT.subtract(Decimal(amount), asked)
        if abs(more) > tolerance:
            tax = "with" if taxed else "without"
            detail = f"The line has {_plain(Decimal(amount))} {currency} {tax} tax, the CDR {_plain(asked)}."
            yield Differing(Difference.AMOUNT_DIFFERS, line, cdr_id, detail, more, currency)


_WAYS: Final = (_repeated, _without_cdr, _amounts, _without_line)


def _plain(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
