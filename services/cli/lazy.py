"""Commands whose modules are loaded only when they are used: they need extras that not every installation has."""

import importlib
from collections.abc import Mapping
from typing import Any

import click
import typer
from typer.core import TyperGroup

LAZY: Mapping[str, str] = {"demo": "services.cli.demo", "replay": "services.cli.replay"}


class LazyGroup(TyperGroup):
    """Finds a lazy command in the module of `LAZY`, as the function of the command's name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, the lazy ones first."""
        return [*LAZY, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a lazy command, or return a common one."""
        if cmd_name not in LAZY:
            return super().get_command(ctx, cmd_name)
        try:
            function: Any = getattr(importlib.import_module(LAZY[cmd_name]), cmd_name)
        except ModuleNotFoundError as error:
            return _absent(cmd_name, error)
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        single.command(cmd_name)(function)
        command = typer.main.get_command(single)
        command.name = cmd_name
        return command


def _absent(name: str, error: ModuleNotFoundError) -> click.Command:
    def complain() -> None:
        raise click.ClickException(f"`{name}` needs a package that is not installed ({error.name}): run `make {name}`")

    return click.Command(name, callback=complain, help=f"(not installed: {error.name} is missing)")
