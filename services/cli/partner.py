"""`roamwatt partner`: who may roam through this platform."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli import meter_keys, pulls
from services.cli.api import AdminApi, pages, quoted
from services.cli.output import AsJson, say, show_fields, show_json, show_rows
from services.core.errors import BadContent, Unavailable

app = typer.Typer(help="Invite, list, suspend and remove partners.", no_args_is_help=True)
app.command()(pulls.pulls)
app.command()(pulls.resync)
app.add_typer(meter_keys.app, name="meter-keys")

Platform = Annotated[str, typer.Argument(help="Id of its platform; where it was not named, the party's id.")]
Party = Annotated[str, typer.Argument(help="Party id: country code and party id, as in NL-TNM.")]
COLUMNS = {
    "party": "party",
    "name": "name",
    "roles": "roles",
    "status": "status",
    "platform": "platform",
    "connection": "connection",
    "expires": "token expires",
}


@app.command()
def add(
    party: Party,
    name: Annotated[str, typer.Option(help="Its name.")],
    role: Annotated[list[str], typer.Option(help="CSO (operates stations), CSP (has contracts); may be repeated.")],
    platform: Annotated[str | None, typer.Option(help="Id of the platform it shares with other parties.")] = None,
    as_json: AsJson = False,
) -> None:
    """Invite a partner; its registration token is shown once."""
    body: dict[str, Any] = {"party": party, "name": name, "roles": [each.upper() for each in role]}
    api = AdminApi.here()
    invited = api.post("registry", "/partners", body | ({"platform": platform} if platform else {}))
    if as_json:
        show_json(invited)
        return
    show_fields(invited)
    if invited["registration_token"] is None:
        say(f"\n{invited['party']} was invited before: `roamwatt partner token {invited['party']}` gives a new token.")
    else:
        say(f"\nIt registers with this token at {api.deployment.versions_url}")


@app.command()
def token(party: Party, as_json: AsJson = False) -> None:
    """Give a partner a new registration token; the former one is worth nothing from then on."""
    found = AdminApi.here().post("registry", f"/partners/{quoted(party)}/token")
    (show_json if as_json else show_fields)(found)


@app.command("list")
def list_all() -> None:
    """List the partners: what was decided of each (status), and whether its system is registered (connection)."""
    rows = pages(AdminApi.here(), "registry", "/partners", "partners")
    try:
        found = AdminApi.here().get("gateway", "/connections")["connections"]
    except Unavailable:
        # Decisions are the registry's, which has answered.
        shown = [row | {"connection": "? (the gateway does not answer)"} for row in rows]
    else:
        known = {each["party"]: each for each in found}
        shown = [row | {"connection": connection(known.get(row["party"]))} for row in rows]
    show_rows(shown, COLUMNS, "There are no partners: `roamwatt partner add --help`.")


def connection(found: Mapping[str, Any] | None) -> str:
    """Return in words how a party is connected, as the gateway has it; None where it does not know the party."""
    if found is None or not found["registered"]:
        return "not registered"
    offline = found["offline_since"]
    return f"{found['protocol']}, offline since {offline}" if offline else found["protocol"]


@app.command()
def suspend(party: Party) -> None:
    """Stop business with a partner until `resume`."""
    show_fields(AdminApi.here().post("registry", f"/partners/{quoted(party)}/suspend"))


@app.command()
def resume(party: Party) -> None:
    """Take up business with a suspended partner again."""
    show_fields(AdminApi.here().post("registry", f"/partners/{quoted(party)}/resume"))


@app.command()
def connections() -> None:
    """Show who has registered, and whose system does not answer."""
    rows = AdminApi.here().get("gateway", "/connections")["connections"]
    columns = {
        "party": "party",
        "registered": "registered",
        "protocol": "protocol",
        "versions_url": "its OCPI versions",
        "heard_at": "heard of",
        "offline_since": "offline since",
        "failures": "failures in a row",
        "last_error": "last error",
    }
    show_rows(rows, columns, "There are no partners: `roamwatt partner add --help`.")


@app.command()
def options(
    platform: Platform,
    values: Annotated[
        list[str] | None, typer.Argument(help="name=value; name= for the default; name.module=value for a module.")
    ] = None,
) -> None:
    """Show or set what a partner's system needs otherwise than OCPI has it, and what it may ask of us."""
    path = f"/partners/{quoted(platform)}/options"
    api = AdminApi.here()
    found = api.patch("gateway", path, changes(values)) if values else api.get("gateway", path)
    rows = [
        {"option": name, "value": json.dumps(value), "set": "yes" if name in found["set"] else "default"}
        for name, value in found["options"].items()
    ]
    show_rows(rows, {"option": "option", "value": "value", "set": "set"}, "")


Version = Annotated[str | None, typer.Option(help="Version of OCPI; else the newest that both sides have.")]


@app.command()
def connect(
    platform: Platform,
    versions_url: Annotated[str, typer.Option(help="The URL of its versions, as its operator gave it to us.")],
    token_file: Annotated[Path, typer.Option(help="A file with the registration token that its operator gave us.")],
    version: Version = None,
) -> None:
    """Register with a partner, where its operator gave us a registration token rather than we one to it."""
    try:
        token = token_file.read_text().strip()
    except OSError as error:
        raise BadContent(f"{token_file} cannot be read: {error.strerror}") from None
    body = {"versions_url": versions_url, "token": token, "version": version}
    show_fields(AdminApi.here().post("gateway", f"/partners/{quoted(platform)}/connect", body))


@app.command()
def renew(platform: Platform, version: Version = None) -> None:
    """Renew a registration from our side: new tokens for both, its endpoints anew, the newest version of both."""
    show_fields(AdminApi.here().post("gateway", f"/partners/{quoted(platform)}/renew", {"version": version}))


@app.command()
def disconnect(platform: Platform) -> None:
    """End a registration on both sides; the partner stays invited."""
    found = AdminApi.here().post("gateway", f"/partners/{quoted(platform)}/disconnect")
    say(f"{platform} is disconnected.")
    if found["problem"]:
        say(f"It could not be told: {found['problem']}")


@app.command()
def report(party: Party) -> None:
    """Show what a partner finds in its report: what of its CDRs was refused or flagged, and why."""
    found = AdminApi.here().get("gateway", f"/reports/{quoted(party)}")
    columns = {"decided_at": "when", "module": "module", "object_id": "id", "verdict": "verdict", "reasons": "reasons"}
    show_rows(found["refusals"], columns, "Nothing was refused.")


def changes(values: Sequence[str]) -> dict[str, Any]:
    """Return the changes that texts such as `push=false`, `min_tls=` and `requests_per_minute.cdrs=60` ask for.

    Raises:
        BadContent: for a text without a name and an equals sign.
    """
    result: dict[str, Any] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise BadContent(f"{text}: name=value is needed")
        outer, _, inner = name.partition(".")
        if inner:
            held = result.setdefault(outer, {})
            if not isinstance(held, dict):
                raise BadContent(f"{outer}: is given twice")
            held[inner] = _value(outer, value)
        else:
            result[outer] = _value(outer, value)
    return result


def _value(name: str, text: str) -> Any:
    if not text:
        return None
    try:
        # TLS versions look like numbers and are none.
        return text if name == "min_tls" else json.loads(text)
    except ValueError:
        return text
