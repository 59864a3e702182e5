"""CDRs, tariffs, locations or sessions in JSON: a list, a response of OCPI around one, or a value on each line."""

from collections.abc import Iterator
from typing import Any, Final

from services.clearing.audit.claims import Claim
from services.clearing.audit.documents import parse as whole
from services.clearing.reporting.entries import Entry
from services.clearing.reporting.files import BROKEN, Opened, reason
from services.clearing.reporting.json_text import MAX_VALUE_CHARACTERS, BrokenJson, Cursor, Parse, Parsed, parsed
from services.clearing.reporting.rows import Row

_DATA: Final = "data"
BROKEN_OFF: Final = "from here on the file cannot be read"


class JsonRows:
    """The objects of a JSON file; where a list breaks, the last row says so."""

    def __init__(self, file: Opened, parse: Parse = whole) -> None:
        self.notes: list[str] = []
        self._cursor = Cursor(file.text)
        self._parse = parse
        self._number = 0

    def __iter__(self) -> Iterator[Row]:
        try:
            for line, found in self._values():
                self._number += 1
                yield row_of(self._number, line, found)
        except (BrokenJson, *BROKEN) as error:
            yield Row(self._number + 1, self._cursor.line, None, f"{BROKEN_OFF}: {reason(error)}")

    def _values(self) -> Iterator[tuple[int, Parsed]]:
        if self._cursor.peek() == "[":
            yield from self._cursor.items(self._parse)
        else:
            yield from self._of_object()
        if self._cursor.peek():
            raise BrokenJson("there is more after its end")

    def _of_object(self) -> Iterator[tuple[int, Parsed]]:
        """Give the items of a response's `data`; an object that has none is itself the only one."""
        cursor, others = self._cursor, dict[str, Any]()
        line, problem, listed = cursor.line, None, False
        if not cursor.take("{"):
            raise BrokenJson("an object was expected")
        while not cursor.take("}"):
            if others and not cursor.take(","):
                raise BrokenJson("a comma or the end of the object was expected")
            name, _ = cursor.value(whole)
            if not isinstance(name, str) or not cursor.take(":"):
                raise BrokenJson("a name was expected")
            if name == _DATA and cursor.peek() == "[":
                listed = True
                yield from cursor.items(self._parse)
                others[name] = None
            else:
                problem = f"it says {name[:40]} twice" if name in others else problem
                others[name], inner = cursor.value(whole)
                problem = problem or inner
        if not listed:
            yield line, (None if problem else others.get(_DATA, others), problem)


class JsonLines:
    """An object on each line; a line that holds none costs only its own row."""

    def __init__(self, file: Opened, parse: Parse = whole) -> None:
        self.notes: list[str] = []
        self._text = file.text
        self._parse = parse

    def __iter__(self) -> Iterator[Row]:
        number = line = 0
        try:
            while text := self._text.readline(MAX_VALUE_CHARACTERS):
                line += 1
                if not text.endswith("\n") and len(text) >= MAX_VALUE_CHARACTERS:
                    self._skip_line()
                    number += 1
                    yield Row(number, line, None, f"the line has more than {MAX_VALUE_CHARACTERS:,} characters")
                elif not text.isspace():
                    number += 1
                    yield row_of(number, line, parsed(text.strip(), self._parse))
        except BROKEN as error:
            yield Row(number + 1, line + 1, None, f"{BROKEN_OFF}: {reason(error)}")

    def _skip_line(self) -> None:
        while (text := self._text.readline(MAX_VALUE_CHARACTERS)) and not text.endswith("\n"):
            pass


def row_of(number: int, line: int, found: Parsed) -> Row:
    """Return the row of a JSON value, or of what was read of one."""
    value, problem = found
    if problem is not None:
        return Row(number, line, None, problem)
    if isinstance(value, Entry):
        return Row(number, line, None, entry=value)
    if isinstance(value, Claim):
        return Row(number, line, None, claim=value)
    if not isinstance(value, dict):
        return Row(number, line, None, "it is no JSON object")
    return Row(number, line, value)
