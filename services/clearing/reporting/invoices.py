"""An invoice against the CDRs of a file: lines without CDR, CDRs without line, amounts that differ."""

import sqlite3
from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Final

from services.clearing.audit.claims import same
from services.clearing.reporting.invoice_lines import Line, lines_of
from services.clearing.reporting.parties import NOBODY
from services.core.money import EXACT, ZERO

MOST_SHOWN: Final = 200
"""So many differences are shown; all of them are counted and summed."""

_TABLE: Final = """
CREATE TABLE invoice (
    line INTEGER PRIMARY KEY, cso TEXT NOT NULL, id TEXT NOT NULL, cdr_id TEXT NOT NULL, excl_tax TEXT,
    incl_tax TEXT, currency TEXT NOT NULL
)
"""
_READ: Final = """
CREATE TEMP VIEW readable AS
SELECT line, cso, id, cdr_id, excl_tax, incl_tax, coalesce(excl_tax, incl_tax) AS amount, currency FROM invoice
WHERE amount IS NOT NULL AND NOT (cso = '' AND EXISTS (SELECT 1 FROM cdr WHERE cdr.id = invoice.id))
"""
_OWNED: Final = """
UPDATE invoice SET cso = coalesce(
    (SELECT CASE WHEN min(cso) = max(cso) THEN min(cso) END FROM cdr WHERE cdr.id = invoice.id), ''
) WHERE cso = '' OR EXISTS (SELECT 1 FROM cdr WHERE cdr.id = invoice.id AND cdr.cso = ?)
"""
"""A line that names no CSO is of the one that has such a CDR, where there is but one; so is one of CDRs without CSO."""


class Difference(StrEnum):
    """What an invoice and the CDRs do not agree on."""

    LINE_UNREADABLE = "LINE_UNREADABLE"
    LINE_REPEATED = "LINE_REPEATED"
    LINE_AMBIGUOUS = "LINE_AMBIGUOUS"
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


def compare(path: Path, encoding: str, database: sqlite3.Connection, tolerance: Decimal) -> Compared:
    """Compare an invoice with the CDRs of an index that has been linked.

    Args:
        path: CSV, as `lines_of` reads it.
        encoding: Of the file.
        database: The index's.
        tolerance: How far two amounts may lie apart.

    Raises:
        CannotReadFile: when it cannot be read or lacks a column.
    """
    compared = Compared()
    for statement in ("DROP VIEW IF EXISTS readable", "DROP TABLE IF EXISTS invoice", _TABLE, _READ):
        database.execute(statement)
    rows = _rows(lines_of(path, encoding), compared)
    database.executemany("INSERT INTO invoice VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    database.execute("CREATE INDEX invoice_by_id ON invoice (id)")
    database.execute("CREATE INDEX cdr_by_id_alone ON cdr (id)")
    database.execute(_OWNED, (str(NOBODY.cso),))
    amounts = _amounts(database, tolerance, compared.within)
    lines = chain(_repeated(database), _ambiguous(database), _without_cdr(database), amounts)
    for differing in chain(lines, _without_line(database)):
        compared.add(differing)
    wrong = sum(compared.counts.get(kind, 0) for kind in Difference if kind is not Difference.CDR_WITHOUT_LINE)
    compared.agreeing = compared.lines - wrong
    return compared


def _rows(lines: Iterable[Line], compared: Compared) -> Iterator[tuple[int | str | None, ...]]:
    """Count lines, and give their rows; one that cannot be read has no amounts, but its CDR is on the invoice."""
    for line in lines:
        compared.lines += 1
        asked = line.incl_tax if line.excl_tax is None else line.excl_tax
        if asked is None:
            detail = f"The line cannot be read: {line.problem}."
            compared.add(Differing(Difference.LINE_UNREADABLE, line.number, line.cdr_id, detail))
        else:
            compared.totals[line.currency] = EXACT.add(compared.totals.get(line.currency, ZERO), asked)
        if line.cdr_id:
            amounts = (None if each is None else str(each) for each in (line.excl_tax, line.incl_tax))
            yield line.number, line.cso, same(line.cdr_id), line.cdr_id, *amounts, line.currency


def _repeated(database: sqlite3.Connection) -> Iterator[Differing]:
    query = (
        "SELECT later.line, later.cdr_id, later.amount, later.currency, min(first.line) FROM readable AS later "
        "JOIN readable AS first ON first.cso = later.cso AND first.id = later.id AND first.line < later.line "
        "GROUP BY later.line ORDER BY later.line"
    )
    for line, cdr_id, amount, currency, first in database.cursor().execute(query):
        detail = f"The CDR is on line {first} already."
        yield Differing(Difference.LINE_REPEATED, line, cdr_id, detail, Decimal(amount), currency)


_FIRST: Final = (
    "NOT EXISTS (SELECT 1 FROM readable AS earlier "
    "WHERE earlier.cso = own.cso AND earlier.id = own.id AND earlier.line < own.line)"
)


def _ambiguous(database: sqlite3.Connection) -> Iterator[Differing]:
    query = (
        "SELECT line, cdr_id FROM invoice WHERE cso = '' AND coalesce(excl_tax, incl_tax) IS NOT NULL "
        "AND EXISTS (SELECT 1 FROM cdr WHERE cdr.id = invoice.id) ORDER BY line"
    )
    for line, cdr_id in database.cursor().execute(query):
        detail = "Several CSOs have a CDR with this id: country_code and party_id would tell which is meant."
        yield Differing(Difference.LINE_AMBIGUOUS, line, cdr_id, detail)


def _without_cdr(database: sqlite3.Connection) -> Iterator[Differing]:
    query = (
        "SELECT line, cdr_id, amount, currency FROM readable AS own "
        f"WHERE {_FIRST} AND NOT EXISTS (SELECT 1 FROM cdr WHERE cdr.cso = own.cso AND cdr.id = own.id) ORDER BY line"
    )
    for line, cdr_id, amount, currency in database.cursor().execute(query):
        detail = "No CDR of the file that can be read has this id."
        yield Differing(Difference.LINE_WITHOUT_CDR, line, cdr_id, detail, Decimal(amount), currency)


def _without_line(database: sqlite3.Connection) -> Iterator[Differing]:
    query = (
        "SELECT cdr_id, excl_tax, currency FROM cdr WHERE NOT EXISTS "
        "(SELECT 1 FROM invoice WHERE invoice.id = cdr.id AND invoice.cso IN (cdr.cso, '')) ORDER BY number"
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
        "JOIN cdr ON cdr.number = (SELECT min(number) FROM cdr WHERE cdr.cso = own.cso AND cdr.id = own.id) "
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
