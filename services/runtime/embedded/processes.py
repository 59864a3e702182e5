"""Child processes that are found again, waited for and stopped within bounds, and never mistaken for others.

Each process has a group of its own (so a Ctrl-C in the terminal reaches only `roamwatt`, which stops the others in
order), a log file, and a record on disk with its pid and start time. A pid alone proves nothing: it may belong to
somebody else by now.
"""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from services.runtime.embedded.errors import Interrupted, NoSpace, StartFailed
from services.runtime.embedded.files import write_private

POLL_SECONDS = 0.02
LOG_BYTES_KEPT = 20_000_000
_LOG_TAIL_BYTES = 4_000
_LOG_TAIL_LINES = 15
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Identity:
    """A process for good: `started` differs for any other process that ever gets the same pid."""

    pid: int
    started: str

    def alive(self) -> bool:
        """Tell whether this very process still runs (one that ended and waits to be reaped does not)."""
        return identity(self.pid) == self


def identity(pid: int) -> Identity | None:
    """Return the identity of a running process, or None if there is none."""
    started = _started_linux(pid) if _BOOT_ID.exists() else _started_elsewhere(pid)
    return Identity(pid, started) if started else None


def _started_linux(pid: int) -> str | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    # Fields 3 (state) and 22 (start time in ticks since boot) of proc_pid_stat(5).
    return None if fields[0] in "ZX" else f"{_BOOT_ID.read_text().strip()}:{fields[19]}"


def _started_elsewhere(pid: int) -> str | None:
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    state, _, started = shown.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else started.strip()


def wait_until(
    condition: Callable[[], bool],
    *,
    timeout_seconds: float,
    what: str,
    asked_to_stop: threading.Event | None = None,
    poll_seconds: float = POLL_SECONDS,
) -> None:
    """Wait for a condition.

    Raises:
        StartFailed: when it does not hold within the time; `what` says what was waited for.
        Interrupted: when `asked_to_stop` is set meanwhile.
    """
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if asked_to_stop is not None and asked_to_stop.is_set():
            raise Interrupted(f"asked to stop while waiting for {what}")
        if time.monotonic() > deadline:
            raise StartFailed(f"waited {timeout_seconds:g} s in vain for {what}")
        time.sleep(poll_seconds)


def tail(log_file: Path, lines: int = _LOG_TAIL_LINES) -> str:
    """Return the last lines of a log, for an error message."""
    try:
        with log_file.open("rb") as opened:
            opened.seek(max(0, log_file.stat().st_size - _LOG_TAIL_BYTES))
            return "\n".join(opened.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


@dataclass(slots=True)
class Process:
    """One process of a deployment, started here (`spawn`) or found by its record (`find`)."""

    name: str
    identity: Identity
    record: Path
    log_file: Path
    started_here: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def alive(self) -> bool:
        """Tell whether it runs."""
        if self.started_here is not None:
            return self.started_here.poll() is None
        return self.identity.alive()

    def send(self, number: signal.Signals, whole_group: bool = False) -> None:
        """Send a signal to the process, or to it and its children, if it still runs."""
        if not self.alive():
            return
        try:
            (os.killpg if whole_group else os.kill)(self.identity.pid, number)
        except ProcessLookupError:
            return

    def kill(self, timeout_seconds: float = 10) -> None:
        """End it by SIGKILL, as a crash would."""
        self.send(signal.SIGKILL, whole_group=True)
        self._wait(timeout_seconds)

    def stop(self, *, grace_seconds: float, ask_with: signal.Signals = signal.SIGTERM) -> bool:
        """Ask it to end, and kill it if it has not after the grace; tell whether it ended by itself."""
        self.send(ask_with)
        ended = self._wait(grace_seconds)
        if not ended:
            self.kill()
        self.record.unlink(missing_ok=True)
        return ended

    def _wait(self, timeout_seconds: float) -> bool:
        try:
            wait_until(lambda: not self.alive(), timeout_seconds=timeout_seconds, what=f"the end of {self.name}")
        except StartFailed:
            return False
        return True

    def require_alive(self) -> bool:
        """Return True.

        Raises:
            StartFailed: with the end of its log, when the process has ended.
        """
        if self.alive():
            return True
        raise StartFailed(
            f"{self.name} ended while starting. Its log, {self.log_file}, ends with:\n{tail(self.log_file)}"
        )


def spawn(
    name: str,
    command: Sequence[str],
    *,
    records: Path,
    log_file: Path,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Process:
    """Start a process in a group of its own, its output appended to a log file.

    Raises:
        NoSpace: when log or record cannot be written.
        StartFailed: when the command cannot be run.
    """
    try:
        log_file.parent.mkdir(parents=True, exist_ok=True)
        records.mkdir(parents=True, exist_ok=True)
        _rotate(log_file)
        output = log_file.open("ab")
    except OSError as error:
        raise NoSpace.at(log_file.parent, error) from error
    with output:
        try:
            child = subprocess.Popen(  # noqa: S603 - the commands are our own
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment) if environment is not None else None,
                cwd=folder,
                start_new_session=True,
            )
        except OSError as error:
            raise StartFailed(f"cannot run {command[0]}: {error.strerror}") from error
    return _recorded(name, child, records, log_file)


def _recorded(name: str, child: subprocess.Popen[bytes], records: Path, log_file: Path) -> Process:
    known = identity(child.pid) or Identity(child.pid, "ended")
    process = Process(name, known, records / f"{name}.json", log_file, child)
    try:
        write_private(process.record, json.dumps(asdict(known) | {"log_file": str(log_file)}).encode())
    except OSError as error:
        process.kill()
        raise NoSpace.at(records, error) from error
    return process


def _rotate(log_file: Path) -> None:
    if log_file.exists() and log_file.stat().st_size > LOG_BYTES_KEPT:
        log_file.replace(log_file.with_suffix(".1.log"))


def find(name: str, records: Path) -> Process | None:
    """Return the recorded process of this name if it still runs; a stale record is None."""
    record = records / f"{name}.json"
    try:
        content = json.loads(record.read_text())
        known = Identity(int(content["pid"]), str(content["started"]))
        found = Process(name, known, record, Path(content["log_file"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if found.alive() else None


def recorded(records: Path) -> list[Process]:
    """Return all recorded processes that still run."""
    names = sorted(file.stem for file in records.glob("*.json")) if records.exists() else []
    return [process for name in names if (process := find(name, records)) is not None]
