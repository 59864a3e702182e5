"""`roamwatt deliveries`: what waits for partners, since when and why, and what to do about it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from services.cli.api import AdminApi, quoted
from services.cli.output import AsJson, age, say, show_json, show_rows
from services.core.errors import BadContent

app = typer.Typer(
    help="See what waits for partners and why; retry, deliver again, give up.", invoke_without_command=True
)

Partner = Annotated[str, typer.Option(help="The party that it is for, as in NL-TNM.")]
Module = Annotated[str | None, typer.Option(help="Only locations, tariffs, tokens, sessions or cdrs.")]
Id = Annotated[
    str | None, typer.Argument(metavar="[ID]", help="One delivery; the digits that the list shows are enough.")
]
TOTALS = {
    "partner": "partner",
    "waiting": "waiting",
    "parked": "parked",
    "oldest": "oldest",
    "hindrance": "what is in the way",
}
COLUMNS = {
    "id": "id",
    "partner": "for",
    "module": "module",
    "owner": "of",
    "object_id": "object",
    "age": "queued",
    "tries": "tries",
    "last_error": "last answer",
    "why": "why it is here",
}
_SHOWN_DIGITS = 8


@app.callback()
def deliveries(
    context: typer.Context,
    *,
    partner: Annotated[str | None, typer.Option(help="Only those for this party.")] = None,
    module: Module = None,
    state: Annotated[str | None, typer.Option(help="Only WAITING or PARKED.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The most to show, the oldest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """See what waits for partners, since when and why, and what was parked with which answer."""
    if context.invoked_subcommand is not None:
        return
    wanted = {"partner": partner, "module": module, "state": state.upper() if state else None}
    query: dict[str, str | int] = {name: value for name, value in wanted.items() if value}
    found = AdminApi.here().get("gateway", "/deliveries", limit=limit, **query)
    if as_json:
        show_json(found)
        return
    if not found["totals"]:
        say("Nothing waits.")
        return
    now = datetime.now(UTC)
    show_rows(by_partner(found["totals"], now), TOTALS, "")
    say("")
    show_rows([line(row, now) for row in found["deliveries"]], COLUMNS, "")
    everything = sum(each["deliveries"] for each in found["totals"] if wanted["state"] in {None, each["state"]})
    if everything > len(found["deliveries"]):
        say(f"\nThe oldest {len(found['deliveries'])} of {everything}; --limit shows more.")


@app.command()
def retry(
    delivery: Id = None,
    *,
    partner: Annotated[str | None, typer.Option(help="All that waits or is parked for this party.")] = None,
    module: Module = None,
) -> None:
    """Send one delivery, or all of a partner, at once; what was parked too."""
    if _is_one(delivery, partner):
        AdminApi.here().post("gateway", f"/deliveries/{quoted(delivery or '')}/retry")
        say("It is sent now. `roamwatt deliveries` shows what came of it.")
        return
    found = AdminApi.here().post("gateway", "/deliveries/retry", _meant(partner, module))
    say(f"{found['retried']} are sent now, as fast as {partner} takes them.")


@app.command("give-up")
def give_up(
    delivery: Id = None,
    *,
    partner: Annotated[str | None, typer.Option(help="All for this party; --module is needed then.")] = None,
    module: Module = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """End deliveries that nobody is going to take; their senders read so in their reports of refusals."""
    is_one = _is_one(delivery, partner)
    what = f"delivery {delivery}" if is_one else f"all {module or '?'} for {partner}"
    if not yes:
        typer.confirm(f"Give up {what}?", abort=True)
    api = AdminApi.here()
    if is_one:
        api.post("gateway", f"/deliveries/{quoted(delivery or '')}/give-up")
        say("Given up.")
        return
    ended, more = 0, True
    while more:
        found = api.post("gateway", "/deliveries/give-up", _meant(partner, module))
        ended, more = ended + found["given_up"], found["more"]
    say(f"Given up: {ended}.")


@app.command()
def resync(partner: Partner, module: Module = None) -> None:
    """Deliver again whatever a partner may see: locations, tariffs, tokens, sessions; not CDRs, which it can list."""
    found = AdminApi.here().post("gateway", "/deliveries/resync", _meant(partner, module))
    show_rows(found["begun"], {"owner": "of", "module": "module"}, "")
    say(f"\nAll of it is queued for {partner}, page by page; `roamwatt deliveries` shows what waits.")


@app.command()
def modes(
    visited_cso: Annotated[str, typer.Argument(help="The CSO of an agreement.")],
    home_csp: Annotated[str, typer.Argument(help="Its CSP.")],
    values: Annotated[list[str] | None, typer.Argument(help="module=STORED, module=ONCE or module=NONE.")] = None,
) -> None:
    """Show or set how each module is delivered under an agreement.

    STORED: kept until it is taken or refused (the default). ONCE: tried once, within a minute, as OCPI has it; who was
    away lists it. NONE: not pushed at all; the receiver lists it.
    """
    path, api = f"/deliveries/modes/{quoted(visited_cso)}/{quoted(home_csp)}", AdminApi.here()
    pairs = [text.partition("=") for text in values or ()]
    change = {module: mode.upper() or None for module, _, mode in pairs}
    found = api.patch("gateway", path, change) if change else api.get("gateway", path)
    show_rows(
        [{"module": module, "mode": mode} for module, mode in found["modes"].items()],
        {"module": "module", "mode": "delivered"},
        "",
    )


def by_partner(totals: Sequence[Mapping[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """Return one line for each partner, of totals by partner and state."""
    lines: dict[str, dict[str, Any]] = {}
    for each in totals:
        empty = {"partner": each["partner"], "waiting": 0, "parked": 0, "oldest_queued_at": each["oldest_queued_at"]}
        found = lines.setdefault(each["partner"], empty)
        found[each["state"].lower()] = each["deliveries"]
        found["oldest_queued_at"] = min(found["oldest_queued_at"], each["oldest_queued_at"])
        found["hindrance"] = ": ".join(filter(None, (each["hindrance"], each["partner_error"]))) or "nothing"
    return [found | {"oldest": age(found["oldest_queued_at"], now)} for found in lines.values()]


def line(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return a delivery as it is shown."""
    return {**row, "id": row["delivery_id"][:_SHOWN_DIGITS], "age": age(row["queued_at"], now)}


def _is_one(delivery: str | None, partner: str | None) -> bool:
    if (delivery is None) == (partner is None):
        raise BadContent("say which: the id of one delivery, or --partner")
    return delivery is not None


def _meant(partner: str | None, module: str | None) -> dict[str, Any]:
    return {"partner": partner} | ({"module": module} if module else {})
