"""The gateway's public application over a real database, without its process: for tests of what partners see."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from sqlalchemy import create_engine, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.core.clock import system_clock
from services.gateway.calls import Call, Front
from services.gateway.limits.partners import Limits
from services.gateway.ocpi.envelope import Answer
from services.gateway.partners.agreements import Agreements
from services.gateway.partners.peers import Peers
from services.gateway.public import Groupers, Parts, application, groupers
from services.gateway.settings import GatewaySettings
from services.gateway.tables import agreements, connections, metadata, peers
from services.gateway.vault import MasterKey
from services.gateway.vault_store import Vault
from services.runtime import postgres
from services.runtime.avro import Codec
from services.runtime.settings import DatabaseSettings
from services.runtime.tables import runtime_tables
from services.runtime.transactions import Encoder, PostgresTransactions
from tests.integration.gateway import connected
from tests.support.codec import CODEC
from tests.unit.gateway.samples import as_body

CSO, CSP, OTHER = "FR-SUN", "NL-CSP", "DE-ZZZ"
_RECEIVED = ("locations", "tariffs", "tokens", "sessions", "cdrs", "invoicereconciliation", "hubclientinfo")
_SINCE = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Bench:
    """One replica of the gateway.

    Attributes:
        clients: By platform; `cso` speaks for FR-SUN, `csp` for NL-CSP, `other` for DE-ZZZ, which has no agreement.
    """

    settings: GatewaySettings
    engine: AsyncEngine
    transactions: PostgresTransactions
    vault: Vault
    codec: Codec
    groups: Groupers
    clients: Mapping[str, httpx.AsyncClient]
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def events(self, topic: str) -> list[Any]:
        """The events of a topic that lie in the outbox, decoded, in order."""
        rows = await self.rows(
            "SELECT value FROM gateway.outbox WHERE topic = :topic ORDER BY lane, sequence", topic=topic
        )
        return [self.codec.decode(topic, row["value"]) for row in rows]

    async def rows(self, sql: str, **values: Any) -> Sequence[Mapping[str, Any]]:
        """What a statement reads."""
        async with self.engine.connect() as connection:
            return [dict(row) for row in (await connection.execute(text(sql), values)).mappings()]


@asynccontextmanager
async def running(url: str, master: bytes = bytes(32), **bounds: Any) -> AsyncIterator[Bench]:
    """Run the application over a prepared database."""
    settings = GatewaySettings(database=DatabaseSettings(url=url), **bounds)
    tables = runtime_tables(metadata, "gateway")
    engine, codec = postgres.engine(settings.database, "gateway"), CODEC
    encoder = Encoder(codec, "/roamwatt/gateway", settings.outbox.max_event_bytes)
    transactions = PostgresTransactions(engine, tables, encoder, clock=system_clock, settings=settings.outbox)
    vault = Vault(MasterKey(master), settings.vault)
    groups = groupers(transactions, vault, settings)
    app = application(_parts(settings, engine, vault, groups))
    clients = {name: _client(app, name) for name in ("cso", "csp", "other")}
    bench = Bench(settings, engine, transactions, vault, codec, groups, clients)
    bench.tasks = [asyncio.create_task(group.run()) for group in groups.all()]
    try:
        yield bench
    finally:
        for task in bench.tasks:
            task.cancel()
        await asyncio.gather(*bench.tasks, return_exceptions=True)
        for client in clients.values():
            await client.aclose()
        await engine.dispose()


def _parts(settings: GatewaySettings, engine: AsyncEngine, vault: Vault, groups: Groupers) -> Parts:
    async def authorize(_call: Call) -> Answer:
        return Answer(b'"authorize"')

    known = Peers(engine, settings.partners, system_clock, asyncio.get_running_loop().time)
    limits = Limits(settings.limits, settings.inbound.max_body_bytes, asyncio.get_running_loop().time)
    front = Front(known, settings.gateway.party, system_clock, limits, 5)
    concluded = Agreements(engine, settings.partners, system_clock, asyncio.get_running_loop().time)
    return Parts(engine, vault, concluded, groups, settings, front, authorize)


def _client(app: Any, platform: str) -> httpx.AsyncClient:
    token = base64.b64encode(f"token-of-{platform}".encode()).decode()
    transport = httpx.ASGITransport(app=app)
    headers = {"Authorization": f"Token {token}"}
    return httpx.AsyncClient(transport=transport, base_url="https://gateway/ocpi/2.2.1", headers=headers)


def prepare(url: str) -> None:
    """Have three registered partners, two of them with an agreement, in a database with the gateway's tables."""
    engine = create_engine(DatabaseSettings(url=url).url)
    try:
        with engine.begin() as connection:
            for party, platform, role in ((CSO, "cso", "CSO"), (CSP, "csp", "CSP"), (OTHER, "other", "CSO")):
                connection.execute(insert(peers).values(connected.peer(party, role, platform=platform)))
                connection.execute(insert(connections).values(_connection(party, platform)))
            connection.execute(insert(agreements).values(_agreement()))
    finally:
        engine.dispose()


def change(url: str, statement: str, **values: Any) -> None:
    """Change a prepared database."""
    engine = create_engine(DatabaseSettings(url=url).url)
    try:
        with engine.begin() as connection:
            connection.execute(text(statement), values)
    finally:
        engine.dispose()


def _connection(party: str, platform: str) -> dict[str, Any]:
    endpoints = [{"identifier": each, "role": "RECEIVER", "url": "https://partner/x"} for each in _RECEIVED]
    return connected.connection(platform, "https://partner/ocpi", endpoints, parties=[party])


def _agreement() -> dict[str, Any]:
    return {
        "visited_cso": CSO,
        "home_csp": CSP,
        "agreement_id": "A1",
        "version": 1,
        "status": "ACTIVE",
        "services": ["CHARGING"],
        "valid_from": _SINCE,
    }


def ocpi(response: httpx.Response) -> tuple[int, int, str]:
    """What an answer says: HTTP status, OCPI status, message."""
    content = json.loads(response.content)
    return response.status_code, content["status_code"], content["status_message"]


async def post(bench: Bench, body: Any, client: str = "cso", **headers: str) -> Any:
    content = body if isinstance(body, bytes) else as_body(body)
    return await bench.clients[client].post("/receiver/cdrs", content=content, headers=headers)


async def put(bench: Bench, path: str, body: Any, client: str = "cso", **headers: str) -> Any:
    content = body if isinstance(body, bytes) else as_body(body)
    return await bench.clients[client].put(f"/receiver/{path}", content=content, headers=headers)


async def patch(bench: Bench, path: str, body: Any, client: str = "cso") -> Any:
    return await bench.clients[client].patch(f"/receiver/{path}", content=as_body(body))


def routed(to: str) -> dict[str, str]:
    country, party = to.split("-")
    return {"OCPI-to-country-code": country, "OCPI-to-party-id": party}
