"""A record that nobody can read, and what an operator sees of it, on the whole platform."""

from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from services.cli import demo_steps as steps
from services.cli.admin_session import AdminSession
from services.runtime.embedded.deployment import Deployment
from tests.support.command import roamwatt_beside
from tests.support.roaming import a_cdr, a_place, a_session, two_partners
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
POISON = b"\x00poison 04A1B2C3"


async def test_a_poison_record_is_dead_lettered_and_the_next_cdr_is_cleared(deployment: Deployment) -> None:
    async with two_partners(deployment) as roaming:
        steps.taken(await roaming.csp.act("/tokens", uid=steps.WHITELISTED, whitelist="ALWAYS"), "token")
        place = await a_place(roaming)
        before = await _letters(roaming.admin)
        await _put(deployment, "session.reported", POISON, key=roaming.run.encode())
        found: list[Any] = []

        async def arrived() -> bool:
            found[:] = [each for each in await _letters(roaming.admin) if each not in before]
            return bool(found)

        await eventually(arrived, timeout_seconds=30, what="the dead letter")
        (letter,) = found
        listed = await _roamwatt(deployment, "dlq", "list", "--service", "sessions")
        assert letter["reason_code"] in listed
        assert letter["reason"] in listed
        assert "04A1B2C3" not in listed
        assert POISON.hex() in await _roamwatt(deployment, "dlq", "show", "sessions", letter["id"])
        sent = await a_cdr(roaming, await a_session(roaming, place))
        steps.taken(sent, "CDR")
        assert (await steps.verdict_of(roaming, sent["sent"]["id"]))["verdict"] == "ACCEPTED"


async def _letters(admin: AdminSession) -> list[Any]:
    return list((await admin.get("sessions", "/dead-letters"))["dead_letters"])


async def _put(deployment: Deployment, topic: str, value: bytes, key: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=deployment.bootstrap_servers, acks="all")
    await producer.start()
    try:
        await producer.send_and_wait(topic, value, key=key)
    finally:
        await producer.stop()


async def _roamwatt(deployment: Deployment, *arguments: str) -> str:
    done = await roamwatt_beside(deployment.layout.home, *arguments, timeout_seconds=60, columns=400)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
