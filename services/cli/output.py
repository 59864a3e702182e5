"""How the command speaks."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeAlias

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]
"""The option of commands that people and programs read."""

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """Print a line as it is, whatever brackets it holds."""
    console.print(escape(text), soft_wrap=True)


def say_lines(lines: Sequence[str]) -> None:
    """Print lines of text: on a terminal within its width, else as they are."""
    if console.is_terminal:
        indented(console, lines, margin=0)
    else:
        for line in lines:
            say(line)


def indented(target: Console, lines: Sequence[str], margin: int = 2) -> None:
    """Print lines of text, each wrapped within its own indentation."""
    for line in lines:
        if not line:
            target.print()
            continue
        text = line.lstrip()
        target.print(Padding(escape(text), (0, 0, 0, margin + len(line) - len(text)), expand=False))


def complain(text: str) -> None:
    """Print what went wrong to the error output."""
    errors.print(f"[red]roamwatt:[/] {escape(text)}", soft_wrap=True)


def show_json(content: Any) -> None:
    """Print what an admin API gave, for machines."""
    console.print_json(json.dumps(content, default=str))


def show_rows(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], empty: str) -> None:
    """Print rows as a table.

    Args:
        rows: As an admin API gave them.
        columns: Heading by the key of a row; the order of the columns.
        empty: What to say when there are none.
    """
    if not rows:
        say(empty)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in columns.values():
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(escape(text(row.get(key))) for key in columns))
    console.print(table)


def show_fields(content: Mapping[str, Any]) -> None:
    """Print an object, a field a line; what it holds within goes below it."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in content.items():
        if not _is_list_of_objects(value):
            table.add_row(name, escape(text(value)))
    console.print(table)
    for name, value in content.items():
        if _is_list_of_objects(value):
            console.print(f"\n[bold]{escape(name)}[/]")
            show_rows(value, {key: key for key in value[0]}, "")


def text(value: Any) -> str:
    """Return a value as people read it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(text(each) for each in value) or "-"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {text(each)}" for name, each in value.items()) or "-"
    return str(value)


def age(then: str, now: datetime) -> str:
    """Return how long ago a time was, as people say it."""
    passed = now - datetime.fromisoformat(then)
    for unit, name in ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min")):
        if passed >= 2 * unit:
            return f"{passed // unit} {name} ago"
    return f"{max(0, int(passed.total_seconds()))} s ago"


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)
