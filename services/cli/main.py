"""The `roamwatt` command."""

import os
import sys

import typer

from services.cli import agreement, cdr, dlq, partner
from services.cli.doctor import doctor
from services.cli.lazy import LazyGroup
from services.cli.output import complain
from services.cli.recover import recover
from services.cli.status import status
from services.cli.up import clean, down, up
from services.core.errors import RoamwattError

app = typer.Typer(
    cls=LazyGroup,
    help="Roamwatt, an event-driven platform for EV-charging roaming. Start with `roamwatt demo` or `roamwatt up`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
for command in (up, down, clean, status, doctor, recover):
    app.command()(command)
app.add_typer(partner.app, name="partner")
app.add_typer(agreement.app, name="agreement")
app.add_typer(cdr.app, name="cdr")
app.add_typer(dlq.app, name="dlq")


def main() -> None:
    """Run the command; an error is a sentence, never a trace, unless ROAMWATT_TRACE is set."""
    try:
        app()
    except RoamwattError as error:
        if os.environ.get("ROAMWATT_TRACE"):
            raise
        complain(str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
