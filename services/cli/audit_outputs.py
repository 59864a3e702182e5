"""Where the report of an audit goes."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from services.clearing.audit.codes import Severity
from services.clearing.reporting import as_text
from services.clearing.reporting.listing import Listing
from services.clearing.reporting.run import Listener
from services.cli.output import console
from services.core.errors import RoamwattError


class CannotWriteFile(RoamwattError):
    """A file that the report should go to cannot be written."""


class Outputs:
    """The files of a report, looked at before the work begins: an hour's audit must not end at a wrong name.

    Raises:
        CannotWriteFile: when one cannot be written.
        NotInstalled: when a page is wanted and what draws it is missing.
    """

    def __init__(self, text: Path | None, as_json: Path | None, html: Path | None, *, quiet: bool) -> None:
        self._text, self._json, self._html, self._quiet = text, as_json, html, quiet
        for path in (text, as_json, html):
            if path is not None:
                write_to(path, "")
        if html is not None:
            # Loaded only for who wants a page: its packages are an extra, and take a second.
            from services.clearing.reporting.as_page import as_page, check

            check()
            self._page = as_page

    def write(self, data: Mapping[str, Any]) -> None:
        """Print and write a report."""
        if not self._quiet:
            console.print(as_text.as_renderable(data))
        if self._text is not None:
            write_to(self._text, as_text.plain(data))
        if self._json is not None:
            write_to(self._json, json.dumps(data, indent=2) + "\n")
        if self._html is not None:
            write_to(self._html, self._page(data))


def write_to(path: Path, content: str) -> None:
    """Write a file.

    Raises:
        CannotWriteFile: when that cannot be done.
    """
    try:
        path.write_text(content, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise CannotWriteFile(f"{path}: {error.strerror}") from error


@contextmanager
def listener(path: Path | None, least: Severity) -> Iterator[Listener | None]:
    """Give what writes every finding to a file; None where no file is wanted.

    Raises:
        CannotWriteFile: when it cannot be written.
    """
    if path is None:
        yield None
        return
    try:
        file = path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
    except OSError as error:
        raise CannotWriteFile(f"{path}: {error.strerror}") from error
    with file:
        yield Listing(file, least).add
