"""`roamwatt recover` over a stand-in for the admin APIs."""

from collections.abc import Mapping
from typing import Any

import pytest
import typer

from services.cli import recover
from services.cli.api import AdminApi
from tests.unit.cli.asking import RUNNER, Fake, run

CALM = {
    "service": "clearing",
    "halted": None,
    "stored_cluster": "a",
    "cluster": "a",
    "lanes": [{"lane": 0, "difference": None}],
    "partitions": [],
    "choices": ["outbox=skip: nothing"],
}


@pytest.fixture
def recovery() -> typer.Typer:
    app = typer.Typer()
    app.command()(recover.recover)
    return app


def test_nothing_is_recovered_where_nothing_differs(monkeypatch: pytest.MonkeyPatch, recovery: typer.Typer) -> None:
    result, fake = run(monkeypatch, recovery, ["clearing", "--outbox", "skip", "--yes"], {"/recover": CALM})
    assert "nothing to recover" in result.stdout
    assert len(fake.asked) == 1


LANE = {"lanes": [{"lane": 0, "difference": "a gap"}]}
PARTITION = {"partitions": [{"topic": "t", "partition": 0, "difference": "outside the log"}]}


@pytest.mark.parametrize(
    ("differs", "asked"),
    [
        (LANE, "Choose: --outbox republish or --outbox skip."),
        (PARTITION, "Choose: --inbox beginning or --inbox end."),
        (LANE | PARTITION, "Choose: --outbox republish or --outbox skip, and --inbox beginning or --inbox end."),
        ({}, "Choose: --outbox keep, since nothing differs any more."),
    ],
)
def test_recovering_explains_before_it_asks(
    monkeypatch: pytest.MonkeyPatch, recovery: typer.Typer, differs: Mapping[str, Any], asked: str
) -> None:
    answers = {"/recover": {**CALM, "halted": "a gap", **differs}}
    result, fake = run(monkeypatch, recovery, ["clearing"], answers)
    assert result.exit_code == 1
    assert "clearing: a gap" in result.stdout
    assert "outbox=skip: nothing" in result.stdout
    assert asked in result.stdout
    assert len(fake.asked) == 1


def test_a_choice_is_carried_out_once_confirmed(monkeypatch: pytest.MonkeyPatch, recovery: typer.Typer) -> None:
    answers = {"/recover": CALM | {"halted": "a gap"}, "POST /recover": CALM}
    fake = Fake(answers)
    monkeypatch.setattr(AdminApi, "here", lambda: fake)
    refused = RUNNER.invoke(recovery, ["clearing", "--outbox", "skip"], input="n\n")
    assert (refused.exit_code, len(fake.asked)) == (1, 1)
    done = RUNNER.invoke(recovery, ["clearing", "--outbox", "skip"], input="y\n")
    assert "Recovered" in done.stdout
    assert fake.asked[-1] == ("clearing", "POST /recover", {"outbox": "skip", "inbox": "keep"})
    RUNNER.invoke(recovery, ["clearing", "--inbox", "end", "--yes"])
    assert fake.asked[-1] == ("clearing", "POST /recover", {"outbox": "keep", "inbox": "end"})
