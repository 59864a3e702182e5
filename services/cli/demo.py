"""`roamwatt demo`: one driver roams, end to end, on real Kafka and PostgreSQL, each step shown with its time."""

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import typer
from confluent_kafka import KafkaException
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.cli import demo_bridging as bridging
from services.cli import demo_overbilling as overbilling
from services.cli import demo_steps as steps
from services.cli.admin_session import admin_session
from services.cli.demo_partners import stand_in, together
from services.cli.demo_read_back import Source, kafka_options, read_record
from services.cli.demo_steps import Roaming
from services.cli.demo_story import Step, Story, expect
from services.core.errors import RoamwattError
from services.runtime import topics
from services.runtime.embedded import signals
from services.runtime.embedded.deployment import Deployment, NotRunning
from services.runtime.embedded.errors import Interrupted

CSO, CSP, NEWER_CSP = "FR-CSO", "NL-CSP", "DE-NEW"
READ_BACK_SECONDS = 20.0
MAX_WIDTH = 100
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Posted:
    """What the readback must find again: the CDR as the CSO posted it."""

    cdr: Mapping[str, Any]
    since: datetime


def demo() -> None:
    """Show one roaming story: two partners register, a driver charges, the CDR is cleared and read back."""
    console = Console(highlight=False)
    if console.width > MAX_WIDTH:
        console = Console(highlight=False, width=MAX_WIDTH)
    story = Story(console)
    logs: Path | None = None
    try:
        with signals.raising(), _deployment(story) as deployment:
            logs = deployment.layout.logs
            signals.run(_tell(story, console, deployment))
        story.end()
    except (KeyboardInterrupt, Interrupted):
        console.print("\nStopped, and so is all that the demonstration had started.")
        raise typer.Exit(INTERRUPTED) from None
    except (RoamwattError, ExceptionGroup, OSError, KafkaException) as error:
        console.print(f"\n[red]Step {story.at} failed:[/] {escape(_text_of(error))}")
        console.print(f"Logs: {logs or Deployment.prepare().layout.logs}")
        raise typer.Exit(1) from None


@contextmanager
def _deployment(story: Story) -> Iterator[Deployment]:
    """The deployment that runs, or one of our own that ends with us."""
    with story.step(1, "Kafka, PostgreSQL, topics and services") as step:
        try:
            deployment, own = Deployment.load(), False
            step.fact("the deployment of `make up` runs already and is used")
        except NotRunning:
            deployment, own = Deployment.prepare(), True
            deployment.start(lambda done, seconds: step.fact(f"{done} ({seconds:.1f} s)"))
        step.fact(f"{len(topics.load())} topics; gateway {deployment.gateway_url}, TLS 1.3")
    try:
        yield deployment
    finally:
        if own:
            deployment.stop()


async def _tell(story: Story, console: Console, deployment: Deployment) -> None:
    folder = Path(tempfile.mkdtemp(prefix="roamwatt-demo-"))
    logs, ca = deployment.layout.logs, deployment.ca_file
    try:
        async with (
            admin_session(deployment) as admin,
            together(
                stand_in("cso", CSO, ca, folder / "cso", logs / "partner-cso.log"),
                stand_in("csp", CSP, ca, folder / "csp", logs / "partner-csp.log"),
                stand_in("csp", NEWER_CSP, ca, folder / "new", logs / "partner-new.log", version="2.3.0"),
            ) as (cso, csp, newer),
        ):
            run = secrets.token_hex(3).upper()
            trusted = deployment.layout.partner_authorities
            roaming = Roaming(cso, csp, admin, run, deployment.versions_url, trusted)
            posted = await _roam(story, roaming)
            with story.step(7, "A home-CSP on OCPI 2.3.0 joins, and each partner gets its own version") as step:
                await bridging.bridge(replace(roaming, csp=newer), step)
            await _read_back(story, console, deployment, posted)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _roam(story: Story, roaming: Roaming) -> Posted:
    since = datetime.now(UTC)
    with story.step(2, "Two partners register and agree to roam") as step:
        await steps.register(roaming, step)
    with story.step(3, "Credentials, a location and a tariff reach the other side") as step:
        await steps.publish(roaming, step)
    with story.step(4, "A driver presents a card") as step:
        reference = await steps.authorize(roaming, step)
    with story.step(5, "The session starts, goes on and ends") as step:
        session_id = await steps.charge(roaming, step, reference)
    with story.step(6, "The CDR is forwarded, checked, cleared and booked") as step:
        sent = await steps.clear(roaming, step, session_id)
        await steps.balance(roaming, step, sent)
        await overbilling.reject(roaming, step)
    return Posted(sent, since)


async def _read_back(story: Story, console: Console, deployment: Deployment, posted: Posted) -> None:
    with story.step(8, "Read back with Confluent's client through the schema catalogue") as step:
        source = Source(kafka_options(deployment.bootstrap_servers), deployment.catalogue_url, deployment.ca_file)
        cdr_id = posted.cdr["id"]
        cleared, service = [
            await asyncio.to_thread(read_record, source, topic, cdr_id, posted.since, READ_BACK_SECONDS)
            for topic in ("cdr.cleared", "sdr.cleared")
        ]
        _compare(step, posted.cdr, cleared, service)
    console.print(_summary(cleared))


def _compare(step: Step, sent: Mapping[str, Any], cleared: Mapping[str, Any], service: Mapping[str, Any]) -> None:
    total, energy = Decimal(str(sent["total_cost"]["incl_vat"])), Decimal(str(sent["total_energy"]))
    expect(cleared["amount"] == total, f"amount {total} on cdr.cleared", cleared["amount"])
    expect(cleared["kwh"] == energy, f"{energy} kWh on cdr.cleared", cleared["kwh"])
    expect(cleared["verdict"] == "ACCEPTED", "the verdict ACCEPTED on cdr.cleared", cleared["verdict"])
    uid = sent["cdr_token"]["uid"]
    expect(uid not in str(cleared), "no card number on the analysts' topic")
    expect(service["amount"] == total, f"amount {total} on sdr.cleared", service["amount"])
    step.fact(f"cdr.cleared says {cleared['amount']:.2f} {cleared['currency']}, as the CSO posted, to the cent")
    step.fact(f"sdr.cleared has its {service['service']} service record {service['sdr_id']}")


def _summary(cleared: Mapping[str, Any]) -> Table:
    table = Table(title=f"{cleared['cdr_id']} as analysts read it", title_justify="left", show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, value in (
        ("who", f"{cleared['home_csp']} pays {cleared['visited_cso']}"),
        ("verdict", f"{cleared['verdict']} {', '.join(cleared['finding_codes'])}".strip()),
        ("amount", f"{cleared['amount']:.2f} {cleared['currency']} ({cleared['amount_excl_tax']:.2f} without tax)"),
        ("energy, time", f"{cleared['kwh']:.2f} kWh in {cleared['minutes']:.0f} minutes"),
        *(_component(each, cleared["currency"]) for each in cleared["components"]),
        ("where", f"{cleared['location_name']}, {cleared['city']} ({cleared['country']}), EVSE {cleared['evse_id']}"),
        ("when", f"{cleared['started_at']:%Y-%m-%d %H:%M} to {cleared['ended_at']:%H:%M} UTC"),
        ("contract", f"pseudonym {cleared['pseudonym']}"),
    ):
        table.add_row(name, escape(value))
    return table


def _component(component: Mapping[str, Any], currency: str) -> tuple[str, str]:
    volume, price, amount = (f"{component[each].normalize():f}" for each in ("volume", "price", "amount_excl_tax"))
    return component["component_type"].lower(), f"{volume} {component['unit']} at {price} = {amount} {currency}"


def _text_of(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_text_of(each) for each in error.exceptions)
    return str(error) or type(error).__name__
