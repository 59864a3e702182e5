import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.runtime.embedded import processes
from services.runtime.embedded.errors import Interrupted, NoSpace, StartFailed
from services.runtime.embedded.processes import Process

Spawn = Callable[..., Process]
SLEEPS = "import time; print('up', flush=True); time.sleep(60)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SLEEPS
HAS_CHILD = (
    "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print(child.pid, flush=True); child.wait()"
)


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Spawn]:
    started = []

    def one(code: str, name: str = "child") -> Process:
        process = processes.spawn(
            name, [sys.executable, "-c", code], records=tmp_path / "run", log_file=tmp_path / "logs" / f"{name}.log"
        )
        started.append(process)
        return process

    yield one
    for process in started:
        process.kill()


def said(process: Process) -> str:
    processes.wait_until(lambda: bool(process.log_file.read_text()), timeout_seconds=10, what="its first words")
    return process.log_file.read_text()


def test_a_process_is_found_by_its_record(spawn: Spawn, tmp_path: Path) -> None:
    process = spawn(SLEEPS)
    found = processes.find("child", tmp_path / "run")
    assert found is not None
    assert (found.identity, found.alive()) == (process.identity, True)
    assert processes.recorded(tmp_path / "run") == [found]


def test_a_pid_that_somebody_else_has_now_is_left_alone(spawn: Spawn, tmp_path: Path) -> None:
    process = spawn(SLEEPS)
    record = json.loads(process.record.read_text())
    process.record.write_text(json.dumps(record | {"started": "another time"}))
    assert processes.find("child", tmp_path / "run") is None
    stranger = Process("child", processes.Identity(process.identity.pid, "another time"), process.record, Path())
    stranger.kill(timeout_seconds=1)
    assert process.alive()


@pytest.mark.parametrize("content", ["", "{}", '{"pid": "x", "started": "1", "log_file": ""}', "[]"])
def test_a_damaged_record_is_no_process(tmp_path: Path, content: str) -> None:
    (tmp_path / "child.json").write_text(content)
    assert processes.find("child", tmp_path) is None


def test_an_ended_process_that_nobody_waited_for_is_not_alive() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    known = processes.identity(child.pid)
    processes.wait_until(lambda: processes.identity(child.pid) is None, timeout_seconds=10, what="its end")
    assert known is None or not known.alive()
    assert child.wait() == 0


def test_stopping_asks_first(spawn: Spawn) -> None:
    process = spawn(SLEEPS)
    said(process)
    assert process.stop(grace_seconds=10)
    assert not process.alive()
    assert not process.record.exists()


def test_who_does_not_listen_is_killed(spawn: Spawn) -> None:
    process = spawn(DEAF)
    said(process)
    assert not process.stop(grace_seconds=0.2)
    assert not process.alive()


def test_a_kill_takes_its_children_too(spawn: Spawn) -> None:
    process = spawn(HAS_CHILD)
    grandchild = processes.identity(int(said(process)))
    assert grandchild is not None
    process.kill()
    processes.wait_until(lambda: not grandchild.alive(), timeout_seconds=10, what="the grandchild's end")


def test_a_child_is_out_of_reach_of_the_terminal(spawn: Spawn) -> None:
    process = spawn(SLEEPS)
    assert os.getpgid(process.identity.pid) == process.identity.pid != os.getpgrp()


def test_a_process_that_ends_while_starting_shows_its_last_words(spawn: Spawn) -> None:
    process = spawn("raise SystemExit('the port is taken')")
    with pytest.raises(StartFailed, match=r"child ended while starting(.|\n)*the port is taken"):
        processes.wait_until(lambda: not process.require_alive(), timeout_seconds=10, what="it")


def test_waiting_has_a_bound_and_can_be_broken_off() -> None:
    with pytest.raises(StartFailed, match=r"waited 0\.05 s in vain for a miracle"):
        processes.wait_until(lambda: False, timeout_seconds=0.05, what="a miracle")
    asked = threading.Event()
    asked.set()
    with pytest.raises(Interrupted):
        processes.wait_until(lambda: False, timeout_seconds=10, what="a miracle", asked_to_stop=asked)


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartFailed, match="cannot run /does/not/exist: No such file"):
        processes.spawn("x", ["/does/not/exist"], records=tmp_path, log_file=tmp_path / "x.log")


def test_where_nothing_can_be_written_nothing_runs(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NoSpace, match=r"cannot write to .*ROAMWATT_HOME"):
        processes.spawn("x", [sys.executable, "-c", SLEEPS], records=tmp_path, log_file=tmp_path / "file" / "x.log")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "x.json").mkdir()
    with pytest.raises(NoSpace):
        processes.spawn("x", [sys.executable, "-c", SLEEPS], records=tmp_path / "run", log_file=tmp_path / "x.log")


def test_a_long_log_is_put_aside(spawn: Spawn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(processes, "LOG_BYTES_KEPT", 10)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "child.log").write_text("from a former life")
    process = spawn(SLEEPS)
    assert said(process) == "up\n"
    assert (tmp_path / "logs" / "child.1.log").read_text() == "from a former life"


def test_a_signal_to_who_is_gone_is_no_error(spawn: Spawn) -> None:
    process = spawn("")
    processes.wait_until(lambda: not process.alive(), timeout_seconds=10, what="its end")
    process.send(signal.SIGTERM)
    assert process.stop(grace_seconds=1)
