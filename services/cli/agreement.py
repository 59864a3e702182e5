"""`roamwatt agreement`: which visited-CSO serves the drivers of which home-CSP."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer

from services.cli.api import AdminApi, quoted
from services.cli.output import show_fields, show_rows
from services.cli.partner import pages

app = typer.Typer(help="Conclude, list and end roaming agreements.", no_args_is_help=True)

COLUMNS = {
    "agreement_id": "id",
    "visited_cso": "visited-CSO",
    "home_csp": "home-CSP",
    "mode": "mode",
    "services": "services",
    "status": "status",
    "valid_from": "from",
    "valid_until": "until",
}


def _decimal(given: str) -> str:
    try:
        return str(Decimal(given))
    except InvalidOperation:
        raise typer.BadParameter("must be a number such as 0.01") from None


@app.command()
def add(
    visited_cso: Annotated[str, typer.Argument(help="The party whose stations are used, as in FR-CSO.")],
    home_csp: Annotated[str, typer.Argument(help="The party whose drivers charge, as in NL-CSP.")],
    *,
    mode: Annotated[str, typer.Option(help="CLEARING_HOUSE, PEER_TO_PEER or MIXED.")] = "CLEARING_HOUSE",
    service: Annotated[list[str] | None, typer.Option(help="CHARGING, PARKING, RESERVATION; may be repeated.")] = None,
    trust_whitelist: Annotated[
        bool,
        typer.Option(
            "--trust-whitelist", help="Decide about credentials of whitelist ALLOWED without asking the home-CSP."
        ),
    ] = False,
    decide_when_unreachable: Annotated[
        bool,
        typer.Option(
            "--decide-when-unreachable", help="Decide where the home-CSP does not answer and the credential allows it."
        ),
    ] = False,
    tolerance: Annotated[
        str,
        typer.Option(
            parser=_decimal, metavar="AMOUNT", help="How far a CDR's total may lie from our own, in its currency."
        ),
    ] = "0.01",
    valid_from: Annotated[str | None, typer.Option(metavar="TIME", help="As 2026-12-01T00:00:00Z; else now.")] = None,
    valid_until: Annotated[str | None, typer.Option(metavar="TIME", help="Until `end` without it.")] = None,
) -> None:
    """Conclude an agreement between two partners."""
    terms: dict[str, Any] = {
        "visited_cso": visited_cso,
        "home_csp": home_csp,
        "mode": mode.upper(),
        "services": [each.upper() for each in service or ["CHARGING"]],
        "trust_whitelist": trust_whitelist,
        "decide_when_unreachable": decide_when_unreachable,
        "total_tolerance": tolerance,
        "valid_from": valid_from,
        "valid_until": valid_until,
    }
    show_fields(AdminApi.here().post("registry", "/agreements", terms))


@app.command("list")
def list_all() -> None:
    """List the agreements."""
    show_rows(pages("/agreements", "agreements"), COLUMNS, "There are no agreements: `roamwatt agreement add --help`.")


@app.command()
def end(agreement_id: Annotated[str, typer.Argument(help="Its id, as `list` shows it.")]) -> None:
    """End an agreement now."""
    show_fields(AdminApi.here().post("registry", f"/agreements/{quoted(agreement_id)}/end"))
