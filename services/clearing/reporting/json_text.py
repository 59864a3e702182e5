"""JSON of partners, value by value out of a stream, without holding more than one value.

The end of a value is looked for first, so that `jiter` and `msgspec`, which want a whole value, can read it.
`ijson`, which reads streams, takes several times as long and does not say on which line a value stands.
"""

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

MAX_VALUE_CHARACTERS: Final = 4 * 1024 * 1024
"""The longest CDR that is read."""

NO_TEXT: Final = "it has bytes that are no text in the encoding of the file"
_CHUNK: Final = 1 << 18
_LONG_LINE: Final = 1 << 14
_COMMA: Final = re.compile(r"[ \t\r\n]*,[ \t\r\n]*")
_SPACE: Final = re.compile(r"[ \t\r\n]*")

Parse: TypeAlias = Callable[[bytes], Any]
"""Reads a whole JSON value; raises ValueError when it is none, or cannot be used."""

Parsed: TypeAlias = tuple[Any, str | None]
"""A value, and why there is none, the end of a sentence."""


class BrokenJson(ValueError):
    """From here on a stream cannot be read."""


def parsed(text: str, parse: Parse) -> Parsed:
    """Return what a text says."""
    try:
        return parse(text.encode()), None
    except UnicodeEncodeError:
        return None, NO_TEXT
    except ValueError as error:
        return None, f"it cannot be read: {told(error)}"


def told(error: ValueError) -> str:
    """Return what is wrong without where: the parsers count lines and columns from the beginning of the value."""
    return str(error).partition(" at line ")[0]


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
    _decoder: json.JSONDecoder = field(default_factory=lambda: json.JSONDecoder(parse_int=str, strict=False))

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

    def value(self, parse: Parse) -> Parsed:
        """Return the next value.

        Raises:
            BrokenJson: when there is none, when it breaks off, or where it is too long.
        """
        self.peek()
        return self._value(parse)

    def _value(self, parse: Parse) -> Parsed:
        # Few values are longer, so that few are cut off.
        if len(self._buffer) - self._place < _LONG_LINE:
            self._more()
        for end in self._likely_ends():
            found = parsed(self._buffer[self._place : end], parse)
            if found[1] is None:
                self._go_to(end)
                return found
        # Braces in a text have led astray, or the value cannot be used; where it ends decides.
        end = self._exact_end()
        found = parsed(self._buffer[self._place : end], parse)
        self._go_to(end)
        return found

    def items(self, parse: Parse) -> Iterator[tuple[int, Parsed]]:
        """Give the values of the list that begins here, each with its line.

        Raises:
            BrokenJson: where the list cannot be read on.
        """
        if not self.take("["):
            raise BrokenJson("a list was expected")
        if self.take("]"):
            return
        while True:
            self.peek()
            yield self.line, self._value(parse)
            comma = _COMMA.match(self._buffer, self._place)
            if comma is not None and comma.end() < len(self._buffer):
                self._go_to(comma.end())
            elif self.take("]"):
                return
            elif not self.take(","):
                raise BrokenJson("a comma or the end of the list was expected")

    def _likely_ends(self) -> Iterator[int]:
        """Give the end of a value whose line has nothing else, and where as many braces are closed as were opened."""
        if not self._buffer.startswith("{", self._place):
            return
        line_end = self._buffer.find("\n", self._place, self._place + _LONG_LINE)
        if line_end >= 0:
            last = self._buffer.rfind("}", self._place, line_end) + 1
            if last and not self._buffer[last:line_end].strip(", \t\r"):
                yield last
        depth, place = 0, self._place
        while (close := self._buffer.find("}", place)) >= 0:
            depth += self._buffer.count("{", place, close) - 1
            place = close + 1
            if not depth:
                yield place
                return

    def _exact_end(self) -> int:
        while True:
            try:
                end = self._decoder.raw_decode(self._buffer, self._place)[1]
            except RecursionError as error:
                raise BrokenJson("it is nested too deeply") from error
            except ValueError as error:
                self._read_on(error)
                continue
            # A number may go on.
            if end < len(self._buffer) or not self._more():
                return end

    def _go_to(self, place: int) -> None:
        # To find none takes a tenth of the time in which none are counted.
        if self._buffer.find("\n", self._place, place) >= 0:
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
