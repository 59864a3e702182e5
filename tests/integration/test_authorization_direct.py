"""Authorization on the real PostgreSQL: facts in any order, questions in batches, decisions and replies out."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import pytest
from pydantic import BaseModel
from sqlalchemy import event as engine_events

from schemas.models.authorization import AuthorizationAsked, AuthorizationDecided
from schemas.models.gateway import CredentialIssued
from schemas.models.registry import AgreementConcluded
from services.authorization.__main__ import build
from services.authorization.direct import Authorizer
from services.authorization.handlers import HANDLERS
from services.authorization.settings import AuthorizationSettings
from services.core.errors import BadContent, Unavailable
from services.runtime.direct import DirectProducer
from services.runtime.events import Event, Received
from services.runtime.metrics import REGISTRY
from services.runtime.postgres import engine as open_engine
from services.runtime.service import Context
from services.runtime.settings import DatabaseSettings
from services.runtime.tables import runtime_tables
from services.runtime.transactions import Encoder, PostgresTransactions
from tests.support.codec import CODEC
from tests.support.databases import Databases
from tests.unit.authorization.questions import NOW, answer, request, silence


@dataclass
class Published:
    """Stands in for the direct producer."""

    events: list[tuple[Event, int | None, dict[str, bytes]]] = field(default_factory=list)
    refuse: dict[str, Exception] = field(default_factory=dict)

    async def publish(
        self, event: Event, *, partition: int | None = None, headers: Iterable[tuple[str, bytes]] = ()
    ) -> None:
        await asyncio.sleep(0)
        if event.topic in self.refuse:
            raise self.refuse[event.topic]
        self.events.append((event, partition, dict(headers)))

    def on(self, topic: str) -> list[Any]:
        return [event.value for event, _, _ in self.events if event.topic == topic]


@dataclass
class Running:
    """The authorization service's parts over one database."""

    context: Context
    published: Published
    authorizer: Authorizer

    async def learn(self, topic: str, *values: BaseModel) -> None:
        events = received(topic, values)
        await self.context.transactions.run(lambda work: HANDLERS[topic](work, events))

    async def ask(self, *questions: BaseModel) -> list[AuthorizationDecided]:
        self.published.events.clear()
        stage = "requested" if "answer" not in type(questions[0]).model_fields else "answered"
        handle = getattr(self.authorizer, stage)
        await handle(self.context, [(each, {}) for each in received(f"authorization.{stage}", questions)])
        return self.published.on("authorization.decided")


def received(topic: str, values: Sequence[BaseModel]) -> list[Received[Any]]:
    return [Received(topic, 0, place, "", value, NOW, f"c{place}") for place, value in enumerate(values)]


@pytest.fixture
def database_url(databases: Databases) -> str:
    settings = AuthorizationSettings()
    return databases.url(settings, build(settings))


@pytest.fixture
async def running(database_url: str) -> AsyncIterator[Running]:
    settings = AuthorizationSettings(database=DatabaseSettings(url=database_url))
    service = build(settings)
    engine, codec, published = open_engine(settings.database, "authorization"), CODEC, Published()
    encoder = Encoder(codec, "/roamwatt/authorization", settings.outbox.max_event_bytes)
    tables = runtime_tables(service.metadata, service.name)
    transactions = PostgresTransactions(engine, tables, encoder, clock=lambda: NOW, settings=settings.outbox)
    context = Context(settings, engine, transactions, codec, cast(DirectProducer, published), lambda: NOW)
    yield Running(context, published, Authorizer(recent_decisions=10))
    await engine.dispose()


def issued(version: int = 1, **other: Any) -> CredentialIssued:
    values: dict[str, Any] = {
        "event_id": UUID(int=version),
        "occurred_at": NOW,
        "version": version,
        "pseudonym": "p1",
        "home_csp": "NL-TNM",
        "audience": "",
        "credential_type": "RFID",
        "whitelist": "ALWAYS",
        "valid": True,
        "removed": False,
        "sealed": b"sealed",
        "last_updated": NOW,
    }
    return CredentialIssued(**values | other)


def concluded(version: int = 1, **other: Any) -> AgreementConcluded:
    values: dict[str, Any] = {
        "event_id": UUID(int=version),
        "occurred_at": NOW,
        "agreement_id": "agreement-1",
        "version": version,
        "status": "ACTIVE",
        "visited_cso": "GB-DCC",
        "home_csp": "NL-TNM",
        "mode": "CLEARING_HOUSE",
        "services": ["CHARGING"],
        "decide_when_unreachable": False,
        "trust_whitelist": False,
        "total_tolerance": Decimal("0.01"),
        "rounding_mode": "HALF_UP",
        "rounding_digits": 2,
        "valid_from": NOW,
        "valid_until": None,
    }
    return AgreementConcluded(**values | other)


def results(decided: Iterable[AuthorizationDecided]) -> list[tuple[str, str]]:
    return [(each.result, each.decided_by) for each in decided]


async def test_a_whitelisted_credential_is_decided_and_the_waiting_replica_told(running: Running) -> None:
    await running.learn("credential.issued", issued())
    await running.learn("agreement.concluded", concluded())
    (decision,) = await running.ask(request())
    assert (decision.result, decision.decided_by, decision.decided_at) == ("ALLOWED", "WHITELIST", NOW)
    assert [(fact.kind, fact.id, fact.version) for fact in decision.facts] == [
        ("REQUEST", str(UUID(int=1)), 1),
        ("CREDENTIAL", "p1|", 1),
        ("AGREEMENT", "agreement-1", 1),
    ]
    ((said, no_partition, _), (reply, partition, headers)) = running.published.events
    assert (said.topic, said.key, no_partition) == ("authorization.decided", "p1", None)
    assert (reply.topic, reply.key, partition, headers) == (
        "gateway.replies",
        "authorization-1",
        3,
        {"replica": b"gateway-0"},
    )
    assert reply.value == said.value
    assert said.correlation_id == reply.correlation_id == "c0"
    assert list(running.authorizer.recent) == [decision]


async def test_a_question_that_comes_again_has_the_same_event_ids(running: Running) -> None:
    ids = []
    for _ in range(2):
        await running.ask(request())
        ids.append([event.id for event, _, _ in running.published.events])
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2


async def test_the_home_csp_is_asked_with_the_whole_question_then_its_answer_decides(running: Running) -> None:
    await running.learn("agreement.concluded", concluded(version=4))
    assert await running.ask(request()) == []
    ((event, _, headers),) = running.published.events
    asked = event.value
    assert isinstance(asked, AuthorizationAsked)
    assert (event.topic, asked.agreement_id, asked.agreement_version) == ("authorization.asked", "agreement-1", 4)
    assert headers == {"deadline": b"2026-03-01T12:00:05.000Z"}
    kept = request().model_dump(exclude={"event_id", "occurred_at"})
    assert asked.model_dump(include=set(kept)) == kept
    (decision,) = await running.ask(answer(authorization_reference="R1"))
    assert (decision.result, decision.decided_by, decision.authorization_reference) == ("ALLOWED", "HOME_CSP", "R1")


async def test_the_home_csp_of_a_known_credential_is_asked_when_none_is_named(running: Running) -> None:
    await running.learn("credential.issued", issued(whitelist="NEVER"))
    await running.learn("agreement.concluded", concluded())
    assert await running.ask(request(home_csp="")) == []
    assert [asked.home_csp for asked in running.published.on("authorization.asked")] == ["NL-TNM"]


async def test_an_unreachable_home_csp_leaves_it_to_us_where_the_agreement_says_so(running: Running) -> None:
    await running.learn("credential.issued", issued(whitelist="ALLOWED_OFFLINE"))
    await running.learn("agreement.concluded", concluded())
    assert results(await running.ask(silence())) == [("UNREACHABLE", "HOME_CSP")]
    await running.learn("agreement.concluded", concluded(version=2, decide_when_unreachable=True))
    assert results(await running.ask(silence())) == [("ALLOWED", "AGREEMENT")]


async def test_a_batch_is_decided_by_one_statement_each_by_its_own_facts(running: Running) -> None:
    await running.learn("credential.issued", *(issued(pseudonym=f"p{n}", valid=n % 2 == 0) for n in range(200)))
    await running.learn("agreement.concluded", concluded())
    statements: list[str] = []
    engine_events.listen(
        running.context.engine.sync_engine, "before_cursor_execute", lambda *told: statements.append(told[2])
    )
    questions = [request(event_id=UUID(int=n), pseudonym=f"p{n}", authorization_id=f"a{n}") for n in range(200)]
    decided = await running.ask(*questions, request(visited_cso="FR-ABC"))
    assert [each.result for each in decided] == ["ALLOWED", "BLOCKED"] * 100 + ["NO_AGREEMENT"]
    assert [each.authorization_id for each in decided[:200]] == [f"a{n}" for n in range(200)]
    assert len(statements) == 1


@pytest.mark.parametrize("order", [[1, 2, 3], [3, 2, 1], [2, 3, 1]])
@pytest.mark.parametrize("together", [True, False])
async def test_of_facts_in_any_order_the_newest_version_counts(
    running: Running, order: list[int], together: bool
) -> None:
    states = {1: {"valid": True}, 2: {"removed": True}, 3: {"valid": False}}
    for batch in [order] if together else [[version] for version in order]:
        await running.learn("credential.issued", *(issued(version, **states[version]) for version in batch))
        await running.learn("agreement.concluded", *(concluded(version) for version in batch))
    (decision,) = await running.ask(request())
    assert decision.result == "BLOCKED"
    assert [fact.version for fact in decision.facts] == [1, 3, 3]


async def test_a_credential_meant_for_one_cso_counts_for_that_one_alone(running: Running) -> None:
    await running.learn("credential.issued", issued(valid=False), issued(audience="GB-DCC"))
    await running.learn("agreement.concluded", concluded(), concluded(visited_cso="FR-ABC"))
    assert [each.result for each in await running.ask(request(), request(visited_cso="FR-ABC"))] == [
        "ALLOWED",
        "BLOCKED",
    ]


async def test_what_nobody_waits_for_is_dropped_and_counted(running: Running) -> None:
    labels = {"stage": "requested"}
    before = REGISTRY.get_sample_value("roamwatt_authorization_expired_total", labels) or 0
    late = request(authorization_id="late", deadline=NOW)
    decided = await running.ask(late, request(deadline=NOW + timedelta(milliseconds=1)))
    assert [each.authorization_id for each in decided] == ["authorization-1"]
    assert REGISTRY.get_sample_value("roamwatt_authorization_expired_total", labels) == before + 1
    assert await running.ask(late) == []


async def test_a_question_that_the_database_cannot_take_does_not_stop_the_others(running: Running) -> None:
    decided = await running.ask(request(authorization_id="bad", pseudonym="a\0b"), request())
    assert [each.authorization_id for each in decided] == ["authorization-1"]


async def test_kafka_away_fails_the_batch_a_bad_event_does_not(running: Running) -> None:
    running.published.refuse = {"gateway.replies": BadContent("gateway.replies has no partition 3")}
    assert len(await running.ask(request())) == 1
    running.published.refuse = {"gateway.replies": Unavailable("Kafka is away")}
    with pytest.raises(Unavailable):
        await running.ask(request())
