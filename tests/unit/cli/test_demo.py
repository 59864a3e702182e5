"""The demonstration ends with 0 only when every step was seen; the story itself is told on the whole platform."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from confluent_kafka import KafkaException
from typer.testing import CliRunner

from services.cli import demo
from services.cli.demo_story import NotSeen, Story
from services.core.errors import Unavailable


def ended(monkeypatch: pytest.MonkeyPatch, failure: BaseException | None) -> Any:
    @contextmanager
    def deployment(story: Story) -> Iterator[Any]:
        with story.step(1, "Servers"):
            pass
        yield SimpleNamespace(layout=SimpleNamespace(logs=Path("/logs")))

    async def tell(story: Story, _console: object, _deployment: object) -> None:
        with story.step(2, "Two partners"):
            if failure is not None:
                raise failure

    monkeypatch.setattr(demo, "_deployment", deployment)
    monkeypatch.setattr(demo, "_tell", tell)
    app = typer.Typer()
    app.command()(demo.demo)
    return CliRunner().invoke(app)


def test_a_story_that_was_seen_ends_with_0(monkeypatch: pytest.MonkeyPatch) -> None:
    result = ended(monkeypatch, None)
    assert result.exit_code == 0
    assert "All 2 steps seen" in result.stdout


@pytest.mark.parametrize(
    "failure",
    [
        NotSeen("expected the card to be ALLOWED"),
        Unavailable("the gateway does not answer"),
        TimeoutError("expected an answer"),
        ExceptionGroup("two", [NotSeen("expected one"), NotSeen("expected another")]),
        KafkaException("expected a broker"),
    ],
)
def test_a_step_that_was_not_seen_is_named_and_ends_with_1(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    result = ended(monkeypatch, failure)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "Step 2 failed:" in result.stdout
    assert "Logs: /logs" in result.stdout
    assert "steps seen" not in result.stdout
