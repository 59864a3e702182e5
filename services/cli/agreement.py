"""`roamwatt agreement`: which visited-CSO serves the drivers of which home-CSP."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.padding import Padding

from services.cli.api import AdminApi, pages, quoted
from services.cli.output import console, say, show_fields
from services.core.errors import BadContent
from services.core.findings import Code, Severity

app = typer.Typer(help="Conclude, list and end roaming agreements.", no_args_is_help=True)

AgreementId = Annotated[str, typer.Argument(help="Its id, as `list` shows it.")]


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
    rounding: Annotated[str, typer.Option(help="How prices are rounded: HALF_UP, HALF_EVEN or DOWN.")] = "HALF_UP",
    digits: Annotated[int, typer.Option(min=0, max=8, help="Digits that rounding keeps after the point.")] = 2,
    per_line: Annotated[bool, typer.Option("--per-line", help="Round each line, not only the totals.")] = False,
    severity: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CODE=SEVERITY",
            help="What a finding does, as in TOTAL_MISMATCH=DISPUTE: INFORM, FLAG, DISPUTE or REJECT; may be repeated.",
        ),
    ] = None,
    cdr_due_after_hours: Annotated[
        int | None, typer.Option(min=1, help="So long after a session's end its CDR is missing; else clearing's own.")
    ] = None,
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
        "rounding_mode": rounding.upper(),
        "rounding_digits": digits,
        "rounding_per_line": per_line,
        "finding_severities": severities(severity or []),
        "cdr_due_after_hours": cdr_due_after_hours,
        "valid_from": valid_from,
        "valid_until": valid_until,
    }
    show_fields(AdminApi.here().post("registry", "/agreements", terms))


@app.command("list")
def list_all() -> None:
    """List the agreements."""
    found = pages(AdminApi.here(), "registry", "/agreements", "agreements")
    for each in found:
        console.print(f"[bold]{escape(each['agreement_id'])}[/]  {escape(parties(each))}")
        for line in terms_of(each):
            console.print(Padding(escape(line), (0, 0, 0, 2), expand=False))
    if not found:
        say("There are no agreements: `roamwatt agreement add --help`.")


@app.command()
def show(agreement_id: AgreementId) -> None:
    """Show what an agreement says."""
    show_fields(AdminApi.here().get("registry", f"/agreements/{quoted(agreement_id)}"))


@app.command()
def end(agreement_id: AgreementId) -> None:
    """End an agreement now."""
    show_fields(AdminApi.here().post("registry", f"/agreements/{quoted(agreement_id)}/end"))


def severities(values: Sequence[str]) -> dict[str, str]:
    """Return what texts such as `TOTAL_MISMATCH=DISPUTE` say of findings.

    Raises:
        BadContent: for one that names no finding or no severity, or a finding that another names too.
    """
    agreed: dict[str, str] = {}
    for text in values:
        name, _, severity = text.upper().partition("=")
        if name not in set(Code):
            raise BadContent(f"{text}: no such finding; there are {', '.join(Code)}")
        if severity not in set(Severity):
            raise BadContent(f"{text}: no such severity; there are {', '.join(Severity)}")
        if agreed.setdefault(name, severity) != severity:
            raise BadContent(f"{text}: {name} is given twice")
    return agreed


def parties(agreement: Mapping[str, Any]) -> str:
    """Return whose drivers charge where, and whether it still holds."""
    return f"{agreement['home_csp']} at {agreement['visited_cso']}, {agreement['status']}"


def terms_of(agreement: Mapping[str, Any]) -> Iterator[str]:
    """Yield what an agreement says, in a few lines."""
    until = f" until {agreement['valid_until']}" if agreement["valid_until"] else ""
    services = ", ".join(agreement["services"])
    yield f"from {agreement['valid_from']}{until}; {agreement['mode']}; {services}"
    what = "lines" if agreement["rounding_per_line"] else "totals"
    tolerance = f"{Decimal(agreement['total_tolerance']).normalize():f}"
    yield f"tolerance {tolerance}; {what} {agreement['rounding_mode']}, {agreement['rounding_digits']} digits"
    if agreement["cdr_due_after_hours"] is not None:
        yield f"CDRs are missing after {agreement['cdr_due_after_hours']} hours"
    severities = agreement["finding_severities"]
    if severities:
        yield ", ".join(f"{code} {severity}" for code, severity in severities.items())
