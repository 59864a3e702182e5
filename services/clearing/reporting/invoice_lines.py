"""The lines of an invoice, as CSV."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple

from services.clearing import numbers
from services.clearing.reporting.csv_columns import plain_name
from services.clearing.reporting.csv_rows import CsvTable, number_of
from services.clearing.reporting.files import opened
from services.clearing.reporting.rows import CannotReadFile
from services.clearing.reporting.tariffs_given import owner_of

_SHOWN: Final = 40
_AMOUNTS: Final = ("amount", "amount_incl_tax")
_NAMES: Final = {
    "cdr_id": ("cdrid", "cdr", "id"),
    "amount": ("amount", "amountexcltax", "amountexclvat", "netamount", "amountbeforetaxes"),
    "amount_incl_tax": ("amountincltax", "amountinclvat", "grossamount", "amountaftertaxes"),
    "currency": ("currency",),
    "country_code": ("countrycode",),
    "party_id": ("partyid",),
}


class Line(NamedTuple):
    """One line.

    Attributes:
        number: Of the file's line.
        cso: Whose CDR it is, as `NL-ABC`; empty where the line does not say.
        excl_tax: None where it does not say, like `incl_tax`; one of them is there where there is no problem.
        problem: Why it cannot be read.
    """

    number: int
    cdr_id: str
    cso: str
    currency: str
    excl_tax: Decimal | None = None
    incl_tax: Decimal | None = None
    problem: str | None = None


def check(path: Path, encoding: str) -> None:
    """See that a file is an invoice, before the work begins.

    Raises:
        CannotReadFile: when it cannot be read or lacks a column.
    """
    with opened(path, encoding) as file:
        _places(path, CsvTable(file).headings)


def lines_of(path: Path, encoding: str) -> Iterator[Line]:
    """Give the lines, those that cannot be read too.

    Args:
        path: CSV with the columns cdr_id, amount (without tax) or amount_incl_tax, and currency; where several CSOs
            have a CDR of one id also country_code and party_id.
        encoding: Of the file.

    Raises:
        CannotReadFile: when it cannot be read or lacks a column.
    """
    with opened(path, encoding) as file:
        table = CsvTable(file)
        places = _places(path, table.headings)
        for number, cells, trouble in table:
            row = {} if cells is None or trouble else _row(cells, places)
            excl_tax, incl_tax = (_amount(row.get(name, ""), comma=table.delimiter == ";") for name in _AMOUNTS)
            problem = trouble or _unread(row, (excl_tax, incl_tax))
            told = (number, row.get("cdr_id", ""), owner_of(row), row.get("currency", "").upper())
            yield Line(*told, excl_tax, incl_tax) if problem is None else Line(*told, problem=problem)


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


def _unread(row: dict[str, str], amounts: Sequence[Decimal | None]) -> str | None:
    """Return why a line cannot be read; None where it can."""
    lacking = [name for name in ("cdr_id", "currency") if not row.get(name)]
    told = [(name, row.get(name, "")) for name in _AMOUNTS]
    if lacking or not any(text for _, text in told):
        return f"it has no {' and no '.join(lacking or ['amount'])}"
    for (name, text), amount in zip(told, amounts, strict=True):
        if text and amount is None:
            return f"its {name} is no number: {text[:_SHOWN]}"
    return None
