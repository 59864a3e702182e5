"""A gateway's dispatcher over a real database, and objects for it to deliver."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import create_engine, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.core.clock import system_clock
from services.gateway.deliveries.client import PartnerClient
from services.gateway.deliveries.courier import Parts
from services.gateway.deliveries.dispatcher import Dispatcher
from services.gateway.deliveries.queue import Delivery, enqueue
from services.gateway.deliveries.rendering import ObjectRenderer
from services.gateway.deliveries.reporting import report_refusals
from services.gateway.object_store import Key, ObjectStore, Row
from services.gateway.partners.connections import Connections
from services.gateway.partners.options_store import change_options
from services.gateway.partners.secret_box import SecretBox
from services.gateway.settings import ClientSettings, DeliverySettings, GatewaySettings
from services.gateway.tables import connections, metadata, peers
from services.gateway.vault import Credential, MasterKey, Purpose
from services.gateway.vault_store import Sealing, Vault
from services.runtime import postgres
from services.runtime.avro import Codec
from services.runtime.settings import DatabaseSettings
from services.runtime.tables import runtime_tables
from services.runtime.transactions import Encoder, PostgresTransactions
from services.runtime.work import Work
from tests.integration.gateway import connected
from tests.integration.gateway.partners import Partner
from tests.support.codec import CODEC
from tests.support.waiting import eventually

OWNER = "FR-SUN"
PARTIES = GOOD, HANGING, REFUSING, TALKING, BUSY = ("NL-AAA", "NL-BBB", "NL-CCC", "NL-DDD", "NL-EEE")
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
TOKEN = "token-b"
MODULES = ("locations", "tariffs", "tokens", "sessions", "cdrs")
CREDENTIAL = Credential("NL-CSP", "RFID", "04A1B2C3")
QUICK = DeliverySettings(
    poll_milliseconds=10,
    max_concurrent_requests=4,
    lease_seconds=60,
    retry_min_seconds=0.05,
    retry_max_seconds=0.2,
    breaker_failures=3,
    breaker_min_seconds=0.05,
    breaker_max_seconds=0.2,
)


@dataclass(slots=True)
class Delivering:
    """One replica's dispatcher, not running yet, and the database that it shares."""

    settings: GatewaySettings
    engine: AsyncEngine
    transactions: PostgresTransactions
    vault: Vault
    dispatcher: Dispatcher
    codec: Codec

    async def rows(self, sql: str, **values: Any) -> Sequence[Mapping[str, Any]]:
        """What a statement reads."""
        async with self.engine.connect() as connection:
            return [dict(row) for row in (await connection.execute(text(sql), values)).mappings()]

    async def queued(self, partner: str) -> Sequence[Mapping[str, Any]]:
        """What waits or is parked for a partner."""
        return await self.rows("SELECT * FROM gateway.deliveries WHERE partner = :partner", partner=partner)

    async def completed(self, partner: str) -> list[Any]:
        """The completions of a partner's deliveries, in order."""
        query = "SELECT value FROM gateway.outbox WHERE topic = 'delivery.completed' ORDER BY lane, sequence"
        events = [self.codec.decode("delivery.completed", row["value"]) for row in await self.rows(query)]
        return [event for event in events if getattr(event, "partner", "") == partner]

    async def set_options(self, platform: str, **options: Any) -> None:
        """Set a partner's options, as an operator does."""
        await self.transactions.run(lambda work: change_options(work, platform, lambda _former: options))

    async def publish(self, object_id: str, partners: Sequence[str], version: int = 1, content: str = "first") -> None:
        """Store a location's state and queue it, as a push does."""
        place = f'"country_code":"{OWNER[:2]}","party_id":"{OWNER[3:]}"'
        date = "2026-03-01T10:00:00Z"
        body = f'{{{place},"id":"{object_id}","name":"{content}","last_updated":"{date}"}}'.encode()
        row = Row(Key.of(OWNER, object_id), object_id, "", version, False, SINCE, None, body, "OCPI-2.2.1")

        async def act(work: Work) -> None:
            store = ObjectStore("locations")
            if not await store.insert(work, [row]):
                await store.update(work, [row])
            await enqueue(work, [Delivery(each, "locations", OWNER, object_id, version) for each in partners])

        await self.transactions.run(act)

    async def post_cdr(self, cdr_id: str, partner: str, body: bytes, credits: str | None = None) -> None:
        """Store a CDR, sealed, and queue it, as a post does."""

        async def act(work: Work) -> None:
            pseudonym = (await self.vault.pseudonyms(work, [CREDENTIAL]))[CREDENTIAL]
            (sealed,) = await self.vault.seal(work.connection, [Sealing(pseudonym, Purpose.CDR, body)])
            row = Row(Key.of(OWNER, cdr_id), cdr_id, partner, 1, False, SINCE, pseudonym, sealed, "OCPI-2.2.1")
            await ObjectStore("cdrs").insert(work, [row])
            await enqueue(work, [Delivery(partner, "cdrs", OWNER, cdr_id, 1, "conversation", credits)])

        await self.transactions.run(act)


@asynccontextmanager
async def delivering(
    url: str, folder: Path, partners: Mapping[str, Partner], *, fresh: bool = True, timeout_seconds: float = 30
) -> AsyncIterator[Delivering]:
    """Have partners that are registered, and a dispatcher; not `fresh`: another replica, over what there is."""
    settings = GatewaySettings(
        database=DatabaseSettings(url=url),
        client=ClientSettings(timeout_seconds=timeout_seconds, connect_timeout_seconds=timeout_seconds),
        deliveries=QUICK,
    )
    if fresh:
        _prepare(settings, folder, partners)
    engine, codec = postgres.engine(settings.database, "gateway"), CODEC
    encoder = Encoder(codec, "/roamwatt/gateway", settings.outbox.max_event_bytes)
    tables = runtime_tables(metadata, "gateway")
    transactions = PostgresTransactions(engine, tables, encoder, clock=system_clock, settings=settings.outbox)
    vault = Vault(MasterKey(bytes(32)), settings.vault)
    async with PartnerClient(settings.client, None, folder) as client:
        parts = Parts(
            transactions=transactions,
            routes=Connections(engine, SecretBox(bytes(32)), settings.partners, time.monotonic),
            client=client,
            renderer=ObjectRenderer(vault),
            report=report_refusals,
            settings=settings.deliveries,
            clock=system_clock,
            jitter=random.random,
            new_id=uuid4,
        )
        yield Delivering(settings, engine, transactions, vault, Dispatcher(engine, parts), codec)
    await engine.dispose()


@asynccontextmanager
async def running(dispatcher: Dispatcher) -> AsyncIterator[None]:
    """Run a dispatcher until the end of the block."""
    task = asyncio.create_task(dispatcher.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _prepare(settings: GatewaySettings, folder: Path, partners: Mapping[str, Partner]) -> None:
    engine = create_engine(settings.database.url)
    try:
        with engine.begin() as connection:
            for party, partner in partners.items():
                (folder / f"{party}.pem").write_bytes(partner.ca_file.read_bytes())
                connection.execute(insert(peers).values(connected.peer(party, "CSP")))
                connection.execute(insert(connections).values(_connection(party, partner)))
    finally:
        engine.dispose()


def _connection(party: str, partner: Partner) -> dict[str, Any]:
    endpoints = [{"identifier": each, "role": "RECEIVER", "url": f"{partner.url}/{each}"} for each in MODULES]
    return connected.connection(party, partner.url, endpoints, TOKEN)


async def until_empty(gateway: Delivering, partner: str) -> None:
    """Wait until nothing is queued for a partner."""

    async def is_empty() -> bool:
        return not await gateway.queued(partner)

    await eventually(is_empty, timeout_seconds=30, what=f"everything for {partner} to be delivered")
