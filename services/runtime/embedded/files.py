"""Files of the deployment that only their owner may read, or that must never be seen half written."""

import os
import shutil
from pathlib import Path

from services.runtime.embedded.errors import NoSpace

NEEDED_BYTES = 500_000_000


def write_private(file: Path, content: bytes) -> None:
    """Write a file readable by its owner alone, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = file.with_name(f".{file.name}.{os.getpid()}")
    new.touch(mode=0o600)
    new.write_bytes(content)
    new.replace(file)


def require_space(folder: Path) -> None:
    """Refuse to start where Kafka and PostgreSQL would soon stop for want of space.

    Raises:
        NoSpace: when less than `NEEDED_BYTES` are free.
    """
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise NoSpace(
            f"only {free // 1_000_000} MB are free for {folder}, {NEEDED_BYTES // 1_000_000} MB are needed. Free some "
            "space there, or name another folder by the environment variable ROAMWATT_HOME"
        )
