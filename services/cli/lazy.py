"""Commands whose modules are loaded only when they are used: they need extras that not every installation has."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import typer

from services.core.errors import RoamwattError

LAZY: Mapping[str, str] = {"demo": "services.cli.demo", "replay": "services.cli.replay"}


class NotInstalled(RoamwattError):
    """A command needs a package that is not there."""


def add_lazy(app: typer.Typer, arguments: Sequence[str]) -> None:
    """Add the lazy command that the arguments name; all of them where it is help that is asked for."""
    named = arguments[0] if arguments and not arguments[0].startswith("-") else None
    for name, module in LAZY.items():
        if named in {None, name}:
            app.command(name)(_load(name, module))


def _load(name: str, module: str) -> Callable[..., Any]:
    try:
        function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        return _absent(name, str(error.name))
    return function


def _absent(name: str, package: str) -> Callable[[], None]:
    def command() -> None:
        raise NotInstalled(f"`{name}` needs a package that is not installed ({package}): run `make {name}`")

    command.__doc__ = f"(not installed: {package} is missing)"
    return command
