"""Measures the audit of a file of CDRs as a user runs it, in a process of its own, against one that only parses it."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from services.runtime.embedded.layout import CHECKOUT
from tests.bench.audit_sample import write
from tests.bench.figures import Figure


def audit(count: int) -> Figure:
    """CDRs audited a second by one process, from its start to the written report, its CPU time and most memory."""
    with tempfile.TemporaryDirectory(prefix="roamwatt-bench-") as name:
        folder = Path(name)
        write(folder / "cdrs.json", count)
        parsed = _run([sys.executable, "-m", "tests.bench.bare_audit", str(folder / "cdrs.json")])
        report = folder / "report.json"
        command = [sys.executable, "-m", "services.cli.main", "audit", "--cdrs", str(folder / "cdrs.json")]
        options = ["--time-zone", "Europe/Amsterdam", "--json", str(report), "--work-folder", name, "--quiet"]
        audited = _run([*command, *options])
        told = json.loads(report.read_text())
        if told["file"]["cdrs"] != count:
            message = f"{told['file']['cdrs']} of {count} CDRs were audited"
            raise RuntimeError(message)
        size = (folder / "cdrs.json").stat().st_size
    more = {
        "records": count,
        "user_cpu_seconds": round(audited.user_cpu_seconds, 1),
        "cdrs_per_user_cpu_second": round(count / audited.user_cpu_seconds, 1),
        "peak_megabytes": round(audited.megabytes, 1),
        "file_megabytes": round(size / 1e6, 1),
    }
    goal = "at least 5000, under 500 MB"
    return Figure("audit", "CDRs/s", [count / audited.seconds], count / parsed.seconds, goal=goal, more=more)


class _Run(NamedTuple):
    """What a command took: time on the clock, time on a core without the system's, and its most resident memory."""

    seconds: float
    user_cpu_seconds: float
    megabytes: float


def _run(command: list[str]) -> _Run:
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=CHECKOUT)
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        process.kill()
        raise
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        message = f"{' '.join(command)} ended with {process.returncode}"
        raise RuntimeError(message)
    # Linux says kilobytes, macOS bytes.
    megabytes = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    return _Run(time.monotonic() - began, usage.ru_utime, megabytes)
