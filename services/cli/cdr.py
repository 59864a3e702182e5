"""`roamwatt cdr`: what became of CDRs, and who owes whom."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from services.cli.api import AdminApi, quoted
from services.cli.cdr_view import show_cdr, summary
from services.cli.output import AsJson, console, say, show_json, show_rows
from services.core.errors import Conflict, NotFound

app = typer.Typer(help="Look at cleared CDRs and balances.", no_args_is_help=True)

COLUMNS = {
    "cdr_id": "CDR",
    "visited_cso": "CSO",
    "home_csp": "CSP",
    "verdict": "verdict",
    "booked": "booked",
    "started": "started",
    "finding_codes": "findings",
}


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="[CSO] ID", help="The party that sent it, as in FR-CSO, and its id.")],
    cdr_id: Annotated[str | None, typer.Argument(metavar="", show_default=False, hidden=True)] = None,
    as_json: AsJson = False,
) -> None:
    """Show one CDR: its verdict, what was found, what is claimed and rated, and why."""
    api = AdminApi.here()
    visited_cso, identity = (_sender(api, name), name) if cdr_id is None else (name, cdr_id)
    found = api.get("clearing", f"/cdrs/{quoted(visited_cso)}/{quoted(identity)}")
    if as_json:
        show_json(found)
    else:
        show_cdr(console, found)


def _sender(api: AdminApi, cdr_id: str) -> str:
    """Return the only CSO that sent a CDR of this id.

    Raises:
        NotFound, Conflict: when there is none, or more than one.
    """
    senders = [each["visited_cso"] for each in api.get("clearing", "/cdrs", id=cdr_id)["cdrs"]]
    if not senders:
        raise NotFound(f"no CDR {cdr_id} was cleared; of one that waits its CSO has to be named: show CSO {cdr_id}")
    if len(senders) > 1:
        raise Conflict(f"{', '.join(senders)} each sent a CDR {cdr_id}: show {senders[0]} {cdr_id}")
    return str(senders[0])


@app.command("list")
def list_all(
    *,
    cso: Annotated[str | None, typer.Option(help="Only of this visited-CSO.")] = None,
    csp: Annotated[str | None, typer.Option(help="Only of this home-CSP.")] = None,
    verdict: Annotated[str | None, typer.Option(help="Only ACCEPTED, FLAGGED, DISPUTED or REJECTED.")] = None,
    code: Annotated[str | None, typer.Option(help="Only with this finding, as in TOTAL_MISMATCH.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="The most to show.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List cleared CDRs."""
    wanted = {"cso": cso, "csp": csp, "verdict": verdict, "code": code}
    query: dict[str, str | int] = {name: value for name, value in wanted.items() if value}
    found = AdminApi.here().get("clearing", "/cdrs", limit=limit, **query)
    if as_json:
        show_json(found)
        return
    show_rows([summary(each) for each in found["cdrs"]], COLUMNS, "No such CDR was cleared yet.")
    if found["next"]:
        say(f"\nThere are more than {limit}.")


MISSING = {
    "missing_since": "missing since",
    "session_id": "session",
    "visited_cso": "visited-CSO",
    "home_csp": "home-CSP",
    "ended_at": "ended",
    "kwh": "kWh",
}


@app.command()
def missing(
    *,
    cso: Annotated[str | None, typer.Option(help="Only of this visited-CSO.")] = None,
    csp: Annotated[str | None, typer.Option(help="Only of this home-CSP.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="The most to show.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List sessions that ended and have no CDR after the agreed time; of one CSO also gaps in its CDRs' numbers."""
    query: dict[str, str | int] = {name: value for name, value in (("cso", cso), ("csp", csp)) if value}
    api = AdminApi.here()
    found = api.get("clearing", "/missing-cdrs", limit=limit, **query)
    numbering = api.get("clearing", f"/numbering/{quoted(cso)}") if cso else None
    if as_json:
        show_json(found | {"numbering": numbering})
        return
    show_rows(found["missing"], MISSING, "No session is without its CDR.")
    if found["next"]:
        say(f"\nThere are more than {limit}.")
    if numbering is not None:
        for line in _numbering(numbering):
            say(line)


def _numbering(found: Mapping[str, Any]) -> list[str]:
    if not found["complete"]:
        return [f"\nIts numbering was not looked at: it has more than {found['cdrs']} CDRs."]
    return [f"\n{each['detail']}" for each in found["gaps"]] or ["\nThere is no gap in its numbering, if it has one."]


@app.command()
def balances() -> None:
    """Show who owes whom."""
    found = AdminApi.here().get("clearing", "/balances")
    columns = {"home_csp": "home-CSP owes", "visited_cso": "visited-CSO", "owed": "amount", "currency": ""}
    show_rows(found["balances"], columns, "Nobody owes anybody anything.")
