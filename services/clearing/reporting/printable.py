"""Texts of partners on a terminal and on a page."""

import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Any, Final

_REPLACED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def printable(text: Any) -> Any:
    """Return a text without what steers a terminal or turns the direction of writing; what is no text as it is."""
    if not isinstance(text, str) or text.isprintable():
        return text
    return "".join("\ufffd" if unicodedata.category(each) in _REPLACED and each != "\n" else each for each in text)


def amount(text: str | None, digits: int = 2) -> str:
    """Return an amount as people read it: `1,234.50`; more digits only where there are such."""
    if text is None:
        return "–"
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    _, _, decimals = text.partition(".")
    return f"{number:,.{max(digits, len(decimals))}f}"


def cell(text: str) -> str:
    """Return a text as a cell of a CSV file that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False
