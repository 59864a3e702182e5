"""The temporary database of an audit: on the disk, so that millions of CDRs need no memory."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from services.core.errors import RoamwattError

BYTES_A_CDR: Final = 400
"""So much of the disk a CDR takes at most: 200 with short ids and 330 with UUIDs, and of millions what is sorted."""

_CACHE_KIBIBYTES: Final = 65_536


class CannotUseFolder(RoamwattError):
    """The folder for temporary files cannot be written to, or is full."""


@contextmanager
def temporary_database(folder: Path | None = None) -> Iterator[sqlite3.Connection]:
    """Give an empty database. Its file has no name, so that nothing is left of it however the process ends.

    Args:
        folder: Where the file lies, and what SQLite sorts in; None for the machine's own place for temporary files.

    Raises:
        CannotUseFolder: when there is no such folder, or no room in it.
    """
    try:
        place = Path(tempfile.gettempdir() if folder is None else folder)
        database = _opened(place)
    except (OSError, sqlite3.OperationalError) as error:
        raise _cannot_use(folder, error) from error
    try:
        yield database
    except sqlite3.OperationalError as error:
        raise _cannot_use(place, error) from error
    finally:
        database.close()


def _opened(place: Path) -> sqlite3.Connection:
    with tempfile.TemporaryDirectory(prefix="roamwatt-audit-", dir=place) as name:
        database = sqlite3.connect(Path(name) / "index.sqlite", isolation_level=None)
        quoted = str(place.resolve()).replace("'", "''")
        settings = ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{_CACHE_KIBIBYTES}")
        for setting in (*settings, f"temp_store_directory = '{quoted}'"):
            database.execute(f"PRAGMA {setting}")
        database.execute("BEGIN")
        return database


def _cannot_use(place: Path | None, error: Exception) -> CannotUseFolder:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return CannotUseFolder(
        f"{place or 'the folder for temporary files'}: {reason}. Temporary files lie there, up to {BYTES_A_CDR} bytes "
        "for each CDR; --work-folder names another folder"
    )
