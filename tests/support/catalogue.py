"""The schema catalogue as a process, with a certificate of its own and nothing else."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.runtime.embedded.certificates import Authority

START_SECONDS = 30.0
STOP_SECONDS = 10.0
REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A running catalogue, and the authority of its certificate."""

    url: str
    ca_file: Path


@contextmanager
def running_catalogue(folder: Path) -> Iterator[Catalogue]:
    """Run a catalogue on a free port; it must end by itself when it is asked to."""
    authority = Authority(folder)
    process = _start(authority)
    try:
        yield Catalogue(f"https://127.0.0.1:{_announced_port(process)}", authority.ca_file)
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_SECONDS) == 0
    finally:
        process.kill()
        process.communicate()


def _start(authority: Authority) -> subprocess.Popen[str]:
    now = datetime.now(UTC)
    authority.ensure(now)
    pair = authority.server("catalogue", now)
    settings = {
        "ROAMWATT_HTTPS__CERTIFICATE_FILE": str(pair.certificate),
        "ROAMWATT_HTTPS__KEY_FILE": str(pair.key),
        "ROAMWATT_CATALOGUE__PORT": "0",
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith("ROAMWATT_")}
    command = [sys.executable, "-m", "services.catalogue"]
    return subprocess.Popen(command, cwd=REPOSITORY, env=others | settings, stderr=subprocess.PIPE, text=True)


def _announced_port(process: subprocess.Popen[str]) -> int:
    assert process.stderr is not None
    deadline = time.monotonic() + START_SECONDS
    said = ""
    while select.select([process.stderr], [], [], max(0.0, deadline - time.monotonic()))[0]:
        line = process.stderr.readline()
        if not line:
            break
        said += line
        if '"port"' in line:
            return int(json.loads(line)["port"])
    pytest.fail(f"the catalogue did not start; it said: {said}")
