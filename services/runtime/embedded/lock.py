"""One process at a time runs the deployment of a checkout."""

import fcntl
import os
import time
from pathlib import Path
from typing import IO

from services.runtime.embedded.errors import AlreadyRunning, NoSpace

# Somebody who only looks (`holder`) has it for a moment.
_PATIENCE_SECONDS = 0.5


def take(lock_file: Path) -> IO[str]:
    """Take the lock; closing the returned file, or the end of this process however it comes, gives it back.

    Raises:
        AlreadyRunning: when another process holds it.
        NoSpace: when the file cannot be written.
    """
    try:
        lock_file.parent.mkdir(parents=True, exist_ok=True)
        held = lock_file.open("a+")
    except OSError as error:
        raise NoSpace.at(lock_file.parent, error) from error
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not _lock(held, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            owner = _owner(held)
            held.close()
            raise AlreadyRunning(
                f"the deployment in {lock_file.parent} is already run by process {owner}: `roamwatt status` shows it, "
                "`roamwatt down` stops it"
            )
        time.sleep(_PATIENCE_SECONDS / 10)
    held.truncate(0)
    held.write(str(os.getpid()))
    held.flush()
    return held


def holder(lock_file: Path) -> int | None:
    """Return the pid of the process that runs, starts or stops the deployment, or None if there is none."""
    try:
        with lock_file.open() as seen:
            return None if _lock(seen, fcntl.LOCK_SH) else _owner(seen)
    except OSError:
        return None


def _lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(file: IO[str]) -> int:
    file.seek(0)
    return int(file.read().strip() or 0)
