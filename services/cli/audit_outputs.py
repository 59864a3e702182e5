"""Where the report of an audit goes."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from services.clearing.audit.codes import Severity
from services.clearing.reporting import as_text
from services.clearing.reporting.judging import Judged
from services.clearing.reporting.listing import Listing
from services.clearing.reporting.run import Listener
from services.cli.output import console
from services.core.errors import RoamwattError


class CannotWriteFile(RoamwattError):
    """A file that the report should go to cannot be written."""


class Outputs:
    """The files of a report, looked at before the work begins: an hour's audit must not end at a wrong name.

    Raises:
        NotInstalled: when a page is wanted and what draws it is missing.
    """

    def __init__(self, text: Path | None, as_json: Path | None, html: Path | None, *, quiet: bool) -> None:
        self._text, self._json, self._html, self._quiet = text, as_json, html, quiet
        if html is not None:
            # Loaded only for who wants a page: its packages are an extra, and take a second.
            from services.clearing.reporting.as_page import as_page, check

            check()
            self._page = as_page

    def write(self, data: Mapping[str, Any]) -> None:
        """Print and write a report; one form that cannot be written keeps the others from nothing.

        Raises:
            CannotWriteFile: when one could not be written.
        """
        failed = [*self._failed(self._text, lambda: as_text.plain(data))]
        failed += self._failed(self._json, lambda: json.dumps(data, indent=2) + "\n")
        failed += self._failed(self._html, lambda: self._page(data))
        if not self._quiet:
            console.print(as_text.as_renderable(data))
        if failed:
            raise CannotWriteFile("; ".join(failed))

    @staticmethod
    def _failed(path: Path | None, content: Callable[[], str]) -> Iterator[str]:
        if path is not None:
            try:
                path.write_text(content(), encoding="utf-8", errors="backslashreplace")
            except OSError as error:
                yield _why(path, error)


def check_places(outputs: Iterable[Path | None], inputs: Iterable[Path | None]) -> None:
    """See that files can be written, that none is one that is read, and that no two are the same.

    What they hold stays until there is something to write.

    Raises:
        CannotWriteFile: when it is otherwise.
    """
    read = {path.resolve() for path in inputs if path is not None}
    written: set[Path] = set()
    for path in outputs:
        if path is None or (path.exists() and not path.is_file() and not path.is_dir()):
            # Devices and pipes take what they are given.
            continue
        place = path.resolve()
        if place in read:
            raise CannotWriteFile(f"{path} is a file that the audit reads: name another one for the report")
        if place in written:
            raise CannotWriteFile(f"{path} is named for two forms of the report")
        written.add(place)
        _try(path, place)


def _try(path: Path, place: Path) -> None:
    is_new = not place.exists()
    try:
        with place.open("ab"):
            pass
        if is_new:
            place.unlink()
    except OSError as error:
        raise CannotWriteFile(_why(path, error)) from error


@contextmanager
def listener(path: Path | None, least: Severity) -> Iterator[Listener | None]:
    """Give what writes every finding to a file; None where no file is wanted.

    Raises:
        CannotWriteFile: when it cannot be written.
    """
    if path is None:
        yield None
        return
    with _told(path):
        file = path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
    try:
        with _told(path):
            listing = Listing(file, least)

        def add(judged: Judged) -> None:
            with _told(path):
                listing.add(judged)

        yield add
        with _told(path):
            file.close()
    except BaseException:
        # What lacks its end must not be taken for the whole.
        with suppress(OSError):
            file.close()
        if path.is_file():
            with suppress(OSError):
                path.unlink()
        raise


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotWriteFile(_why(path, error)) from error


def _why(path: Path, error: OSError) -> str:
    return f"{path} cannot be written: {error.strerror}"
