"""`roamwatt dlq`: what services could not process."""

from typing import Annotated

import typer

from services.cli.api import AdminApi
from services.cli.output import complain, say, show_rows
from services.core.errors import RoamwattError
from services.runtime.embedded.service_processes import CATALOGUE, NAMES

app = typer.Typer(help="Look at dead letters: records that a service could not process.", no_args_is_help=True)

COLUMNS = {
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
