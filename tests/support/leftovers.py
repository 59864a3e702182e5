"""Finds processes that a deployment left behind."""

import os
from pathlib import Path


def processes_of(home: Path) -> list[str]:
    """The command lines of all processes that have to do with a deployment's folder, this one and its parents aside."""
    return [found for pid in Path("/proc").iterdir() if pid.name.isdigit() and (found := _mentions(pid, str(home)))]


def _mentions(process: Path, home: str) -> str | None:
    if int(process.name) in {os.getpid(), os.getppid()}:
        return None
    try:
        command = (process / "cmdline").read_bytes().decode(errors="replace")
        environment = (process / "environ").read_bytes().decode(errors="replace")
    except OSError:
        return None
    return command.replace("\0", " ") if home in command or home in environment else None
