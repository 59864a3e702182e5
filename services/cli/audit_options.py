"""What `roamwatt audit` can be told."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from services.clearing.audit.codes import Code, Severities, Severity
from services.clearing.rating.zones import zone_of
from services.clearing.reporting.formats import Format
from services.clearing.reporting.parties import NOBODY, Parties
from services.clearing.reporting.rows import CannotReadFile
from services.core.errors import BadContent, RoamwattError
from services.core.money import OutOfRange, RoundingMode, quantize8
from services.core.party import PartyId


class BadOption(RoamwattError):
    """An option that cannot be taken as it is."""


def amount(given: str | Decimal) -> Decimal:
    """Return an amount of money of at least 0; the parser of an option is given its default too."""
    try:
        found = quantize8(Decimal(given))
    except (ArithmeticError, OutOfRange):
        found = Decimal(-1)
    if found < 0:
        raise typer.BadParameter(f"{given} is no amount")
    return found


Cdrs: TypeAlias = Annotated[
    Path, typer.Option(show_default=False, help="File with CDRs: JSON, JSON Lines or CSV; .gz too.")
]
Tariffs: TypeAlias = Annotated[
    list[Path] | None, typer.Option(help="File with tariffs of OCPI in JSON; again for more. They are what was agreed.")
]
Locations: TypeAlias = Annotated[
    list[Path] | None, typer.Option(help="File with locations of OCPI in JSON: time zones, and connectors' power.")
]
Sessions: TypeAlias = Annotated[list[Path] | None, typer.Option(help="File with sessions of OCPI in JSON.")]
MeterKeys: TypeAlias = Annotated[
    list[Path] | None, typer.Option(help="CSV with evse_uid and public_key, to verify signed meter values with.")
]
Invoice: TypeAlias = Annotated[Path | None, typer.Option(help="CSV with cdr_id, amount and currency, to compare with.")]
Kind: TypeAlias = Annotated[Format, typer.Option("--format", help="Of the CDRs.")]
TextFile: TypeAlias = Annotated[Path | None, typer.Option("--text", help="Write the report as text.")]
JsonFile: TypeAlias = Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")]
HtmlFile: TypeAlias = Annotated[Path | None, typer.Option("--html", help="Write the report as one page with plots.")]
FindingsFile: TypeAlias = Annotated[
    Path | None, typer.Option("--findings", help="Write every finding as CSV, a line each.")
]
Least: TypeAlias = Annotated[Severity, typer.Option("--findings-from", help="The mildest that --findings has.")]
TimeZone: TypeAlias = Annotated[str | None, typer.Option(help="Of locations that do not say theirs: Europe/Brussels.")]
Tolerance: TypeAlias = Annotated[
    Decimal, typer.Option(parser=amount, metavar="AMOUNT", help="How far a total may lie from our price.")
]
Mode: TypeAlias = Annotated[RoundingMode, typer.Option(help="How a half is rounded.")]
Digits: TypeAlias = Annotated[int, typer.Option(min=0, max=8, help="Digits after the point.")]
PerLine: TypeAlias = Annotated[bool, typer.Option("--per-line", help="Round each line, not only the totals.")]
Agreed: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--severity", metavar="CODE=SEVERITY", help="Another severity for a code; again for more."),
]
Assumed: TypeAlias = Annotated[
    str | None, typer.Option("--assume-tariff", metavar="ID", help="The tariff of CDRs that name none.")
]
Cso: TypeAlias = Annotated[str | None, typer.Option(metavar="CC-PPP", help="Who sent CDRs that do not say it.")]
Csp: TypeAlias = Annotated[str | None, typer.Option(metavar="CC-PPP", help="Whom CDRs are for that do not say it.")]
Encoding: TypeAlias = Annotated[str, typer.Option(help="Of CDRs and of CSV files, where no byte order mark says it.")]
Worst: TypeAlias = Annotated[int, typer.Option(min=0, max=500, help="So many cases of each currency are explained.")]
MissingAfter: TypeAlias = Annotated[
    int,
    typer.Option(
        min=0, max=87_600, help="Hours after a session's end from which on its CDR is missing (with --sessions)."
    ),
]
FailOn: TypeAlias = Annotated[
    Severity | None, typer.Option(help="Exit with 3 where something of this severity or worse was found.")
]
WorkFolder: TypeAlias = Annotated[Path | None, typer.Option(help="Where temporary files lie, about 250 bytes a CDR.")]
Quiet: TypeAlias = Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")]


def severities(agreed: Sequence[str]) -> Severities:
    """Return what `CODE=SEVERITY` says.

    Raises:
        BadOption: when there is no such code or severity.
    """
    found: dict[Code, Severity] = {}
    for each in agreed:
        code, _, severity = each.upper().partition("=")
        try:
            found[Code[code.strip()]] = Severity[severity.strip()]
        except KeyError as error:
            raise BadOption(
                f"--severity {each}: it is CODE=SEVERITY, the severity one of {', '.join(Severity)}; "
                "services/clearing/README.md lists the codes"
            ) from error
    return found


def parties(cso: str | None, csp: str | None) -> Parties:
    """Return the parties of CDRs that name none.

    Raises:
        BadOption: when one is no party id.
    """
    try:
        return Parties(
            NOBODY.cso if cso is None else PartyId.parse(cso), NOBODY.csp if csp is None else PartyId.parse(csp)
        )
    except BadContent as error:
        raise BadOption(f"--cso, --csp: {error}") from error


def checked_zone(name: str | None) -> str | None:
    """Return a time zone's name.

    Raises:
        CannotReadFile: when there is no such time zone.
    """
    if name is not None and zone_of(name) is None:
        raise CannotReadFile(f"there is no time zone {name}")
    return name
