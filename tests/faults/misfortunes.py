"""What may happen to a platform at any moment: done to a real one."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

from services.runtime.embedded.deployment import Deployment
from services.runtime.embedded.kafka import Kafka
from services.runtime.embedded.postgres import Postgres
from tests.support.waiting import eventually

SERVICES: Final = ("registry", "authorization", "sessions", "clearing", "gateway")
READY_SECONDS: Final = 90


class Misfortunes:
    """Does harm to one deployment, and puts it right again."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    @property
    def kafka(self) -> Kafka:
        """The embedded node."""
        assert self._deployment.kafka is not None
        return self._deployment.kafka

    @property
    def postgres(self) -> Postgres:
        """The embedded server."""
        assert self._deployment.postgres is not None
        return self._deployment.postgres

    async def kill(self, *names: str, instance: int = 1) -> None:
        """SIGKILL services at the same moment, start them again and wait until all are ready."""
        for name in names:
            await asyncio.to_thread(self._deployment.kill_service, name, instance)
        await self.start(*names, instance=instance)

    async def start(self, *names: str, instance: int = 1) -> None:
        """Start instances and wait until all are ready."""
        for name in names:
            await asyncio.to_thread(self._deployment.start_service, name, instance, wait=False)
        await self.ready((name, instance) for name in names)

    async def ready(self, instances: Iterable[tuple[str, int]]) -> None:
        """Wait until these instances say that they are ready."""
        await asyncio.to_thread(self._deployment.services.wait_ready, list(instances), READY_SECONDS)

    async def is_ready(self, name: str, instance: int = 1) -> bool:
        """Whether an instance says that it is ready."""
        return (await asyncio.to_thread(self._deployment.services.readiness, name, instance))[0]

    @asynccontextmanager
    async def kafka_away(self) -> AsyncIterator[None]:
        """Without Kafka while the block runs, after a SIGKILL; then until all services are ready again.

        Asked to stop while it has clients, a lone broker loses end markers of their transactions: see `Kafka.stop`.
        """
        await asyncio.to_thread(self.kafka.kill)
        try:
            yield
        finally:
            await asyncio.to_thread(self.kafka.start)
        await self.ready((name, 1) for name in SERVICES)

    @asynccontextmanager
    async def postgres_away(self, *, killed: bool = False) -> AsyncIterator[None]:
        """The same without PostgreSQL."""
        await asyncio.to_thread(self.postgres.kill if killed else self.postgres.stop)
        try:
            yield
        finally:
            await asyncio.to_thread(self.postgres.start)
        await self.ready((name, 1) for name in SERVICES)

    @asynccontextmanager
    async def second(self, name: str) -> AsyncIterator[None]:
        """A second instance of a service while the block runs; it ends by itself when asked."""
        await self.start(name, instance=2)
        try:
            yield
        finally:
            ended = await asyncio.to_thread(self._deployment.stop_service, name, 2)
        assert ended, f"a second instance of {name} did not end within its bound"

    async def take_over(self, name: str) -> None:
        """Give the second instance all partitions and lanes, then let the first one join again."""
        await asyncio.to_thread(self._deployment.stop_service, name)
        await self.ready([(name, 2)])
        await self.start(name)

    @asynccontextmanager
    async def frozen(self, name: str, instance: int) -> AsyncIterator[None]:
        """An instance that hangs while the block runs, and then goes on where it was, knowing nothing of it."""
        process = self._deployment.services.find(name, instance)
        process.send(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send(signal.SIGCONT)
        await eventually(
            lambda: self.is_ready(name, instance), timeout_seconds=READY_SECONDS, what=f"{name}-{instance} to be ready"
        )


def moment(chance: random.Random) -> int:
    """How many acknowledgements to wait for until the next misfortune."""
    return chance.randint(1, 40)
