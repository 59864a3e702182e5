"""`roamwatt recover`: an operator's choice when Kafka and PostgreSQL disagree."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from services.cli.api import AdminApi
from services.cli.output import console, say, show_rows

LANE_COLUMNS = {
    "lane": "lane",
    "epoch": "epoch",
    "published_sequence": "published, says Kafka",
    "head_sequence": "handed out, says PostgreSQL",
    "held": "still in the outbox",
    "difference": "difference",
}
PARTITION_COLUMNS = {
    "topic": "topic",
    "partition": "partition",
    "stored_position": "stored position",
    "first_offset": "log begins",
    "end_offset": "log ends",
    "difference": "difference",
}


def recover(
    service: Annotated[str, typer.Argument(help="registry, authorization, sessions, clearing or gateway.")],
    outbox: Annotated[
        str | None,
        typer.Option(
            help="`republish` sends all that lanes which differ still hold (may double), `skip` none of it; `keep` is "
            "enough where none differs."
        ),
    ] = None,
    inbox: Annotated[
        str | None, typer.Option(help="Where to read on when the log is another: `beginning` or `end`.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Explain why a service is halted, and carry out what you choose.

    Without `--outbox` and `--inbox` it only explains: what differs between Kafka and PostgreSQL, and on which topics
    events may be missing or double after each choice. Other replicas of the service may stay up.
    """
    api = AdminApi.here()
    found = api.get(service, "/recover")
    _explain(found)
    if not (found["halted"] or found["partitions"] or any(lane["difference"] for lane in found["lanes"])):
        say(f"\n{service} is not halted and nothing differs: there is nothing to recover.")
        return
    if outbox is None and inbox is None:
        say(f"\nChoose: {_options(found)}.")
        raise typer.Exit(1)
    choice = {"outbox": outbox or "keep", "inbox": inbox or "keep"}
    if not yes:
        typer.confirm(f"\nRecover {service} with outbox={choice['outbox']}, inbox={choice['inbox']}?", abort=True)
    _explain(api.post(service, "/recover", choice))
    say(f"\nRecovered; {service} goes on by itself. `roamwatt status` shows it.")


def _options(found: Mapping[str, Any]) -> str:
    """The options that have to be given."""
    lanes = any(lane["difference"] for lane in found["lanes"])
    wanted = ["--outbox republish or --outbox skip"] if lanes else []
    wanted += ["--inbox beginning or --inbox end"] if found["partitions"] else []
    return ", and ".join(wanted) or "--outbox keep, since nothing differs any more"


def _explain(found: Mapping[str, Any]) -> None:
    say(f"{found['service']}: {found['halted'] or 'not halted'}")
    if found["stored_cluster"] != found["cluster"]:
        say(f"Its data belongs to Kafka cluster {found['stored_cluster']}; this one is {found['cluster']}.")
    console.print("\n[bold]Outbox[/]")
    show_rows(found["lanes"], LANE_COLUMNS, "no lanes")
    if found["partitions"]:
        console.print("\n[bold]Inbox[/]")
        show_rows(found["partitions"], PARTITION_COLUMNS, "")
    for choice in found["choices"]:
        say(f"- {choice}")
