"""Ctrl-C in the middle of a demonstration and of a replay: what they started is gone, what they used goes on."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.runtime.embedded.deployment import Deployment
from services.runtime.embedded.layout import CHECKOUT
from tests.support.command import ROAMWATT, environment
from tests.support.leftovers import processes_of

SECONDS = 60


@contextmanager
def running(deployment: Deployment, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a command as a shell does: as a group of its own, which gets the signals of the keyboard as a whole."""
    unbuffered = environment(deployment.layout.home) | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*ROAMWATT, *arguments],
        env=unbuffered, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=CHECKOUT,
        start_new_session=True,
    ) as command:  # fmt: skip
        try:
            yield command
        finally:
            if command.poll() is None:
                os.killpg(command.pid, signal.SIGKILL)


def interrupted(command: "subprocess.Popen[str]", after: str) -> str:
    """Press Ctrl-C once the command has said this; returns what it said from then on."""
    assert command.stdout is not None
    said = ""
    for line in command.stdout:
        said += line
        if after in line:
            break
    assert after in said, said
    os.killpg(command.pid, signal.SIGINT)
    rest, _ = command.communicate(timeout=SECONDS)
    return rest


@pytest.mark.parametrize("after", ["registered with", "blocked card"])
def test_a_demonstration_that_is_broken_off_leaves_nothing_of_its_own(deployment: Deployment, after: str) -> None:
    before = len(processes_of(deployment.layout.home))
    with running(deployment, "demo") as command:
        said = interrupted(command, after)
    assert "Stopped, and so is all that the demonstration had started." in said
    assert "Traceback" not in said
    assert command.returncode == 130
    assert len(processes_of(deployment.layout.home)) == before
    assert deployment.services.readiness("gateway") == (True, "ready")


def test_a_replay_that_is_broken_off_says_so(deployment: Deployment, tmp_path: Path) -> None:
    header = "_id,CP ID,Connector,Start Date,Start Time,End Date,End Time,Total kWh,Site,Model"
    times = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in range(60)]
    day = "2018-01-31T00:00:00"
    rows = [f"{n},{n},1,{day},{at},{day},23:59,1.5,Quay,APT" for n, at in enumerate(times, 1)]
    (tmp_path / "export.csv").write_text("\n".join([header, *rows]))
    with running(deployment, "replay", str(tmp_path / "export.csv"), "--concurrency", "8") as command:
        said = interrupted(command, "1,440 to send")
    assert "Stopped; what was acknowledged is cleared all the same." in said
    assert "Traceback" not in said
    assert command.returncode == 130
