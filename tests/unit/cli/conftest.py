"""What the command prints is as wide in tests as tables need, whatever terminal they run in."""

import pytest

from services.cli import output


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    for console in (output.console, output.errors):
        monkeypatch.setattr(console, "width", 160)
