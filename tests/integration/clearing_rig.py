"""Clearing over the real PostgreSQL: events go to its handlers, and what it says is read from its outbox."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.models.gateway import (
    CdrSubmitted,
    Connector,
    Evse,
    LocationPublished,
    PriceComponent,
    TariffElement,
    TariffPublished,
)
from schemas.models.registry import AgreementConcluded
from schemas.models.sessions import SessionTracked
from services.clearing.__main__ import build
from services.clearing.settings import ClearingRules, ClearingSettings
from services.runtime.avro import Codec
from services.runtime.events import Received
from services.runtime.postgres import engine as open_engine
from services.runtime.service import Service
from services.runtime.settings import DatabaseSettings
from services.runtime.tables import runtime_tables
from services.runtime.transactions import Encoder, PostgresTransactions
from tests.support.codec import CODEC
from tests.support.databases import migrated
from tests.unit.clearing import samples
from tests.unit.clearing.samples import CSO, CSP, END, NOW, START, period, place

WAIT_SECONDS = 60


@dataclass
class Clock:
    """A clock that stands until it is told to go on."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Rig:
    """One clearing service without Kafka."""

    service: Service
    engine: AsyncEngine
    transactions: PostgresTransactions
    codec: Codec
    clock: Clock = field(default_factory=Clock)

    async def take(self, topic: str, *values: BaseModel) -> None:
        """Hand a batch of one topic to its handler, in one transaction."""
        events = [
            Received(topic, 0, offset, "", self.codec.decode(topic, self.codec.encode(topic, value)), self.clock.now)
            for offset, value in enumerate(values)
        ]
        await self.transactions.run(lambda work: self.service.handlers[topic](work, events))

    async def tick(self) -> bool:
        """Let the timer act once."""
        return await self.transactions.run(self.service.timers[0].act)

    async def said(self, topic: str = "cdr.cleared") -> list[Any]:
        """Return what the outbox holds for a topic, in order, decoded."""
        query = text("SELECT value FROM clearing.outbox WHERE topic = :topic ORDER BY lane, sequence")
        async with self.engine.connect() as connection:
            rows = (await connection.execute(query, {"topic": topic})).scalars().all()
        return [self.codec.decode(topic, value) for value in rows]

    async def verdicts(self) -> dict[str, tuple[str, list[str]]]:
        """Return verdict and finding codes by CDR; each CDR must have just one."""
        said = await self.said()
        assert len({value.cdr_id for value in said}) == len(said)
        return {value.cdr_id: (value.verdict, value.finding_codes) for value in said}

    async def scalar(self, query: str) -> Any:
        async with self.engine.connect() as connection:
            return (await connection.execute(text(query))).scalar_one()


@asynccontextmanager
async def running(database_url: str, **rules: Any) -> AsyncIterator[Rig]:
    """Prepare the schema and open the service over it."""
    settings = ClearingSettings(
        database=DatabaseSettings(url=database_url),
        clearing=ClearingRules(**({"cdr_wait_for_facts_seconds": WAIT_SECONDS} | rules)),
    )
    service, codec, clock = build(settings), CODEC, Clock()
    migrated(settings, service)
    engine = open_engine(settings.database, "clearing")
    tables = runtime_tables(service.metadata, "clearing")
    encoder = Encoder(codec, "clearing", settings.outbox.max_event_bytes)
    transactions = PostgresTransactions(engine, tables, encoder, clock=clock, settings=settings.outbox)
    try:
        yield Rig(service, engine, transactions, codec, clock)
    finally:
        await engine.dispose()


def agreement(**changes: Any) -> AgreementConcluded:
    values: dict[str, Any] = {
        "event_id": uuid4(),
        "occurred_at": START,
        "agreement_id": "A1",
        "version": 1,
        "status": "ACTIVE",
        "visited_cso": CSO,
        "home_csp": CSP,
        "mode": "CLEARING_HOUSE",
        "services": ["CHARGING"],
        "decide_when_unreachable": False,
        "trust_whitelist": True,
        "total_tolerance": Decimal("0.01"),
        "rounding_mode": "HALF_UP",
        "rounding_digits": 2,
        "valid_from": START - timedelta(days=900),
    }
    return AgreementConcluded(**(values | changes))


def session(**changes: Any) -> SessionTracked:
    values: dict[str, Any] = {
        "event_id": UUID(int=7),
        "occurred_at": END,
        "version": 4,
        "source_version": 4,
        "visited_cso": CSO,
        "home_csp": CSP,
        "session_id": "S1",
        "pseudonym": "p-1",
        "state": "COMPLETED",
        "started_at": START,
        "ended_at": END,
        "kwh": Decimal(20),
        "location_id": "L1",
        "evse_uid": "E1",
        "connector_id": "1",
        "currency": "EUR",
        "anomaly_codes": [],
        "last_updated": END,
    }
    return SessionTracked(**(values | changes))


def tariff(price: str = "0.25", **changes: Any) -> TariffPublished:
    energy = PriceComponent(component_type="ENERGY", price=Decimal(price), vat_percent=Decimal(10), step_size=1)
    values: dict[str, Any] = {
        "event_id": uuid4(),
        "occurred_at": START,
        "version": 1,
        "owner": CSO,
        "tariff_id": "T1",
        "audience": "",
        "removed": False,
        "currency": "EUR",
        "elements": [TariffElement(components=[energy], restrictions=[])],
        "last_updated": START - timedelta(days=1),
    }
    return TariffPublished(**(values | changes))


def location(watts: int = 22_000, **changes: Any) -> LocationPublished:
    connector = Connector(
        id="1",
        standard="IEC_62196_T2",
        format="SOCKET",
        power_type="AC_3_PHASE",
        max_voltage=230,
        max_amperage=32,
        max_electric_power=watts,
        tariff_ids=["T1"],
    )
    evses: Sequence[Evse] = [Evse(uid="E1", status="AVAILABLE", capabilities=[], connectors=[connector])]
    values: dict[str, Any] = {
        "event_id": uuid4(),
        "occurred_at": START,
        "version": 1,
        "owner": CSO,
        "location_id": "L1",
        "audience": "",
        "removed": False,
        "publish": True,
        "address": "F.Rooseveltlaan 3A",
        "city": "Gent",
        "country": "BEL",
        "latitude": "51.047599",
        "longitude": "3.729944",
        "time_zone": "Europe/Brussels",
        "evses": evses,
        "last_updated": START,
    }
    return LocationPublished(**(values | changes))


NAMES_NOTHING: dict[str, Any] = {"session_id": None, "tariffs": [], "periods": [period({"ENERGY": "20"})]}


def cdr(**changes: Any) -> CdrSubmitted:
    return samples.cdr(**({"event_id": uuid4()} | changes))


def on(number: int, **changes: Any) -> CdrSubmitted:
    """A CDR that names nothing, at a connector of its own."""
    where = {"cdr_id": f"C{number}", "location": place(connector_id=f"{number}")}
    return cdr(**(NAMES_NOTHING | where | changes))


async def in_balance(rig: Rig) -> None:
    """What the records sum to is what the ledger holds, and every posting nets to zero."""
    booked = sum((value.amount for value in await rig.said()), Decimal(0))
    receivable = await rig.scalar(
        "SELECT coalesce(sum(amount), 0) FROM clearing.ledger_entries WHERE account LIKE '%/receivable/%'"
    )
    unbalanced = await rig.scalar(
        "SELECT count(*) FROM (SELECT FROM clearing.ledger_entries GROUP BY posting_id HAVING sum(amount) <> 0) AS x"
    )
    said = [entry for value in await rig.said("ledger.posted") for entry in value.entries]
    assert receivable == booked == sum((e.amount for e in said if "/receivable/" in e.account), Decimal(0))
    assert unbalanced == 0
