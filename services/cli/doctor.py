"""`roamwatt doctor`: what is wrong with this machine or this deployment, and what to do."""

from collections.abc import Iterable

import typer
from rich.markup import escape

from services.cli import doctor_deployment, doctor_machine
from services.cli.finding import Finding, Grade
from services.cli.output import console

_MARKS = {Grade.GOOD: "[green]ok[/]   ", Grade.NOTE: "[yellow]note[/] ", Grade.WRONG: "[red]wrong[/]"}


def doctor() -> None:
    """Look at the machine and the deployment; say what is wrong, what to do, and where the logs are.

    Ends with 1 when something is wrong.
    """
    wrong = _show("This machine", doctor_machine.findings())
    wrong |= _show("The deployment", doctor_deployment.findings())
    if wrong:
        raise typer.Exit(1)


def _show(title: str, findings: Iterable[Finding]) -> bool:
    console.print(f"[bold]{title}[/]")
    wrong = False
    for finding in findings:
        wrong |= finding.grade is Grade.WRONG
        console.print(f"  {_MARKS[finding.grade]} {escape(f'{finding.subject}: {finding.detail}')}", soft_wrap=True)
        if finding.advice:
            console.print(f"        {escape(finding.advice)}", soft_wrap=True)
    console.print()
    return wrong
