"""Kafka or PostgreSQL come back as others than they were: the platform stops clearly, and an operator recovers it."""

import asyncio
import subprocess
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from services.cli.admin_session import AdminSession, admin_session
from services.core.errors import RoamwattError
from services.runtime.embedded.deployment import Deployment
from services.runtime.embedded.topic_creation import create_topics
from tests.faults.misfortunes import SERVICES, Misfortunes
from tests.faults.settling import settled
from tests.faults.traffic import Traffic
from tests.support.command import Done, roamwatt_beside
from tests.support.waiting import eventually

# Every CDR makes these publish, so each of them must notice that Kafka and PostgreSQL disagree.
BUSY: Final = ("gateway", "clearing")
HALT_SECONDS: Final = 120
COMMAND_SECONDS: Final = 120


@dataclass(frozen=True, slots=True)
class Restores:
    """Restores of one deployment, each followed by its recovery; what was acknowledged meanwhile may be lost."""

    deployment: Deployment
    misfortunes: Misfortunes

    async def older_postgres(self, traffic: Traffic) -> None:
        """PostgreSQL is restored from a copy that is older than what Kafka has."""
        postgres, copy = self.misfortunes.postgres, self.deployment.layout.home / "copy"
        async with self.misfortunes.postgres_away():
            await asyncio.to_thread(postgres.copy_to, copy)
        async with traffic.flowing():
            await traffic.goes_on(30)
        await self._published(traffic)
        await asyncio.to_thread(postgres.stop)
        await asyncio.to_thread(postgres.restore_from, copy)
        await asyncio.to_thread(postgres.start)
        await asyncio.to_thread(_remove, copy)
        await self._halted(BUSY, "older copy")
        await self._recover("skip", "keep")

    async def new_kafka(self, traffic: Traffic) -> None:
        """Kafka is made anew: another cluster, with none of the records that were there."""
        async with traffic.flowing():
            await traffic.goes_on(30)
        await self._published(traffic)
        kafka = self.misfortunes.kafka
        await asyncio.to_thread(kafka.stop)
        await asyncio.to_thread(kafka.wipe)
        await asyncio.to_thread(kafka.start)
        await asyncio.to_thread(create_topics, self.deployment.kafka_settings(), self.deployment.asked_to_stop)
        async with traffic.flowing():
            # A relay that has nothing to publish does not notice.
            await traffic.goes_on(10)
        await self._halted(BUSY, "cluster")
        await self._recover("republish", "beginning")

    async def _published(self, traffic: Traffic) -> None:
        """Wait until all of it is on the topics, so that Kafka is ahead of the copy for certain."""
        comparison = await settled(self.deployment, traffic)
        assert comparison.holds, str(comparison)

    async def _halted(self, names: tuple[str, ...], reason: str) -> None:
        """Wait until these services have stopped for an operator, and say so, with this word in the reason."""
        async with admin_session(self.deployment) as admin:
            for name in names:
                told = f"{name} to be halted because of: {reason}"
                halted = partial(_is_halted, admin, name, reason)
                await eventually(halted, timeout_seconds=HALT_SECONDS, what=told)

    async def _recover(self, outbox: str, inbox: str) -> None:
        """Let every service that is stopped explain itself, and go on as chosen, by the command that operators use."""
        for name in await self._stopped():
            explained = await self._roamwatt("recover", name)
            assert explained.returncode == 1, explained.stdout + explained.stderr
            assert "outbox=republish" in explained.stdout, explained.stdout
            chosen = await self._roamwatt("recover", name, "--outbox", outbox, "--inbox", inbox, "--yes")
            assert chosen.returncode == 0, chosen.stdout + chosen.stderr
        await self.misfortunes.ready((name, 1) for name in SERVICES)

    async def _stopped(self) -> list[str]:
        async with admin_session(self.deployment) as admin:
            found = {name: await admin.get(name, "/recover") for name in SERVICES}
        return [name for name, each in found.items() if _differs(each)]

    async def _roamwatt(self, *arguments: str) -> Done:
        return await roamwatt_beside(self.deployment.layout.home, *arguments, timeout_seconds=COMMAND_SECONDS)


async def _is_halted(admin: AdminSession, name: str, reason: str) -> bool:
    try:
        reasons = (await admin.get(name, "/runtime"))["reasons"]
    except RoamwattError:
        return False
    return any("halted" in each and reason in each for each in reasons)


def _differs(explanation: Any) -> bool:
    lanes = any(lane["difference"] for lane in explanation["lanes"])
    return bool(explanation["halted"] or explanation["partitions"] or lanes)


def _remove(folder: Any) -> None:
    subprocess.run(["rm", "-rf", str(folder)], check=True)
