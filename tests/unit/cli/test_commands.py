"""The command as a whole: what it says of errors, and what it loads."""

import errno
import os
from typing import Any

import pytest
from typer.main import get_command

from services.cli import lazy, main
from services.core.errors import RoamwattError
from services.runtime.embedded.errors import NotRunning
from tests.unit.cli.asking import RUNNER


def test_an_error_is_a_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(_arguments: list[str]) -> None:
        raise NotRunning("no deployment runs here: start one with `make up`")

    monkeypatch.setattr(main, "build", refuse)
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == "roamwatt: no deployment runs here: start one with `make up`\n"


def test_an_error_of_the_machine_is_a_sentence_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_arguments: list[str]) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/some/file")

    monkeypatch.setattr(main, "build", refuse)
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == "roamwatt: /some/file: No space left on device\n"


def test_an_error_is_a_trace_where_one_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_arguments: list[str]) -> None:
        raise RoamwattError("no")

    monkeypatch.setattr(main, "build", refuse)
    monkeypatch.setenv("ROAMWATT_TRACE", "1")
    with pytest.raises(RoamwattError):
        main.main()


def test_help_names_every_command() -> None:
    shown = RUNNER.invoke(main.build(["--help"]), ["--help"]).stdout
    for name in (
        "demo",
        "replay",
        "up",
        "down",
        "clean",
        "status",
        "doctor",
        "partner",
        "agreement",
        "cdr",
        "dlq",
        "recover",
    ):
        assert f"│ {name} " in shown


@pytest.mark.parametrize("command", ["audit", "rate"])
def test_every_option_says_what_it_takes_and_does(command: str) -> None:
    group: Any = get_command(main.build([command]))
    for option in group.commands[command].params:
        assert option.help, option.opts
        assert option.is_flag or option.metavar, option.opts


def test_only_the_lazy_command_that_is_used_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lazy, "LAZY", {"demo": "no_such_package.demo"})
    assert "│ demo " not in RUNNER.invoke(main.build(["cdr"]), ["--help"]).stdout
    assert "no_such_package is missing" in RUNNER.invoke(main.build([]), ["--help"]).stdout
    used = RUNNER.invoke(main.build(["demo"]), ["demo"])
    assert isinstance(used.exception, lazy.NotInstalled)
    assert "run `make demo`" in str(used.exception)
