"""`roamwatt dlq`: what services could not process."""

from base64 import urlsafe_b64decode
from typing import Annotated

import typer

from services.cli.api import AdminApi, quoted
from services.cli.output import complain, say, show_fields, show_rows
from services.core.errors import RoamwattError
from services.runtime.avro import Codec
from services.runtime.embedded.service_processes import CATALOGUE, NAMES

app = typer.Typer(help="Look at dead letters: records that a service could not process.", no_args_is_help=True)

COLUMNS = {
    "id": "id",
    "dead_lettered_at": "when",
    "service": "service",
    "source_topic": "topic",
    "source_partition": "partition",
    "source_offset": "offset",
    "reason_code": "code",
    "reason": "reason",
}


@app.command("list")
def list_all(
    service: Annotated[str | None, typer.Option(help="Only those of one service.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="The most of each service, newest first.")] = 20,
) -> None:
    """List dead letters with where they came from and why; their content is sealed."""
    api, rows, unknown = AdminApi.here(), [], 0
    for name in [service] if service else [each for each in NAMES if each != CATALOGUE]:
        try:
            letters = api.get(name, "/dead-letters", limit=limit)["dead_letters"]
        except RoamwattError as error:
            complain(str(error))
            unknown += 1
            continue
        rows += [letter | {"service": name} for letter in letters]
    show_rows(sorted(rows, key=lambda row: str(row["dead_lettered_at"]), reverse=True), COLUMNS, "No dead letters.")
    if unknown:
        say("\nSome services did not answer; there may be more.")
        raise typer.Exit(1)


@app.command()
def show(
    service: Annotated[str, typer.Argument(help="The service that kept it.")],
    letter: Annotated[str, typer.Argument(metavar="ID", help="As `roamwatt dlq list` shows it.")],
) -> None:
    """Open one dead letter through the gateway and print what it says: possibly personal data."""
    api = AdminApi.here()
    found = api.get(service, f"/dead-letters/{quoted(letter)}")
    opened = api.post("gateway", "/dead-letters/open", {"sealed": found["sealed"]})
    show_fields({heading: found[name] for name, heading in COLUMNS.items() if name in found})
    complain("what follows may be personal data: look at it, and keep no copy")
    say(content_of(str(found["source_topic"]), urlsafe_b64decode(opened["content"])))


def content_of(topic: str, content: bytes) -> str:
    """Return a record's content as JSON where it is a record of its topic, else in hexadecimal."""
    try:
        return Codec().decode(topic, content).model_dump_json(indent=2)
    except (RoamwattError, KeyError, ValueError):
        return f"not a record of {topic}, {len(content)} bytes: {content.hex()}"
