"""Opens a file of a partner: plain or gzip, with or without a byte order mark."""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from services.clearing.reporting.rows import CannotReadFile, Position

MAX_LINE_CHARACTERS: Final = 4 * 1024 * 1024
"""The longest line of a table that is read."""

_GZIP: Final = b"\x1f\x8b"
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LONE: Final = "roamwatt.lone"
BROKEN: Final = (OSError, EOFError, zlib.error, UnicodeError)
"""What reading on can raise: the disk, a gzip file that breaks off, or text that is none in its encoding."""


class LongLine(ValueError):
    """A line that is longer than a row can be; nothing behind it is read."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that is open.

    Attributes:
        text: Line ends as they are; bytes that are no text come as lone surrogates, in every encoding, so that only
            their row is lost, and told.
        size: Bytes on the disk.
        position: How many of them were read.
    """

    path: Path
    text: io.TextIOBase
    size: int
    position: Position


class Unchanged:
    """A file that is read twice and must say the same both times.

    Raises:
        CannotReadFile: when it cannot be looked at.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = self._look()

    def check(self) -> None:
        """See that it is still as it was.

        Raises:
            CannotReadFile: when it is not.
        """
        if self._look() != self._seen:
            raise CannotReadFile(f"{self._path} was changed while it was read: audit it when it is complete")

    def _look(self) -> tuple[int, int, int]:
        try:
            found = self._path.stat()
        except OSError as error:
            raise CannotReadFile(f"{self._path}: {reason(error)}") from error
        return found.st_ino, found.st_size, found.st_mtime_ns


@contextmanager
def opened(path: Path, encoding: str = "utf-8") -> Iterator[Opened]:
    """Open a file; a byte order mark overrules the encoding.

    Raises:
        CannotReadFile: when it cannot be opened, is empty or there is no such encoding.
    """
    with ExitStack() as stack:
        try:
            if not path.is_dir() and not path.is_file() and path.exists():
                raise CannotReadFile(f"{path} is no file; it is read several times, which a pipe cannot be")
            raw = stack.enter_context(path.open("rb"))
            text, size = _text(raw, encoding), path.stat().st_size
        except LookupError as error:
            raise CannotReadFile(f"there is no encoding {encoding}") from error
        except (*BROKEN, ValueError) as error:
            raise CannotReadFile(f"{path}: {reason(error)}") from error
        if text is None:
            raise CannotReadFile(f"{path} is empty")
        yield Opened(path, text, size, raw.tell)


def _text(raw: io.BufferedReader, encoding: str) -> io.TextIOWrapper | None:
    packed = raw.peek(2).startswith(_GZIP)
    stream: io.BufferedReader | gzip.GzipFile = gzip.GzipFile(fileobj=raw, mode="rb") if packed else raw
    head = stream.peek(4)
    if not head:
        return None
    found = next((name for mark, name in _MARKS if head.startswith(mark)), encoding)
    return io.TextIOWrapper(cast(BinaryIO, stream), encoding=found, errors=_LONE, newline="")


def _lone(error: UnicodeError) -> tuple[str, int]:
    """Stand a lone surrogate for bytes that are no text; `surrogateescape` can do so only for those from 0x80 on."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udcff", error.end


codecs.register_error(_LONE, _lone)


def reason(error: Exception) -> str:
    """Return why a file could not be read, the end of a sentence."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, UnicodeError):
        return "it is not text in its encoding"
    return str(error) or type(error).__name__


def lines_of(text: io.TextIOBase) -> Iterator[str]:
    """Give the lines of a table, each with its end.

    Raises:
        LongLine: at a line that no memory should have to hold.
    """
    while line := text.readline(MAX_LINE_CHARACTERS):
        if len(line) == MAX_LINE_CHARACTERS and not line.endswith("\n"):
            raise LongLine(f"a line has more than {MAX_LINE_CHARACTERS:,} characters")
        yield line


def is_text(text: str) -> bool:
    """Say whether all bytes of a text were such of its encoding."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
