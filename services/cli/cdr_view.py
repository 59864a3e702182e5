"""A cleared CDR for people: its verdict, what was claimed beside what we reckon, what was found, and why."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from services.clearing.rating.zones import zone_of
from services.cli.output import indented
from services.core.clock import in_zone
from services.core.money import EXACT

_CENT: Final = Decimal("0.01")
_COLOURS: Final = {"ACCEPTED": "green", "FLAGGED": "yellow", "DISPUTED": "magenta", "REJECTED": "red"}
_WORSE: Final = {"INFORM": "dim", "FLAG": "yellow", "DISPUTE": "magenta", "REJECT": "red"}


def show_cdr(console: Console, found: Mapping[str, Any]) -> None:
    """Print a CDR as the admin API gives it."""
    verdict = found["verdict"]
    colour = _COLOURS.get(verdict, "bold")
    who = f"{found['cdr_id']} of {found['visited_cso']} for {found['home_csp']}"
    console.print(f"[bold]{escape(who)}[/]: [bold {colour}]{escape(verdict)}[/], {escape(_booked(found))}")
    for line in _circumstances(found):
        console.print(Padding(escape(line), (0, 0, 0, 2), expand=False))
    console.print()
    console.print(_amounts(found))
    _findings(console, found["findings"])
    explanation = found.get("explanation")
    if explanation is not None:
        console.print("\n[bold]How it was rated[/]")
        indented(console, [*_terms(explanation), *explanation["text"]])


def summary(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a CDR as a line of a list."""
    booked = f"{amount(found['amount'])} {found['currency']}"
    started = f"{datetime.fromisoformat(found['started_at']):%m-%d %H:%M}"
    return {**found, "booked": booked, "started": started}


def number(text: str | None) -> str:
    """Return a number without trailing zeros; a dash where there is none."""
    if text is None:
        return "-"
    return f"{Decimal(text).normalize():f}"


def amount(text: str | None) -> str:
    """Return an amount with at least two digits after the point; a dash where there is none."""
    if text is None:
        return "-"
    value = Decimal(text).normalize()
    return f"{value:.2f}" if value == value.quantize(_CENT) else f"{value:f}"


def _booked(found: Mapping[str, Any]) -> str:
    if found["verdict"] in {"DISPUTED", "REJECTED"}:
        return "nothing is booked"
    return f"{amount(found['amount'])} {found['currency']} booked"


def _circumstances(found: Mapping[str, Any]) -> Iterator[str]:
    name = (found.get("explanation") or {}).get("time_zone")
    zone = (None if name is None else zone_of(name)) or UTC
    times = (in_zone(datetime.fromisoformat(found[key]), zone) for key in ("started_at", "ended_at"))
    started, ended = (f"{time:%Y-%m-%d %H:%M:%S %Z}" for time in times)
    place = found.get("location_name") or found["location_id"]
    yield f"{number(found['kwh'])} kWh from {started} to {ended} at {place}"
    session = found.get("session_id")
    yield f"session {session}" if session else "no session named"
    if found.get("credited_by"):
        yield f"taken back by {found['credited_by']}"


def _terms(explanation: Mapping[str, Any]) -> Iterator[str]:
    """Tell by which tariffs and which agreement it was rated, as far as that was kept."""
    for each in explanation.get("tariffs", ()):
        whose = "as the CDR copies it" if each["version"] is None else f"as published, version {each['version']}"
        yield f"Tariff {each['id']}, {whose}"
    agreement = explanation.get("agreement")
    if agreement is not None:
        tolerated = f"{number(explanation['tolerance'])} more or less tolerated"
        yield f"Agreement {agreement['id']}, version {agreement['version']}: {tolerated}"


def _amounts(found: Mapping[str, Any]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 2))
    table.add_column(found["currency"])
    for heading in ("claimed", "by the tariff", "too much"):
        table.add_column(heading, justify="right")
    for name, key in (("total with tax", "incl_tax"), ("total without tax", "excl_tax")):
        table.add_row(name, *_compared(found[f"claimed_total_{key}"], found[f"rated_total_{key}"]))
    for row in (found.get("explanation") or {}).get("compared", ()):
        table.add_row(f"  of it {row['part']}", *_compared(row["claimed"], row["rated"]))
    return table


def _compared(claimed: str | None, rated: str | None) -> tuple[str, str, str]:
    """Return both and by how much too much is claimed; too little is negative."""
    more = None if claimed is None or rated is None else EXACT.subtract(Decimal(claimed), Decimal(rated))
    return amount(claimed), amount(rated), "-" if not more else amount(str(more))


def _findings(console: Console, findings: list[Mapping[str, Any]]) -> None:
    console.print("\n[bold]Findings[/]" if findings else "\nNothing was found.")
    for each in findings:
        style = _WORSE.get(each["severity"], "bold")
        console.print(f"  [{style}]{escape(each['severity']):<8}[/] [bold]{escape(each['code'])}[/]")
        indented(console, [each["detail"]], margin=11)
