"""How far an audit is, on a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from services.clearing.reporting.run import Progress as Tell

_BAR_CHARACTERS: Final = 16


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        rows, seconds = task.fields.get("rows", 0), task.finished_time or task.elapsed
        return Text(f"{rows:,} rows, {rows / seconds:,.0f}/s" if rows and seconds else "", no_wrap=True)


@contextmanager
def progress(console: Console) -> Iterator[Tell]:
    """Give what an audit tells how far it is; on no terminal nothing is shown."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(_BAR_CHARACTERS),
        TaskProgressColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=console, disable=not console.is_terminal) as shown:

        def tell(step: str, rows: int, share: float) -> None:
            if step not in tasks:
                tasks[step] = shown.add_task(step, total=1.0)
            shown.update(tasks[step], completed=min(1.0, share), rows=rows)

        yield tell
