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
        typer.Option(help="`republish`: send all that the outbox still holds (may double); `skip`: send none of it."),
    ] = None,
    inbox: Annotated[
        str, typer.Option(help="Where to read on when the log is another: `keep`, `beginning` or `end`.")
    ] = "keep",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Explain why a service is halted, and carry out what you choose.

    Without `--outbox` it only explains: what differs between Kafka and PostgreSQL, and on which topics events may be
    missing or double after each choice. Other replicas of the service may stay up.
    """
    api = AdminApi.here()
    found = api.get(service, "/recover")
    _explain(found)
    if not (found["halted"] or found["partitions"] or any(lane["difference"] for lane in found["lanes"])):
        say(f"\n{service} is not halted and nothing differs: there is nothing to recover.")
        return
    if outbox is None:
        say("\nChoose with --outbox republish or --outbox skip, and --inbox where a partition differs.")
        raise typer.Exit(1)
    if not yes:
        typer.confirm(f"\nRecover {service} with outbox={outbox}, inbox={inbox}?", abort=True)
    _explain(api.post(service, "/recover", {"outbox": outbox, "inbox": inbox}))
    say(f"\nRecovered; {service} goes on by itself. `roamwatt status` shows it.")


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
