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

_GZIP: Final = b"\x1f\x8b"
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
BROKEN: Final = (OSError, EOFError, zlib.error, UnicodeError)
"""What reading on can raise: the disk, a gzip file that breaks off, or text that is none in its encoding."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that is open.

    Attributes:
        text: Line ends as they are; bytes that are no text come as lone surrogates, so that only their row is lost.
        size: Bytes on the disk.
        position: How many of them were read.
    """

    path: Path
    text: io.TextIOBase
    size: int
    position: Position


@contextmanager
def opened(path: Path, encoding: str = "utf-8") -> Iterator[Opened]:
    """Open a file; a byte order mark overrules the encoding.

    Raises:
        CannotReadFile: when it cannot be opened, is empty or there is no such encoding.
    """
    with ExitStack() as stack:
        try:
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
    errors = "surrogateescape" if found in {"utf-8", "utf-8-sig"} else "replace"
    return io.TextIOWrapper(cast(BinaryIO, stream), encoding=found, errors=errors, newline="")


def reason(error: Exception) -> str:
    """Return why a file could not be read, the end of a sentence."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, UnicodeError):
        return "it is not text in its encoding"
    return str(error) or type(error).__name__


def is_text(text: str) -> bool:
    """Say whether all bytes of a text were such of its encoding."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
