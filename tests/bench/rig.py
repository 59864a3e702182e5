"""What the measurements share: load processes, parties on a deployment, memory of processes."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from services.cli.admin_session import AdminSession, admin_session
from services.cli.replay_parties import connected
from services.cli.replay_partner import Partner
from services.core.party import PartyId
from services.exports import objects
from services.exports.files import FORMATS, ImportedSession
from services.exports.objects import City, Prices
from services.runtime.embedded.deployment import Deployment
from services.runtime.embedded.layout import CHECKOUT
from tests.bench.load import ID, Job

CONNECTIONS = 64
PERIODS = 32
"""Charging periods of the CDR that is posted: with them its body has about 5 KB."""

CITY = City(
    cso=PartyId("GB", "BNC"),
    csp=PartyId("GB", "BNP"),
    format=FORMATS[0],
    prices=Prices("GBP", Decimal("0.25"), Decimal(0), Decimal(0), Decimal(20)),
)


@dataclass(frozen=True, slots=True)
class Bench:
    """A deployment with two parties that may roam."""

    deployment: Deployment
    admin: AdminSession
    cso: Partner
    csp: Partner


@asynccontextmanager
async def bench(deployment: Deployment) -> AsyncIterator[Bench]:
    """Connect two parties of the bench's own to a running deployment."""
    valid_from = datetime.now(UTC) - timedelta(days=30)
    async with (
        admin_session(deployment) as admin,
        connected(deployment, admin, CITY, "Bench", valid_from=valid_from, concurrency=CONNECTIONS) as (cso, csp),
    ):
        yield Bench(deployment, admin, cso, csp)


def row() -> ImportedSession:
    """One charging session of yesterday."""
    started_at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    return ImportedSession(
        line=2,
        row_id=ID,
        card="BENCH",
        charge_point="1",
        connector="1",
        started_at=started_at,
        ended_at=started_at + timedelta(minutes=PERIODS),
        kwh=Decimal(16),
        site="Bench",
        model="APT 50kW Raption",
    )


def cdr_body() -> str:
    """A CDR with many charging periods, its id and EVSE to be filled in (no session: it would wait for it)."""
    session = row()
    tariff = objects.tariff(CITY, session.started_at)
    whole = objects.cdr(CITY, session, f"L{ID}", tariff)
    share = session.kwh / PERIODS
    whole["charging_periods"] = [
        {
            "start_date_time": objects.text_of(session.started_at + timedelta(minutes=number)),
            "dimensions": [{"type": "ENERGY", "volume": share}, {"type": "TIME", "volume": Decimal("0.0167")}],
            "tariff_id": objects.TARIFF_ID,
        }
        for number in range(PERIODS)
    ]
    del whole["session_id"]
    return json.dumps(whole, default=float)


async def load(job: Job) -> dict[str, Any]:
    """Run a job in a process of its own; fails when requests were refused."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.load", stdin=pipe, stdout=pipe, stderr=pipe, cwd=CHECKOUT
    )
    output, errors = await process.communicate(json.dumps(asdict(job)).encode())
    if process.returncode:
        message = f"the load process ended with status {process.returncode}: {errors[-500:].decode()}"
        raise RuntimeError(message)
    told: dict[str, Any] = json.loads(output)
    if told["refused"]:
        message = f"{told['refused']} requests were refused, such as {told['example']}"
        raise RuntimeError(message)
    return told
