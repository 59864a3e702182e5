"""`roamwatt partner pulls` and `resync`: what is read from partners' lists, how far, and doing it now."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from services.cli.api import AdminApi, quoted
from services.cli.output import AsJson, age, say, show_json, show_rows
from services.core.errors import RoamwattError, Unavailable

POLL_SECONDS = 1.0
COLUMNS = {
    "partner": "partner",
    "module": "module",
    "situation": "situation",
    "read": "read",
    "new": "new",
    "changed": "changed",
    "wrong": "wrong",
    "in_line": "whole",
    "next": "next",
}

Platform = Annotated[str, typer.Argument(help="Id of its platform; where it was not named, the party's id.")]


class NotInLine(RoamwattError):
    """A list could not be read to its end."""


def pulls(
    of: Annotated[str | None, typer.Argument(help="Only those of this platform or party.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show which lists of partners are read, how far each is, and what is in the way."""
    found = AdminApi.here().get("gateway", "/pulls", **({"of": of} if of else {}))
    if as_json:
        show_json(found)
        return
    now = datetime.now(UTC)
    show_rows([line(row, now) for row in found["pulls"]], COLUMNS, "Nothing is pulled: no partner has a list for us.")
    for row in found["pulls"]:
        if hindrance(row):
            say(f"\n{row['partner']} {row['module']}: {hindrance(row)}")


def resync(
    platform: Platform,
    *,
    module: Annotated[str | None, typer.Option(help="Only locations, tariffs, tokens, sessions or cdrs.")] = None,
    full: Annotated[
        bool, typer.Option(help="Read its whole lists anew, and find what is not in them any more.")
    ] = False,
    accept_removals: Annotated[
        bool, typer.Option(help="With --full: take its lists as they are, however much is gone.")
    ] = False,
    outgoing: Annotated[bool, typer.Option(help="The other way: deliver again what it may see.")] = False,
    wait: Annotated[bool, typer.Option(help="Show how far it is until it is done.")] = False,
) -> None:
    """Bring a partner's objects here in line with its lists now, or ours there with `--outgoing`."""
    api = AdminApi.here()
    asked = {"module": module, "full": full, "accept_removals": accept_removals, "outgoing": outgoing}
    begun = api.post("gateway", f"/partners/{quoted(platform)}/resync", asked)
    if outgoing:
        show_rows(begun["deliveries"], {"partner": "to", "owner": "of", "module": "module"}, "")
        say("\nThese are queued again: `roamwatt deliveries` shows what waits.")
        return
    show_rows(begun["pulls"], {"partner": "partner", "module": "module"}, "")
    if wait:
        _watch(api, platform, begun)
    else:
        say(f"\nThese are read now: `roamwatt partner pulls {platform}` shows how far.")


def line(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return a list as a row of the table."""
    read = "-" if row["objects"] is None else f"{row['objects']}" + (f" of {row['total']}" if row["total"] else "")
    whole = row["full_completed_at"]
    return {
        **row,
        "read": read,
        "in_line": age(whole, now) if whole else "never",
        "next": until(row["due_at"], now),
    }


def hindrance(row: Mapping[str, Any]) -> str:
    """Return what keeps a list from being in line, and what an operator may do about it; empty: nothing."""
    if row["doubt"]:
        command = f"roamwatt partner resync {row['platform']} --module {row['module']} --full --accept-removals"
        return f"{row['doubt']}; `{command}` takes that for true"
    if row["failures"]:
        return f"{row['last_error']} ({row['failures']} in a row)"
    return row["last_error"] or ""


def until(then: str, now: datetime) -> str:
    """Return how long it is until a time."""
    seconds = (datetime.fromisoformat(then) - now).total_seconds()
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"in {seconds // size:.0f} {name}"
    return f"in {seconds:.0f} s" if seconds > 0 else "now"


def _watch(api: AdminApi, platform: str, begun: Mapping[str, Any]) -> None:
    """Print how far the lists are until all were read.

    Raises:
        NotInLine: when what is left of them cannot be read at the moment; it is tried again all the same.
    """
    asked_at, said = datetime.fromisoformat(begun["asked_at"]), dict[str, str]()
    names = {(each["partner"], each["module"]) for each in begun["pulls"]}
    while True:
        rows = [each for each in _rows(api, platform) if (each["partner"], each["module"]) in names]
        left = [each for each in rows if not _is_read(each, asked_at)]
        for row in rows:
            name, news = f"{row['partner']} {row['module']}", progress(row, done=row not in left)
            if said.get(name) != news:
                said[name] = news
                say(f"{name}: {news}")
        if rows and not left:
            return
        if rows and all(row["situation"] in {"FAILING", "NOT ASKED FOR"} for row in left):
            raise NotInLine(f"{len(left)} lists cannot be read at the moment; they are tried again by themselves")
        time.sleep(POLL_SECONDS)


def _rows(api: AdminApi, platform: str) -> Sequence[Mapping[str, Any]]:
    try:
        found: Sequence[Mapping[str, Any]] = api.get("gateway", "/pulls", of=platform)["pulls"]
    except Unavailable:
        return ()
    return found


def _is_read(row: Mapping[str, Any], asked_at: datetime) -> bool:
    done = row["completed_at"]
    return done is not None and datetime.fromisoformat(done) > asked_at


def progress(row: Mapping[str, Any], *, done: bool) -> str:
    """Return how far a list is, in a sentence."""
    if not done and row["situation"] in {"FAILING", "NOT ASKED FOR"}:
        return hindrance(row)
    if not done and row["situation"] == "DUE":
        return "waits for its turn"
    share = f" of {row['total']}" if row["total"] else ""
    counts = f"{row['new'] or 0} new, {row['changed'] or 0} changed, {row['wrong'] or 0} wrong"
    doubt = f"; {hindrance(row)}" if done and row["doubt"] else ""
    return f"{'done, ' if done else ''}{row['objects'] or 0}{share} read, {counts}{doubt}"
