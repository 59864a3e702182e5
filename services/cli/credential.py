"""`roamwatt credential`: the right of a driver to be forgotten."""

from typing import Annotated

import typer

from services.cli.api import AdminApi
from services.cli.output import say

app = typer.Typer(help="Erase what is known of a driver's card or app.", no_args_is_help=True)


@app.command()
def erase(
    csp: Annotated[str, typer.Argument(help="The home-CSP that issued it, as in NL-TNM.")],
    type: Annotated[str, typer.Argument(help="RFID, APP_USER, AD_HOC_USER, EMAID or OTHER.")],
    uid: Annotated[str, typer.Argument(help="Its number; it is neither stored nor logged by this.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Destroy the key of a contract for good: its token, sessions and CDRs can no longer be read by anybody."""
    if not yes:
        typer.confirm("This cannot be undone. Erase it?", abort=True)
    erased = AdminApi.here().post("gateway", "/vault/erase", {"home_csp": csp, "type": type.upper(), "uid": uid})
    if not erased["erased"]:
        say("There is no such contract.")
        raise typer.Exit(1)
    say("Erased.")
