"""The authorization service whole, on the real Kafka and PostgreSQL: facts come in, questions are answered."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import BaseModel

from schemas.models.authorization import AuthorizationDecided
from services.authorization.__main__ import build
from services.authorization.settings import AuthorizationSettings
from services.runtime import topics
from services.runtime.app import Process
from services.runtime.avro import Codec
from services.runtime.settings import DatabaseSettings, DeadLetterSettings, KafkaSettings
from tests.integration.test_authorization_direct import concluded, issued
from tests.support.cluster import Cluster
from tests.support.codec import CODEC
from tests.support.waiting import eventually
from tests.unit.authorization.questions import answer, request

REPLICA = f"gateway-{uuid4().hex[:8]}"
SPEAKS_FOR_A_MINUTE = timedelta(minutes=1)


@dataclass
class Kafka:
    """Plays the gateway and the registry, and keeps what the service says."""

    codec: Codec
    producer: AIOKafkaProducer
    said: dict[str, list[Any]] = field(default_factory=dict)

    async def say(self, topic: str, value: BaseModel) -> None:
        key = str(getattr(value, "pseudonym", "")).encode()
        await self.producer.send_and_wait(topic, self.codec.encode(topic, value), key=key)

    async def listen(self, consumer: AIOKafkaConsumer) -> None:
        async for record in consumer:
            value = self.codec.decode(record.topic, record.value)
            if getattr(value, "reply_replica", None) == REPLICA:
                self.said.setdefault(record.topic, []).append((record, value))

    def replies(self, authorization_id: str) -> list[AuthorizationDecided]:
        found = self.said.get("gateway.replies", [])
        return [value for _, value in found if value.authorization_id == authorization_id]


@pytest.fixture
async def kafka(cluster: Cluster, database_url: str, tmp_path: Path) -> AsyncIterator[Kafka]:
    public_key = tmp_path / "dead_letters.pub"
    written = X25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    public_key.write_bytes(written)
    settings = AuthorizationSettings(
        kafka=KafkaSettings(bootstrap_servers=cluster.bootstrap_servers),
        database=DatabaseSettings(url=database_url),
        dead_letters=DeadLetterSettings(public_key_file=public_key),
    )
    await topics.create(settings.kafka)
    stop = asyncio.Event()
    process = asyncio.create_task(Process(build(settings)).run(stop))
    producer = AIOKafkaProducer(bootstrap_servers=cluster.bootstrap_servers)
    said = ("gateway.replies", "authorization.decided", "authorization.asked")
    consumer = AIOKafkaConsumer(*said, bootstrap_servers=cluster.bootstrap_servers, auto_offset_reset="earliest")
    await producer.start()
    await consumer.start()
    playing = Kafka(CODEC, producer)
    listening = asyncio.create_task(playing.listen(consumer))
    yield playing
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await asyncio.gather(consumer.stop(), producer.stop())
    stop.set()
    assert await process == 0


def names() -> dict[str, Any]:
    """Names that no other test has, on topics that all tests share."""
    now, own = datetime.now(UTC), uuid4()
    return {
        "event_id": own,
        "authorization_id": str(own),
        "pseudonym": own.hex,
        "occurred_at": now,
        "deadline": now + SPEAKS_FOR_A_MINUTE,
        "reply_replica": REPLICA,
    }


async def ask_until_decided(kafka: Kafka, asked: dict[str, Any], result: str) -> AuthorizationDecided:
    """Ask again and again: the facts come on topics of their own, in their own time."""

    async def is_decided() -> bool:
        again = asked | {"event_id": uuid4(), "authorization_id": str(uuid4())}
        await kafka.say("authorization.requested", request(**again))
        await eventually(lambda: bool(kafka.replies(again["authorization_id"])), what="a reply")
        return kafka.replies(again["authorization_id"])[0].result == result

    await eventually(is_decided, timeout_seconds=30, what=f"a decision {result}")
    found = [value for _, value in kafka.said["gateway.replies"] if isinstance(value, AuthorizationDecided)]
    return next(value for value in reversed(found) if value.result == result)


async def test_a_question_is_decided_by_what_was_learnt_and_the_reply_finds_its_replica(kafka: Kafka) -> None:
    asked = names()
    decided = await ask_until_decided(kafka, asked, "NO_AGREEMENT")
    assert decided.decided_by == "AGREEMENT"
    await kafka.say("credential.issued", issued(pseudonym=asked["pseudonym"]))
    await kafka.say("agreement.concluded", concluded(valid_from=asked["occurred_at"] - timedelta(days=1)))
    decided = await ask_until_decided(kafka, asked, "ALLOWED")
    assert decided.decided_by == "WHITELIST"
    record, _ = kafka.said["gateway.replies"][-1]
    assert record.partition == 3
    assert dict(record.headers)["replica"] == REPLICA.encode()
    assert {decided.event_id} <= {value.event_id for _, value in kafka.said["authorization.decided"]}


async def test_the_home_csp_is_asked_through_the_gateway_and_its_answer_decides(kafka: Kafka) -> None:
    asked = names()
    await kafka.say("agreement.concluded", concluded(version=10, valid_from=asked["occurred_at"] - timedelta(days=1)))

    async def is_asked() -> bool:
        await kafka.say("authorization.requested", request(**asked | {"event_id": uuid4()}))
        return any(value.pseudonym == asked["pseudonym"] for _, value in kafka.said.get("authorization.asked", []))

    await eventually(is_asked, timeout_seconds=30, what="the question to the home-CSP")
    answered = names() | {"pseudonym": asked["pseudonym"]}
    await kafka.say("authorization.answered", answer(**answered, answer="NO_CREDIT"))
    await eventually(lambda: bool(kafka.replies(answered["authorization_id"])), what="the reply")
    (decided,) = kafka.replies(answered["authorization_id"])
    assert (decided.result, decided.decided_by) == ("NO_CREDIT", "HOME_CSP")
