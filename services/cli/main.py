"""The `roamwatt` command."""

import os
import sys
from collections.abc import Sequence

import typer

from services.cli import agreement, cdr, credential, deliveries, dlq, partner
from services.cli.audit import audit
from services.cli.doctor import doctor
from services.cli.lazy import add_lazy
from services.cli.output import complain
from services.cli.rate import rate
from services.cli.recover import recover
from services.cli.status import status
from services.cli.up import clean, down, up
from services.core.errors import RoamwattError


def build(arguments: Sequence[str]) -> typer.Typer:
    """Put the commands together that these arguments can mean."""
    app = typer.Typer(
        help="Roamwatt, an event-driven platform for EV-charging roaming. Start with `roamwatt demo` or `roamwatt up`.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
    )
    add_lazy(app, arguments)
    for command in (up, down, clean, status, doctor, recover, rate, audit):
        app.command()(command)
    for group in (partner, agreement, credential, cdr, deliveries, dlq):
        app.add_typer(group.app, name=group.__name__.rpartition(".")[2])
    return app


def main() -> None:
    """Run the command; an error is a sentence, never a trace, unless ROAMWATT_TRACE is set."""
    try:
        build(sys.argv[1:])()
    except (RoamwattError, OSError) as error:
        if os.environ.get("ROAMWATT_TRACE"):
            raise
        complain(_sentence(error))
        sys.exit(1)


def _sentence(error: Exception) -> str:
    """Return what is wrong; the machine's own errors, as a full disk under the output, say it in their own words."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"


if __name__ == "__main__":
    main()
