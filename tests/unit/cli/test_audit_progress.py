from io import StringIO

from rich.console import Console

from services.cli.audit_progress import progress


def said(*, terminal: bool) -> str:
    file = StringIO()
    with progress(Console(file=file, force_terminal=terminal, width=80)) as tell:
        tell("Reading", 0, 0)
        tell("Reading", 2_560, 1)
        tell("Auditing", 1_280, 0.5)
    return file.getvalue()


def test_each_step_tells_its_rows_and_how_far_it_is() -> None:
    shown = said(terminal=True)
    told = ("Reading", "2,560 rows", "100%", "Auditing", "1,280 rows", "50%")
    assert [text for text in told if text not in shown] == []


def test_a_pipe_gets_no_progress() -> None:
    assert said(terminal=False).strip() == ""
