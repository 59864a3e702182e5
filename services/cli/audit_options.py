"""What `roamwatt audit` can be told."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from services.clearing.audit.codes import Code, Severities, Severity
from services.clearing.rating.zones import zone_of
from services.clearing.reporting.formats import Format
from services.clearing.reporting.parties import NOBODY, Parties
from services.clearing.reporting.rows import CannotReadFile
from services.clearing.reporting.work_folder import BYTES_A_CDR
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


READ: Final = "Files that are read"
REPORT: Final = "The report"
AGREED: Final = "What the two parties agreed on"
UNTOLD: Final = "What the files do not say"
_SEVERITIES: Final = ", ".join(Severity)

Cdrs: TypeAlias = Annotated[
    Path,
    typer.Option(
        show_default=False, metavar="FILE", help="CDRs: JSON, JSON Lines or CSV; .gz too.", rich_help_panel=READ
    ),
]
Tariffs: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Tariffs of OCPI in JSON; again for more files. They are what was agreed.",
        rich_help_panel=READ,
    ),
]
Locations: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Locations of OCPI in JSON, for time zones and connectors' power; again for more files.",
        rich_help_panel=READ,
    ),
]
Sessions: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Sessions of OCPI in JSON, to compare CDRs with, and to find those without a CDR; again for more files.",
        rich_help_panel=READ,
    ),
]
MeterKeys: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="CSV with evse_uid and public_key, to verify signed meter values with; again for more files.",
        rich_help_panel=READ,
    ),
]
Invoice: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="CSV with cdr_id, amount (without tax; or amount_incl_tax) and currency, to compare with.",
        rich_help_panel=READ,
    ),
]
Kind: TypeAlias = Annotated[
    Format,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help=f"Of the CDRs: {', '.join(Format)} (auto looks into the file).",
        rich_help_panel=READ,
    ),
]
Encoding: TypeAlias = Annotated[
    str,
    typer.Option(
        metavar="NAME", help="Of CDRs and of CSV files, where no byte order mark says it.", rich_help_panel=READ
    ),
]
WorkFolder: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help=f"Where temporary files lie, up to {BYTES_A_CDR} bytes a CDR; without it in the machine's own place.",
        rich_help_panel=READ,
    ),
]
TextFile: TypeAlias = Annotated[
    Path | None, typer.Option("--text", metavar="FILE", help="Write as text what is printed.", rich_help_panel=REPORT)
]
JsonFile: TypeAlias = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Write it as JSON.", rich_help_panel=REPORT)
]
HtmlFile: TypeAlias = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write it as one page with plots.", rich_help_panel=REPORT)
]
FindingsFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--findings", metavar="FILE", help="Write the findings as CSV, a line each.", rich_help_panel=REPORT),
]
Least: TypeAlias = Annotated[
    Severity,
    typer.Option(
        "--findings-from",
        metavar="SEVERITY",
        help=f"The mildest that --findings has: {_SEVERITIES}.",
        rich_help_panel=REPORT,
    ),
]
Worst: TypeAlias = Annotated[
    int,
    typer.Option(
        min=0,
        max=500,
        metavar="COUNT",
        help="So many of the worst cases of each currency are explained.",
        rich_help_panel=REPORT,
    ),
]
FailOn: TypeAlias = Annotated[
    Severity | None,
    typer.Option(
        metavar="SEVERITY",
        help=f"Exit with 3 where something of this severity or worse was found: {_SEVERITIES}.",
        rich_help_panel=REPORT,
    ),
]
Quiet: TypeAlias = Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.", rich_help_panel=REPORT)]
Tolerance: TypeAlias = Annotated[
    Decimal,
    typer.Option(
        parser=amount,
        metavar="AMOUNT",
        help="How far a total may lie from our price, in its currency.",
        rich_help_panel=AGREED,
    ),
]
Mode: TypeAlias = Annotated[
    RoundingMode,
    typer.Option(metavar="MODE", help=f"How our price is rounded: {', '.join(RoundingMode)}.", rich_help_panel=AGREED),
]
Digits: TypeAlias = Annotated[
    int,
    typer.Option(min=0, max=8, metavar="COUNT", help="Digits after the point of our price.", rich_help_panel=AGREED),
]
PerLine: TypeAlias = Annotated[
    bool, typer.Option("--per-line", help="Round each line, not only the totals.", rich_help_panel=AGREED)
]
Agreed: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--severity",
        metavar="CODE=SEVERITY",
        help="Another severity for a code, as in TOTAL_MISMATCH=DISPUTE; again for more.",
        rich_help_panel=AGREED,
    ),
]
MissingAfter: TypeAlias = Annotated[
    int,
    typer.Option(
        min=0,
        max=87_600,
        metavar="HOURS",
        help="So long after its end a session without a CDR is missing one (with --sessions).",
        rich_help_panel=AGREED,
    ),
]
Assumed: TypeAlias = Annotated[
    str | None,
    typer.Option("--assume-tariff", metavar="ID", help="The tariff of CDRs that name none.", rich_help_panel=UNTOLD),
]
TimeZone: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Of locations that do not say theirs, as in Europe/Brussels.", rich_help_panel=UNTOLD
    ),
]
Cso: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="CC-PPP", help=f"Who sent CDRs that do not say it; without it {NOBODY.cso}.", rich_help_panel=UNTOLD
    ),
]
Csp: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="CC-PPP", help=f"Whom CDRs are for that do not say it; without it {NOBODY.csp}.", rich_help_panel=UNTOLD
    ),
]


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
