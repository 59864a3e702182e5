"""Handlers and admin API of sessions on the real PostgreSQL."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import pytest
import pytest_asyncio
from httpx import ASGITransport, AsyncClient
from pydantic import BaseModel, SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.responses import Response

from schemas.models.gateway import AuthorizationConcluded, SessionReported
from services.core.errors import BadContent
from services.runtime.admin import application
from services.runtime.avro import Codec
from services.runtime.direct import DirectProducer
from services.runtime.events import Received
from services.runtime.postgres import engine as open_engine
from services.runtime.service import Context, Service
from services.runtime.settings import AdminSettings, DatabaseSettings
from services.runtime.tables import runtime_tables
from services.runtime.transactions import Encoder, PostgresTransactions
from services.sessions.__main__ import build
from services.sessions.settings import SessionsSettings
from tests.support.codec import CODEC
from tests.support.databases import Databases
from tests.unit.sessions.samples import START, minute

TOKEN = "a token of the operator's"


@dataclass
class Rig:
    """One service of sessions without Kafka."""

    service: Service
    engine: AsyncEngine
    transactions: PostgresTransactions
    codec: Codec
    client: AsyncClient

    async def take(self, topic: str, *values: BaseModel) -> None:
        events = [
            Received(topic, 0, offset, "", self.codec.decode(topic, self.codec.encode(topic, value)), START)
            for offset, value in enumerate(values)
        ]
        await self.transactions.run(lambda work: self.service.handlers[topic](work, events))

    async def said(self) -> list[Any]:
        query = text("SELECT value FROM sessions.outbox WHERE topic = 'session.tracked' ORDER BY lane, sequence")
        async with self.engine.connect() as connection:
            rows = (await connection.execute(query)).scalars().all()
        return [self.codec.decode("session.tracked", value) for value in rows]

    async def get(self, path: str) -> tuple[int, dict[str, Any]]:
        answered = await self.client.get(f"/admin/{path}", headers={"Authorization": f"Bearer {TOKEN}"})
        return answered.status_code, answered.json()


@pytest.fixture
def database_url(databases: Databases) -> str:
    settings = SessionsSettings()
    return databases.url(settings, build(settings))


@pytest_asyncio.fixture
async def rig(database_url: str) -> AsyncIterator[Rig]:
    settings = SessionsSettings(
        database=DatabaseSettings(url=database_url), admin=AdminSettings(token=SecretStr(TOKEN))
    )
    service, codec = build(settings), CODEC
    engine = open_engine(settings.database, "sessions")
    encoder = Encoder(codec, "sessions", settings.outbox.max_event_bytes)
    tables = runtime_tables(service.metadata, "sessions")
    transactions = PostgresTransactions(engine, tables, encoder, clock=lambda: START, settings=settings.outbox)
    context = Context(settings, engine, transactions, codec, cast(DirectProducer, None), lambda: START)
    app = application(settings, service.admin_routes(context), Response("elsewhere", 404))
    async with AsyncClient(transport=ASGITransport(app=app), base_url="https://test") as client:
        yield Rig(service, engine, transactions, codec, client)
    await engine.dispose()


def report(version: int, status: str = "ACTIVE", **changes: Any) -> SessionReported:
    values: dict[str, Any] = {
        "event_id": UUID(int=version),
        "occurred_at": START,
        "version": version,
        "visited_cso": "BE-BEC",
        "home_csp": "NL-TNM",
        "session_id": "S1",
        "pseudonym": "p-1",
        "credential_type": "RFID",
        "status": status,
        "started_at": START,
        "kwh": Decimal(version),
        "auth_method": "AUTH_REQUEST",
        "location_id": "L1",
        "evse_uid": "E1",
        "connector_id": "1",
        "currency": "EUR",
        "last_updated": minute(version),
    }
    return SessionReported(**(values | changes))


def concluded(name: str, asked_at: datetime, told: str = "ALLOWED", **changes: Any) -> AuthorizationConcluded:
    values: dict[str, Any] = {
        "event_id": UUID(int=99),
        "occurred_at": asked_at,
        "authorization_id": name,
        "pseudonym": "p-1",
        "visited_cso": "BE-BEC",
        "home_csp": "NL-TNM",
        "told": told,
        "location_id": "L1",
        "asked_at": asked_at,
    }
    return AuthorizationConcluded(**(values | changes))


REPORTS = (report(1, "PENDING"), report(2), report(3, "COMPLETED", ended_at=minute(3)))


async def test_a_batch_says_each_session_once_and_as_it_stands(rig: Rig) -> None:
    await rig.take("session.reported", *REPORTS, report(1, session_id="S2"))
    said = {value.session_id: value for value in await rig.said()}
    assert len(said) == 2
    assert (said["S1"].state, said["S1"].version, said["S1"].source_version) == ("COMPLETED", 1, 3)
    assert (said["S1"].kwh, said["S1"].ended_at, said["S1"].anomaly_codes) == (Decimal(3), minute(3), [])
    assert said["S2"].state == "ACTIVE"


async def test_any_order_in_any_batches_ends_in_the_same_state(rig: Rig) -> None:
    ends = set()
    for number, order in enumerate(itertools.permutations(REPORTS)):
        cso = f"BE-{number:03}"
        for value in (*order, order[0]):
            await rig.take("session.reported", value.model_copy(update={"visited_cso": cso}))
        last = [value for value in await rig.said() if value.visited_cso == cso][-1]
        ends.add((last.state, last.kwh, last.source_version, tuple(last.anomaly_codes)))
    assert ends == {("COMPLETED", Decimal(3), 3, ())}


async def test_what_changes_nothing_says_nothing(rig: Rig) -> None:
    await rig.take("session.reported", report(2))
    await rig.take("session.reported", report(2), report(1))
    await rig.take("session.reported", report(1, session_id="s1"))
    assert [(value.version, value.session_id) for value in await rig.said()] == [(1, "S1")]


async def test_an_end_never_un_ends(rig: Rig) -> None:
    await rig.take("session.reported", report(2, "COMPLETED", ended_at=minute(2)))
    await rig.take("session.reported", report(3))
    said = await rig.said()
    assert [(value.version, value.state, value.anomaly_codes) for value in said] == [
        (1, "COMPLETED", []),
        (2, "COMPLETED", ["ENERGY_DECREASED", "REPORT_AFTER_END"]),
    ]
    assert len({value.event_id for value in said}) == 2


@pytest.mark.parametrize("session_first", [True, False])
async def test_a_session_is_linked_to_its_authorization_in_any_order(rig: Rig, session_first: bool) -> None:
    authorizations = [
        concluded("A1", minute(-9)),
        concluded("A2", minute(-2)),
        concluded("A3", minute(-1), "BLOCKED"),
        concluded("A4", minute(-1), pseudonym="p-2"),
    ]
    if session_first:
        await rig.take("session.reported", report(2))
    await rig.take("authorization.concluded", *authorizations)
    if not session_first:
        await rig.take("session.reported", report(2))
    last = (await rig.said())[-1]
    assert (last.authorization_id, last.version) == ("A2", 2 if session_first else 1)
    await rig.take("authorization.concluded", *authorizations)
    assert (await rig.said())[-1].version == last.version


async def test_a_reference_links_whatever_the_time(rig: Rig) -> None:
    far = minute(-9999)
    await rig.take("session.reported", report(2, authorization_reference="ref-1"))
    await rig.take("authorization.concluded", concluded("A1", far, authorization_reference="REF-1"))
    assert (await rig.said())[-1].authorization_id == "A1"


async def test_old_authorizations_are_forgotten(rig: Rig) -> None:
    old = START - timedelta(days=36)
    await rig.take("authorization.concluded", concluded("A1", old), concluded("A2", START))
    assert not await rig.transactions.run(rig.service.timers[0].act)
    async with rig.engine.connect() as connection:
        rows = (await connection.execute(text("SELECT authorization_id FROM sessions.authorizations"))).scalars().all()
    assert rows == ["A2"]


async def test_an_unknown_status_is_refused(rig: Rig) -> None:
    with pytest.raises(BadContent):
        await rig.take("session.reported", report(1, "DREAMING"))


async def test_the_admin_api_shows_a_session(rig: Rig) -> None:
    await rig.take("session.reported", *REPORTS)
    status, shown = await rig.get("sessions/be-bec/s1")
    assert (status, shown["state"], shown["kwh"], shown["session_id"]) == (200, "COMPLETED", "3.00000000", "S1")
    assert not {"spans", "session_key"} & set(shown)
    assert (await rig.get("sessions/BE-BEC/S9"))[0] == 404
    assert (await rig.get("sessions/nonsense/S1"))[0] == 422
