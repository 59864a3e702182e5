import os
import resource
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from services.cli import doctor_machine as machine
from services.cli.finding import Grade
from services.runtime.embedded import jars, ports
from services.runtime.embedded.errors import NoFreePort, StartFailed

Usage = namedtuple("Usage", "total used free")


def test_a_full_disk_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.disk(tmp_path / "not" / "yet").grade is Grade.GOOD
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(1, 1, 10_000_000))
    found = machine.disk(tmp_path)
    assert (found.grade, found.advice) == (Grade.WRONG, "free some space, or set ROAMWATT_HOME")


def test_a_folder_that_cannot_be_written_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    assert machine.disk(tmp_path).detail == f"{tmp_path} cannot be written"


def test_too_few_files_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: (256, 256))
    assert machine.open_files().advice == "raise the limit: `ulimit -n 4096`"


def test_no_free_port_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> int:
        raise NoFreePort("no free TCP port")

    monkeypatch.setattr(ports, "free_port", none)
    assert machine.free_ports().grade is Grade.WRONG


def test_jars_are_absent_right_or_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jar = jars.Jar("g", "a", "1", "0" * 64)
    monkeypatch.setattr(jars, "locked", lambda: (jar,))
    assert machine.kafka_jars(tmp_path).grade is Grade.NOTE
    (tmp_path / jar.file_name).write_bytes(b"")
    assert machine.kafka_jars(tmp_path).grade is Grade.WRONG
    right = jars.Jar("g", "a", "1", jars.sha256_of(tmp_path / jar.file_name))
    monkeypatch.setattr(jars, "locked", lambda: (right,))
    assert machine.kafka_jars(tmp_path).grade is Grade.GOOD


def test_a_program_that_does_not_run_is_wrong() -> None:
    def absent() -> Path:
        raise StartFailed("there is no Java runtime")

    assert machine.program("Java", absent, "-version").detail == "there is no Java runtime"
    assert machine.program("thing", lambda: Path("/does/not/exist"), "-v").grade is Grade.WRONG
    assert machine.program("echo", lambda: Path("/bin/echo"), "1.0").detail == "1.0"


def test_root_needs_setpriv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert machine.user().grade is Grade.WRONG
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert machine.user().grade is Grade.GOOD
