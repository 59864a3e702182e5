"""`roamwatt replay FILE`: drives a city's charging sessions through the running platform as its partner would."""

import json
import random
import string
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from services.cli import replay_report as report
from services.cli.replay_run import Order, run
from services.core.errors import RoamwattError
from services.core.party import PartyId
from services.exports.files import Imported, ImportedSession, read
from services.exports.objects import City, Prices
from services.exports.times import london
from services.runtime.embedded import signals
from services.runtime.embedded.deployment import Deployment

INTERRUPTED = 130


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        raise typer.BadParameter(f"{text} is no price")
    return number


File = Annotated[
    Path,
    typer.Argument(exists=True, dir_okay=False, show_default=False, help="An export as its operator published it."),
]
Price = Annotated[Decimal, typer.Option(parser=_number, metavar="PRICE", help="Without VAT.")]
Percent = Annotated[Decimal, typer.Option(parser=_number, metavar="PERCENT")]
Limit = Annotated[int | None, typer.Option(min=1, show_default=False, help="Only so many rows, in order of time.")]
FirstDay = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], show_default=False, help="First local day.")
]
LastDay = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], show_default=False, help="Last local day.")]
Concurrency = Annotated[int, typer.Option(min=1, max=512, help="Requests in flight.")]
Wait = Annotated[float, typer.Option(min=1, help="For verdicts, while none comes.")]
Party = Annotated[str | None, typer.Option(metavar="CC-PPP", show_default=False, help="A new party by default.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")]


def replay(
    file: File,
    *,
    price_per_kwh: Price = Decimal("0.25"),
    price_per_hour: Price = Decimal(0),
    price_per_session: Price = Decimal(0),
    vat_percent: Percent = Decimal(20),
    currency: str = "GBP",
    limit: Limit = None,
    since: FirstDay = None,
    until: LastDay = None,
    concurrency: Concurrency = 64,
    wait_seconds: Wait = 120,
    cso: Party = None,
    csp: Party = None,
    as_json: AsJson = False,
) -> None:
    """Replay a city operator's export: every row ends as accepted, flagged or rejected."""
    console = Console(highlight=False, stderr=as_json)
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            imported = read(lines)
        prices = Prices(currency.upper(), price_per_kwh, price_per_hour, price_per_session, vat_percent)
        parties = PartyId.parse(cso) if cso else _new_party(), PartyId.parse(csp) if csp else _new_party()
        rows = chosen(imported, since.date() if since else None, until.date() if until else None, limit)
        order = Order(imported, rows, City(*parties, imported.format, prices), concurrency, wait_seconds)
        console.print(f"{imported.format.name}: {imported.rows:,} rows read, {len(rows):,} to send as {parties[0]}")
        for sentence in report.not_sent(imported):
            console.print(escape(sentence))
        with signals.raising():
            outcome = signals.run(run(order, Deployment.load(), console))
    except (RoamwattError, ExceptionGroup, OSError, ValueError) as error:
        console.print(f"[red]The replay stopped:[/] {escape(str(error))}")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        console.print("\nStopped; what was acknowledged is cleared all the same.")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print(json.dumps(report.as_json(outcome), indent=2))
    else:
        console.print(report.as_tables(outcome))
    raise typer.Exit(0 if outcome.is_complete else 1)


def chosen(
    imported: Imported, since: date | None, until: date | None, limit: int | None
) -> tuple[ImportedSession, ...]:
    """The rows whose session starts on these local days (both inclusive), in order of time, at most `limit`."""
    found = [
        each
        for each in imported.sessions
        if (since is None or each.started_at.astimezone(london()).date() >= since)
        and (until is None or each.started_at.astimezone(london()).date() <= until)
    ]
    return tuple(sorted(found, key=lambda each: (each.started_at, each.line))[:limit])


def _new_party() -> PartyId:
    return PartyId("GB", "".join(random.choices(string.ascii_uppercase + string.digits, k=3)))
