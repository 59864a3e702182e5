"""Commands over a stand-in for the admin APIs: what they ask, and what they say."""

from collections.abc import Mapping
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from services.cli.api import AdminApi

RUNNER = CliRunner(env={"COLUMNS": "300"})


class Fake:
    """Answers as it is told, and remembers what was asked."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers, self.asked = answers, list[tuple[str, str, Any]]()
        self.deployment = self
        self.versions_url = "https://127.0.0.1:1/ocpi/versions"

    def get(self, service: str, path: str, **query: str | int) -> Any:
        return self._answer(service, path, query)

    def post(self, service: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self._answer(service, f"POST {path}", body)

    def patch(self, service: str, path: str, body: Mapping[str, Any]) -> Any:
        return self._answer(service, f"PATCH {path}", body)

    def _answer(self, service: str, path: str, content: Any) -> Any:
        self.asked.append((service, path, content))
        answer = self.answers[path]
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def run(monkeypatch: pytest.MonkeyPatch, app: typer.Typer, arguments: list[str], answers: Mapping[str, Any]) -> Any:
    fake = Fake(answers)
    monkeypatch.setattr(AdminApi, "here", lambda: fake)
    result = RUNNER.invoke(app, arguments)
    return result, fake
