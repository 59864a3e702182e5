"""How the demonstration is told: numbered steps with what was seen in each and the time it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from services.core.errors import RoamwattError


class NotSeen(RoamwattError):
    """Something that the story needs did not happen; the text says what was expected and what was there instead."""


@dataclass(slots=True)
class Step:
    """One step under way: its facts are shown beneath its title."""

    number: int
    title: str
    facts: list[str] = field(default_factory=list)

    def fact(self, text: str) -> None:
        """Add a line of what was seen."""
        self.facts.append(text)


class Story:
    """Prints steps as they are done; the number of the step that failed stays in `at`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self.at = 0

    @contextmanager
    def step(self, number: int, title: str) -> Iterator[Step]:
        """Tell one step; an exception inside is shown as its failure and passed on."""
        step, self.at, started = Step(number, title), number, time.monotonic()
        try:
            with self._console.status(f"{number}  {escape(title)}"):
                yield step
        except BaseException:
            self._print(step, "[red]✗[/]", time.monotonic() - started)
            raise
        self._print(step, "[green]✓[/]", time.monotonic() - started)

    def end(self) -> None:
        """Say that all was seen."""
        seconds = time.monotonic() - self._began
        self._console.print(f"\n[green]All {self.at} steps seen[/] in {seconds:.1f} s.")

    def _print(self, step: Step, mark: str, seconds: float) -> None:
        line = Table.grid(expand=True, padding=(0, 1))
        line.add_column(width=4, no_wrap=True)
        line.add_column(ratio=1)
        line.add_column(justify="right", no_wrap=True)
        line.add_row(f"{mark} [bold]{step.number}[/]", f"[bold]{escape(step.title)}[/]", f"[cyan]{seconds:.2f} s[/]")
        self._console.print(line)
        for fact in step.facts:
            self._console.print(Padding(escape(fact), (0, 0, 0, 5), expand=False))


def expect(condition: object, expected: str, seen: object = None) -> None:
    """Go on if the condition holds.

    Raises:
        NotSeen: otherwise.
    """
    if not condition:
        tail = "" if seen is None else f"; there was: {str(seen)[:600]}"
        raise NotSeen(f"expected {expected}{tail}")
