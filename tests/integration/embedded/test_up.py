"""`roamwatt up` as a person uses it: signals at any moment, no network, a changed jar."""

import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from services.runtime.embedded import jars, processes
from services.runtime.embedded.deployment import Deployment
from services.runtime.embedded.layout import CHECKOUT
from tests.support.command import ROAMWATT, environment, roamwatt
from tests.support.leftovers import processes_of

END_SECONDS = 90


@contextmanager
def running(home: Path, *arguments: str, **more: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the command on a folder of its own; end it whatever happens."""
    with subprocess.Popen(
        [*ROAMWATT, *arguments],
        env=environment(home) | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=CHECKOUT,
    ) as command:
        try:
            yield command
        finally:
            if command.poll() is None:
                command.terminate()


@pytest.fixture(autouse=True)
def _nothing_is_left(tmp_path: Path) -> Iterator[None]:
    """End what a test that failed half-way has left."""
    yield
    for process in processes.recorded(tmp_path / "run"):
        process.kill()


def wait_for(file: Path, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not file.exists():
        assert time.monotonic() < deadline, f"{file} did not appear"
        time.sleep(0.005)


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _joined(table: str) -> list[str]:
    """The table's lines, their names in one word each."""
    names = ("OCPI versions", "token for NL-TST", "CA certificate", "schema catalogue")
    for name in names:
        table = table.replace(name, name.replace(" ", "-"))
    return [line.rstrip() for line in table.splitlines()]


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("run/postgres.json", signal.SIGINT),
        ("kafka/data", signal.SIGTERM),
        ("run/registry.json", signal.SIGINT),
    ],
)
def test_a_signal_in_the_middle_of_the_start_leaves_nothing(
    tmp_path: Path, moment: str, number: signal.Signals
) -> None:
    with running(tmp_path, "up") as command:
        wait_for(tmp_path / moment)
        command.send_signal(number)
        said, _ = command.communicate(timeout=END_SECONDS)
    assert "nothing is left running" in said
    assert command.returncode == 130
    assert processes_of(tmp_path) == []


def test_without_a_network_it_says_what_to_do(tmp_path: Path) -> None:
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    with running(tmp_path / "home", "up", ROAMWATT_CACHE=str(tmp_path / "cache"), **nowhere) as command:
        said, _ = command.communicate(timeout=END_SECONDS)
    assert command.returncode == 1
    assert "cannot fetch org" in said
    assert "check the connection or proxy" in said
    assert "Traceback" not in said
    assert processes_of(tmp_path / "home") == []


def test_a_changed_jar_is_not_run(tmp_path: Path) -> None:
    shutil.copytree(jars.cache_folder(), tmp_path / "cache" / "roamwatt" / "jars")
    changed = tmp_path / "cache" / "roamwatt" / "jars" / jars.locked()[0].file_name
    with changed.open("ab") as opened:
        opened.write(b"x")
    with running(tmp_path / "home", "up", ROAMWATT_CACHE=str(tmp_path / "cache")) as command:
        said, _ = command.communicate(timeout=END_SECONDS)
    assert command.returncode == 1
    assert f"{changed} is not the locked" in said
    assert not (tmp_path / "home" / "kafka").exists()
    assert processes_of(tmp_path / "home") == []


@pytest.mark.timeout(600)
def test_up_detached_status_and_down(tmp_path: Path) -> None:
    say = partial(roamwatt, tmp_path, timeout_seconds=240)
    try:
        up = say("up", "--detach")
        assert up.returncode == 0, up.stdout + up.stderr
        assert "/ocpi/versions" in up.stdout
        told = dict(line.split(maxsplit=1) for line in _joined(up.stdout) if len(line.split()) > 1)
        assert len(told["token-for-NL-TST"]) >= 32
        running_here = Deployment.load(tmp_path)
        assert told["CA-certificate"] == str(running_here.ca_file)
        assert (told["Kafka"], told["schema-catalogue"]) == (
            running_here.bootstrap_servers,
            running_here.catalogue_url,
        )
        assert told["OCPI-versions"] == running_here.versions_url
        up_log = tmp_path / "logs" / "up.log"
        assert "token" not in up_log.read_text()
        status = say("status")
        assert status.returncode == 0, status.stdout
        assert status.stdout.count("ready") >= 6
        assert say("doctor").returncode == 0
        partner = say("partner", "add", "fr-abc", "--name", "A CSO", "--role", "cso")
        assert "FR-ABC" in partner.stdout
        assert "FR-ABC" in say("partner", "list").stdout
        assert "No dead letters." in say("dlq", "list").stdout
        assert "nothing to recover" in say("recover", "clearing").stdout
        killed = running_here.services.find("sessions")
        killed.kill()
        wait_until(lambda: "sessions started again" in up_log.read_text())
        wait_until(lambda: running_here.services.readiness("sessions")[0])
        assert "sessions ended; it is started again in 0.5 s" in up_log.read_text()
        assert running_here.services.find("sessions").identity.pid != killed.identity.pid
        assert (tmp_path / "logs" / "sessions.log").read_text().count('"event": "started"') == 2
        assert say("doctor").returncode == 0
        second = say("up")
        assert second.returncode == 1
        assert "already run by process" in second.stderr
    finally:
        down = say("down")
    assert down.stdout == "Stopped.\n"
    assert processes_of(tmp_path) == []
    assert say("down").stdout == "Nothing was running here.\n"
    assert say("clean", "--yes").returncode == 0
    assert not (tmp_path / "kafka").exists()
