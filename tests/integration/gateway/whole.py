"""The whole gateway as it is wired, over a real database; what it publishes without the outbox comes to the test."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import httpx
from pydantic import SecretStr
from sqlalchemy import text
from starlette.responses import Response
from starlette.routing import Route

from schemas.models.registry import AgreementConcluded, PartnerRegistered
from services.core.clock import system_clock
from services.gateway.__main__ import build
from services.gateway.authorize.replies import Replies
from services.gateway.handlers import handlers
from services.gateway.settings import ClientSettings, GatewaySettings, OwnSettings, PartnerSettings, VaultSettings
from services.gateway.tables import metadata
from services.gateway.wiring import Keys, Wiring
from services.runtime import postgres
from services.runtime.admin import application
from services.runtime.direct import DirectProducer
from services.runtime.events import Event, Received
from services.runtime.service import Context
from services.runtime.settings import AdminSettings, DatabaseSettings
from services.runtime.tables import runtime_tables
from services.runtime.transactions import Encoder, PostgresTransactions
from tests.support.codec import CODEC
from tests.support.databases import migrated

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
URL = "https://hub.example"
OPERATORS_TOKEN = SecretStr("an operator's token")
PATIENT_SECONDS, HURRIED_SECONDS = 10.0, 1.0
"""How long partners are waited for: one that answers may be slow on a busy machine, one that never does need not."""


@dataclass(slots=True)
class Direct:
    """Takes what is published directly, and tells the test."""

    published: list[Event] = field(default_factory=list)
    act: Callable[[Event], Awaitable[None]] | None = None

    async def publish(self, event: Event, *, partition: int | None = None, headers: Iterable[Any] = ()) -> None:
        """Note an event and let the test act on it."""
        self.published.append(event)
        if self.act is not None:
            await self.act(event)

    def of(self, topic: str) -> list[Any]:
        """The values of a topic's events."""
        return [event.value for event in self.published if event.topic == topic]


class Consumer:
    """Stands in for the consumer of replies."""

    def __init__(self) -> None:
        self.records: asyncio.Queue[bytes] = asyncio.Queue()

    def __call__(self, **_options: Any) -> "Consumer":
        """Be made."""
        return self

    async def start(self) -> None:
        """Connect."""

    async def stop(self) -> None:
        """Disconnect."""

    def assign(self, _partitions: Any) -> None:
        """Be given a partition."""

    async def seek_to_end(self, _partition: Any) -> None:
        """Go to the end."""

    async def position(self, _partition: Any) -> int:
        """Be there."""
        return 0

    async def getmany(self, **_options: Any) -> dict[str, Sequence[Any]]:
        """Return what came."""
        return {"": [SimpleNamespace(value=await self.records.get())]}


@dataclass(slots=True)
class Gateway:
    """One replica, all of it."""

    settings: GatewaySettings
    context: Context
    wiring: Wiring
    direct: Direct
    consumer: Consumer
    app: Any
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    def client(self, token: str) -> httpx.AsyncClient:
        """A partner's client with a credentials token."""
        encoded = base64.b64encode(token.encode()).decode()
        transport = httpx.ASGITransport(app=self.app)
        made = httpx.AsyncClient(transport=transport, base_url=URL, headers={"Authorization": f"Token {encoded}"})
        self.clients.append(made)
        return made

    def operator(self, path: str = "", routes: Sequence[Route] | None = None) -> httpx.AsyncClient:
        """An operator's client of the admin API, or of these routes of it."""
        shown = self.wiring.admin_routes() if routes is None else routes
        app = application(self.settings, shown, fallback=Response(status_code=404))
        transport = httpx.ASGITransport(cast(Any, app))
        headers = {"authorization": f"Bearer {OPERATORS_TOKEN.get_secret_value()}"}
        made = httpx.AsyncClient(transport=transport, base_url=f"http://gateway/admin{path}", headers=headers)
        self.clients.append(made)
        return made

    async def rows(self, sql: str, **values: Any) -> Sequence[dict[str, Any]]:
        """What a statement reads."""
        async with self.context.engine.connect() as connection:
            return [dict(row) for row in (await connection.execute(text(sql), values)).mappings()]

    async def take(self, topic: str, *values: Any) -> None:
        """Hand events to the inbox's handler."""
        events = [Received(topic, 0, number, "", value, SINCE) for number, value in enumerate(values)]
        handler = handlers(self.settings)[topic]
        await self.context.transactions.run(lambda work: handler(work, events))

    def forget(self) -> None:
        """Do as if a second had passed."""
        self.wiring.book.forget()


@asynccontextmanager
async def whole(
    url: str, folder: Path, *, wait_seconds: float = PATIENT_SECONDS, **groups: Any
) -> AsyncIterator[Gateway]:
    """Make the schema by its migrations and run everything but the inbox, the dispatcher and the relay.

    Args:
        url: Of the database.
        folder: For files.
        wait_seconds: How long partners are waited for.
        groups: Further settings.
    """
    key_file = folder / "master.key"
    key_file.write_text(base64.b64encode(bytes(32)).decode())
    settings = GatewaySettings(
        database=DatabaseSettings(url=url),
        vault=VaultSettings(master_key_file=key_file),
        gateway=OwnSettings(public_url=URL),
        partners=PartnerSettings(ca_folder=folder, handshake_timeout_seconds=wait_seconds),
        client=ClientSettings(timeout_seconds=wait_seconds, connect_timeout_seconds=wait_seconds),
        admin=AdminSettings(token=OPERATORS_TOKEN),
        **groups,
    )
    await asyncio.to_thread(migrated, settings, build(settings))
    engine, codec, direct, consumer = postgres.engine(settings.database, "gateway"), CODEC, Direct(), Consumer()
    encoder = Encoder(codec, "/roamwatt/gateway", settings.outbox.max_event_bytes)
    tables = runtime_tables(metadata, "gateway")
    transactions = PostgresTransactions(engine, tables, encoder, clock=system_clock, settings=settings.outbox)
    context = Context(settings, engine, transactions, codec, cast(DirectProducer, direct), system_clock)
    wiring = Wiring(settings, Keys.of(bytes(32), settings), context)
    wiring.replies = Replies(settings.kafka, codec, wiring.pending, 4, make=consumer)
    gateway = Gateway(settings, context, wiring, direct, consumer, wiring.public())
    loops = [
        asyncio.create_task(run())
        for run in (wiring.push, wiring.replies.run, wiring.concluding.run, wiring.conversations.forwarding.run)
    ]
    try:
        yield gateway
    finally:
        # A loop that is broken off while it connects leaves a session that keeps the database from being dropped.
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        for client in gateway.clients:
            await client.aclose()
        await wiring.client.close()
        await engine.dispose()


def invited(party: str, role: str, token: str | None, version: int = 1, **fields: Any) -> PartnerRegistered:
    """An invitation, as the registry says it; the party's platform has the party's id unless said otherwise."""
    values = {
        "event_id": uuid4(),
        "occurred_at": SINCE,
        "party": party,
        "version": version,
        "status": "INVITED",
        "name": party,
        "platform": party,
        "roles": [role],
        "registration_token_hash": None if token is None else sha256(token.encode()).hexdigest(),
        "registration_expires_at": system_clock() + timedelta(days=1),
    }
    return PartnerRegistered.model_validate(values | fields)


def agreed(cso: str, csp: str, version: int = 1, **fields: Any) -> AgreementConcluded:
    """An agreement, as the registry says it."""
    values = {
        "event_id": uuid4(),
        "occurred_at": SINCE,
        "agreement_id": f"{cso}-{csp}",
        "version": version,
        "status": "ACTIVE",
        "visited_cso": cso,
        "home_csp": csp,
        "mode": "CLEARING_HOUSE",
        "services": ["CHARGING"],
        "decide_when_unreachable": False,
        "trust_whitelist": False,
        "total_tolerance": Decimal("0.01"),
        "rounding_mode": "HALF_UP",
        "rounding_digits": 2,
        "valid_from": SINCE,
    }
    return AgreementConcluded.model_validate(values | fields)
