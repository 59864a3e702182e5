"""Reads fields of a JSON document and remembers what was wrong with them, each with its path."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias

from services.clearing import numbers
from services.clearing.audit.codes import Code
from services.clearing.audit.findings import Finding, find
from services.core.clock import parse_utc
from services.core.errors import BadContent
from services.core.money import OutOfRange, quantize8

Document: TypeAlias = Mapping[str, Any]

_MAX_FAULTS: Final = 50
_SHOWN: Final = 40
_LONG_BITS: Final = 256
_KINDS: Final[Mapping[type, str]] = {str: "a text", dict: "an object", list: "a list"}


class Reader:
    """Reads one document. A field that cannot be read gives None and a finding; the document is read on.

    Attributes:
        faults: What was found; at most 50, and one that says how many more there are.
        unread: The paths of numbers that nobody can hold.
        rounded: The paths of numbers with more than eight digits after the point.
    """

    def __init__(self) -> None:
        self._faults: list[Finding] = []
        self._more = 0
        self.unread: list[str] = []
        self.rounded: list[str] = []

    @property
    def faults(self) -> tuple[Finding, ...]:
        """What was found so far."""
        if not self._more:
            return tuple(self._faults)
        return *self._faults, find(Code.SCHEMA_INVALID, path="$", reason=f"{self._more} more faults")

    def wrong(self, path: str, reason: str) -> None:
        """Note that something is not as OCPI has it."""
        self._note(Code.SCHEMA_INVALID, path=path, reason=reason)

    def _note(self, code: Code, **values: object) -> None:
        if len(self._faults) < _MAX_FAULTS:
            self._faults.append(find(code, **values))
        else:
            self._more += 1

    def text(self, document: Document, name: str, path: str, limit: int, *, needed: bool = True) -> str | None:
        """Return a text of at most `limit` characters; a longer one and a number are noted, and returned."""
        value = document.get(name)
        if type(value) is str:
            if len(value) > limit:
                self._note(Code.TEXT_TOO_LONG, path=f"{path}.{name}", length=len(value), limit=limit)
            elif not value and needed:
                self.wrong(f"{path}.{name}", "is empty")
            return value
        if value is None:
            if needed:
                self.wrong(f"{path}.{name}", "is missing")
            return None
        # What it is instead is not shown: it may be a user credential.
        self.wrong(f"{path}.{name}", f"is {kind(value)} and no text")
        return str(value) if type(value) is int and value.bit_length() <= _LONG_BITS else None

    def number(self, document: Document, name: str, path: str, *, needed: bool = True) -> Decimal | None:
        """Return a number with eight digits after the point; one that is written as a text is noted and returned."""
        value = document.get(name)
        if value is None:
            if needed:
                self.wrong(f"{path}.{name}", "is missing")
            return None
        try:
            if type(value) is Decimal:
                return self._held(value, name, path)
            if type(value) is int:
                return quantize8(Decimal(value))
        except OutOfRange:
            self.unread.append(f"{path}.{name}")
            return None
        return self._odd_number(value, f"{path}.{name}")

    def _held(self, value: Decimal, name: str, path: str) -> Decimal:
        held = quantize8(value)
        if held != value:
            self.rounded.append(f"{path}.{name}")
        return held

    def _odd_number(self, value: object, path: str) -> Decimal | None:
        found = numbers.read(value) if isinstance(value, str) else None
        if found is None:
            self.unread.append(path)
        else:
            self.wrong(path, "is a text and no number")
        return found

    def instant(self, document: Document, name: str, path: str, *, needed: bool = True) -> datetime | None:
        """Return a time; one without a zone is UTC (OCPI types, DateTime)."""
        value = document.get(name)
        if type(value) is str:
            try:
                return parse_utc(value)
            except BadContent as error:
                self.wrong(f"{path}.{name}", f"{error}: {value[:_SHOWN]}")
                return None
        if value is not None:
            self.wrong(f"{path}.{name}", f"is {kind(value)} and no time")
        elif needed:
            self.wrong(f"{path}.{name}", "is missing")
        return None

    def object(self, document: Document, name: str, path: str, *, needed: bool = True) -> Document:
        """Return an object; an empty one where it is missing or none."""
        value = document.get(name)
        if type(value) is dict:
            return value
        if value is not None:
            self.wrong(f"{path}.{name}", f"is {kind(value)} and no object")
        elif needed:
            self.wrong(f"{path}.{name}", "is missing")
        return {}

    def objects(self, document: Document, name: str, path: str, *, needed: bool = False) -> list[tuple[str, Document]]:
        """Return the objects of a list with their paths, without whatever else is in it."""
        value = document.get(name)
        if type(value) is not list:
            if value is not None:
                self.wrong(f"{path}.{name}", f"is {kind(value)} and no list")
            elif needed:
                self.wrong(f"{path}.{name}", "is missing")
            return []
        if needed and not value:
            self.wrong(f"{path}.{name}", "is empty")
        found: list[tuple[str, Document]] = []
        for place, each in enumerate(value):
            if type(each) is dict:
                found.append((f"{path}.{name}[{place}]", each))
            else:
                self.wrong(f"{path}.{name}[{place}]", f"is {kind(each)} and no object")
        return found

    def flag(self, document: Document, name: str, path: str) -> bool:
        """Return whether it is true; a word or a number that says so is noted, and counts."""
        value = document.get(name)
        if value is None or value is False or value is True:
            return value is True
        self.wrong(f"{path}.{name}", f"is {kind(value)} and neither true nor false")
        return value == 1 or (isinstance(value, str) and value.casefold() == "true")


def kind(value: object) -> str:
    """Return what a value of JSON is, as it can stand in a sentence."""
    if isinstance(value, bool):
        return "true or false"
    return _KINDS.get(type(value), "a number")
