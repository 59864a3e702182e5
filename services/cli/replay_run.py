"""Runs a replay: registers the city and its cards' home-CSP, publishes, sends, and waits for every verdict."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.cli import replay_report as report
from services.cli.admin_session import AdminSession, admin_session
from services.cli.replay_parties import connected
from services.cli.replay_partner import Partner
from services.cli.replay_send import Sender, Sent, send_rows
from services.core.errors import BadContent, RoamwattError, Unavailable
from services.exports import objects
from services.exports.files import Imported, ImportedSession
from services.exports.objects import City
from services.runtime.embedded.deployment import Deployment

POLL_SECONDS = 0.25
PUBLISHED_BEFORE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Order:
    """What to replay and how.

    Attributes:
        concurrency: Requests in flight.
        wait_seconds: How long, after the last acknowledgement, verdicts may take while none comes.
    """

    imported: Imported
    rows: tuple[ImportedSession, ...]
    city: City
    concurrency: int
    wait_seconds: float

    @property
    def earliest(self) -> datetime:
        """When the first session starts."""
        return min((row.started_at for row in self.rows), default=datetime.now(UTC))


async def run(order: Order, deployment: Deployment, console: Console) -> report.Outcome:
    """Replay the rows and return what came out; progress goes to the console where that is a terminal.

    Raises:
        BadContent: when the platform refuses the parties or what they publish.
        Unavailable: when it cannot be reached for long.
    """
    async with admin_session(deployment) as admin, _connected(order, deployment, admin) as (cso, csp):
        began = time.monotonic()
        places = objects.location_ids(order.rows)
        published_at = order.earliest - PUBLISHED_BEFORE
        sender = Sender(order.city, cso, csp, places, published_at, objects.tariff(order.city, published_at))
        refused = await sender.publish(order.rows, order.concurrency)
        if refused:
            raise BadContent(f"the platform refused what the city publishes: {refused[0]}")
        await _in_force(csp)
        sent, cleared = await _send_and_wait(order, sender, admin, console)
        seconds = time.monotonic() - began
    sites = {place: site for (_, site), place in places.items()}
    return report.Outcome(
        order.imported, len(order.rows), sent, cleared, sites, seconds, repeats=cso.repeats + csp.repeats
    )


async def _send_and_wait(
    order: Order, sender: Sender, admin: AdminSession, console: Console
) -> tuple[Sent, report.Cleared]:
    with _progress(console) as progress:
        sending = progress.add_task("requests acknowledged", total=len(order.rows) * 3)
        clearing = progress.add_task("CDRs with a verdict", total=len(order.rows))

        def show(cleared: int) -> None:
            progress.update(clearing, completed=cleared)

        watch = asyncio.create_task(_watch(admin, order, show))
        try:
            sent = await send_rows(order.rows, sender.act, order.concurrency, lambda _kind: progress.advance(sending))
        finally:
            watch.cancel()
        return sent, await _all_cleared(admin, order, len(sent.cdrs), show)


def _connected(
    order: Order, deployment: Deployment, admin: AdminSession
) -> AbstractAsyncContextManager[tuple[Partner, Partner]]:
    name = f"Replay of {order.imported.format.name}"
    valid_from = order.earliest - PUBLISHED_BEFORE
    return connected(deployment, admin, order.city, name, valid_from=valid_from, concurrency=order.concurrency)


async def _in_force(csp: Partner) -> None:
    """Wait until the agreement is in force where we knock: then the home-CSP is shown the city's locations.

    Raises:
        Unavailable: when it is not within `invited_seconds`.
    """
    url = csp.endpoints["locations", "SENDER"] + "?limit=1"
    deadline = time.monotonic() + csp.patience.invited_seconds
    while not (await csp.send("GET", url)).data:
        if time.monotonic() > deadline:
            raise Unavailable(f"the agreement is not in force after {csp.patience.invited_seconds} s")
        await asyncio.sleep(csp.patience.first_pause_seconds)


async def _summary(admin: AdminSession, order: Order) -> report.Cleared:
    found = await admin.get("clearing", "/summary", cso=str(order.city.cso))
    return report.read_summary(found, order.city.prices.currency)


async def _watch(admin: AdminSession, order: Order, show: Callable[[int], None]) -> None:
    """Show how many have a verdict while sending goes on; a service that is away for a moment does not matter."""
    while True:
        await asyncio.sleep(POLL_SECONDS * 4)
        try:
            show((await _summary(admin, order)).total)
        except RoamwattError:
            continue


async def _all_cleared(admin: AdminSession, order: Order, wanted: int, show: Callable[[int], None]) -> report.Cleared:
    """Wait until all have a verdict, or none came for `wait_seconds`; what is missing then shows in the outcome."""
    cleared = report.Cleared({}, {}, {}, order.city.prices.currency)
    last_news = time.monotonic()
    while time.monotonic() - last_news < order.wait_seconds:
        try:
            found = await _summary(admin, order)
        except Unavailable:
            found = cleared
        if found.total != cleared.total:
            cleared, last_news = found, time.monotonic()
        show(found.total)
        if found.total >= wanted:
            return found
        await asyncio.sleep(POLL_SECONDS)
    return cleared


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)
