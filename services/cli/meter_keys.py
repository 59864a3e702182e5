"""`roamwatt partner meter-keys`: the public keys that signed readings of a CSO's meters are verified with."""

import csv
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.api import AdminApi
from services.cli.output import say, show_rows
from services.core.errors import BadContent

app = typer.Typer(help="Register, list and remove the public keys of a CSO's meters.", no_args_is_help=True)

BATCH = 1_000
COLUMNS = {"visited_cso": "CSO", "evse_uid": "EVSE", "public_key": "public key", "registered_at": "registered"}
Party = Annotated[str, typer.Argument(help="The CSO, as in FR-CSO.")]


@app.command()
def add(
    party: Party,
    evse: Annotated[str | None, typer.Argument(help="The uid of its EVSE.")] = None,
    key: Annotated[str | None, typer.Argument(help="The meter's public key: hexadecimal, base64 or PEM.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="CSV with the columns evse_uid and public_key, instead of EVSE and key.")
    ] = None,
) -> None:
    """Register public keys; those that are registered already change nothing."""
    if (file is None) == (evse is None or key is None):
        raise BadContent("give an EVSE and its key, or --file")
    keys = [{"evse_uid": evse, "public_key": key}] if file is None else read(file)
    api, registered = AdminApi.here(), 0
    for begin in range(0, len(keys), BATCH):
        body = {"visited_cso": party, "keys": keys[begin : begin + BATCH]}
        registered += api.post("clearing", "/meter-keys", body)["registered"]
    say(f"{registered} registered, {len(keys) - registered} were already.")


@app.command("list")
def list_all(
    party: Annotated[str | None, typer.Argument(help="The CSO, as in FR-CSO; else all.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="The most to show.")] = 50,
) -> None:
    """List the registered keys."""
    query: dict[str, str | int] = {"cso": party} if party else {}
    found = AdminApi.here().get("clearing", "/meter-keys", limit=limit, **query)
    show_rows(found["keys"], COLUMNS, "No key is registered: `roamwatt partner meter-keys add --help`.")
    if found["next"]:
        say(f"\nThere are more than {limit}.")


@app.command()
def remove(
    party: Party,
    evse: Annotated[str, typer.Argument(help="The uid of its EVSE.")],
    key: Annotated[str | None, typer.Argument(help="The key; without one, all of the EVSE.")] = None,
) -> None:
    """Remove keys; CDRs that come from now on are not verified with them."""
    body = {"visited_cso": party, "evse_uid": evse, "public_key": key}
    removed = AdminApi.here().post("clearing", "/meter-keys/remove", body)["removed"]
    say(f"{removed} removed.")


def read(file: Path) -> list[dict[str, Any]]:
    """Return the keys in a CSV file.

    Raises:
        BadContent: when it cannot be read, lacks a column or holds no key.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = [{name: row[name] for name in ("evse_uid", "public_key")} for row in csv.DictReader(lines)]
    except OSError as error:
        raise BadContent(f"{file} cannot be read: {error.strerror}") from None
    except KeyError as error:
        raise BadContent(f"{file} has no column {error.args[0]}") from None
    except (UnicodeDecodeError, csv.Error):
        raise BadContent(f"{file} is no CSV in UTF-8") from None
    if not rows:
        raise BadContent(f"{file} holds no key")
    return rows
