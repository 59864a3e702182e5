"""JSON of partners, value by value out of a stream, with all digits and without holding more than one value.

The decoder is the standard library's: `ijson` was measured twice as slow for CDRs and does not say on which line a
value stands, and `jiter` wants the whole text of a value, so that a second parser would have to find its end.
"""

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from services.clearing.reporting.files import is_text

MAX_VALUE_CHARACTERS: Final = 4 * 1024 * 1024
"""The longest CDR that is read; the longest of a field test had 200,000, most of them signed meter values."""

_CHUNK: Final = 1 << 18
_COMMA: Final = re.compile(r"[ \t\r\n]*,[ \t\r\n]*")
_SPACE: Final = re.compile(r"[ \t\r\n]*")


NO_TEXT: Final = "it has bytes that are not UTF-8"

HALF: Final = "it has a half of a character (a lone surrogate)"


class BrokenJson(ValueError):
    """From here on a stream cannot be read."""


class Decoder:
    """Decodes JSON values; numbers keep their digits, `NaN` and the like become text, which no number is."""

    def __init__(self) -> None:
        self._doubled: list[str] = []
        self._decoder = json.JSONDecoder(
            parse_float=Decimal,
            parse_int=Decimal,
            parse_constant=str,
            object_pairs_hook=self._object,
            strict=False,
        )

    def decode(self, text: str, start: int = 0) -> tuple[Any, int, str | None]:
        """Return a value, where it ends, and why it cannot be used, the end of a sentence, where that is so.

        Raises:
            ValueError: when it is not JSON, or breaks off.
        """
        self._doubled.clear()
        try:
            value, end = self._decoder.raw_decode(text, start)
        except RecursionError as error:
            raise BrokenJson("it is nested too deeply") from error
        if self._doubled:
            return value, end, f"it says {self._doubled[0][:40]} twice"
        escaped = text.find("\\ud", start, end) >= 0 or text.find("\\uD", start, end) >= 0
        return value, end, HALF if escaped and not _whole(value) else None

    def _object(self, pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            self._doubled.append(next(name for name in names if names.count(name) > 1))
        return found


def _whole(value: object) -> bool:
    """Say whether all texts of a value are such: JSON can escape a half of a character, which no file can hold."""
    return is_text(json.dumps(value, ensure_ascii=False, default=str))


@dataclass(slots=True)
class Cursor:
    """A place in a stream of text.

    Attributes:
        line: Of the next character, counted from 1.
    """

    text: io.TextIOBase
    line: int = 1
    _buffer: str = ""
    _place: int = 0
    _ended: bool = False
    _decoder: Decoder = field(default_factory=Decoder)

    def peek(self) -> str:
        """Skip white space and return the next character; an empty text at the end."""
        while True:
            space = _SPACE.match(self._buffer, self._place)
            self._go_to(self._place if space is None else space.end())
            if self._place < len(self._buffer) or not self._more():
                return self._buffer[self._place : self._place + 1]

    def take(self, expected: str) -> bool:
        """Go beyond the next character if it is this one."""
        if self.peek() != expected:
            return False
        self._place += 1
        return True

    def value(self) -> tuple[Any, str | None]:
        """Return the next value, and why it cannot be used, the end of a sentence, where that is so.

        Raises:
            BrokenJson: when there is none, when it breaks off, or where it is too long.
        """
        self.peek()
        while True:
            try:
                found, end, problem = self._decoder.decode(self._buffer, self._place)
            except ValueError as error:
                self._read_on(error)
                continue
            if end == len(self._buffer) and self._more():
                # A number may go on.
                continue
            text = self._buffer[self._place : end]
            self._go_to(end)
            return found, problem if text.isascii() or is_text(text) else NO_TEXT

    def items(self) -> Iterator[tuple[int, Any, str | None]]:
        """Give the values of the list that begins here, each with its line and what `value` says.

        Raises:
            BrokenJson: where the list cannot be read on.
        """
        if not self.take("["):
            raise BrokenJson("a list was expected")
        if self.take("]"):
            return
        while True:
            self.peek()
            line = self.line
            value, problem = self.value()
            yield line, value, problem
            comma = _COMMA.match(self._buffer, self._place)
            if comma is not None and comma.end() < len(self._buffer):
                self._go_to(comma.end())
            elif self.take("]"):
                return
            elif not self.take(","):
                raise BrokenJson("a comma or the end of the list was expected")

    def _go_to(self, place: int) -> None:
        self.line += self._buffer.count("\n", self._place, place)
        self._place = place

    def _read_on(self, error: ValueError) -> None:
        if len(self._buffer) - self._place > MAX_VALUE_CHARACTERS:
            raise BrokenJson(f"no value of less than {MAX_VALUE_CHARACTERS:,} characters") from error
        if not self._more():
            raise BrokenJson("the file breaks off" if self._place == len(self._buffer) else str(error)) from error

    def _more(self) -> bool:
        if self._ended:
            return False
        chunk = self.text.read(max(_CHUNK, len(self._buffer) - self._place))
        self._buffer = self._buffer[self._place :] + chunk
        self._place = 0
        self._ended = not chunk
        return not self._ended
