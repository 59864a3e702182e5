"""The long fault run: stretches of load with misfortunes, each compared at its end, and restores between them."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from services.runtime.embedded.deployment import Deployment
from tests.faults.misfortunes import SERVICES, Misfortunes, moment
from tests.faults.pair import registered_pair
from tests.faults.restores import Restores
from tests.faults.settling import settled
from tests.faults.traffic import Traffic

LONGEST_OUTAGE_SECONDS: Final = 60.0
MISFORTUNES_A_STRETCH: Final = 6
SETTLE_SECONDS: Final = 240.0
# Of a short run no outage takes more than this part.
_SHARE_OF_RUN: Final = 0.05

Tell = Callable[[str], None]


class NotHeld(Exception):
    """A comparison that does not hold; the text says what is missing or double."""


@dataclass(slots=True)
class Campaign:
    """One long run on a deployment.

    Attributes:
        seconds: How long to go on beginning new stretches.
        tell: Is told each line of progress.
    """

    deployment: Deployment
    seconds: float
    chance: random.Random
    tell: Tell
    done: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    _began: float = field(default_factory=time.monotonic)

    async def run(self) -> None:
        """Run until the time is over.

        Raises:
            NotHeld: as soon as a comparison does not hold.
        """
        stretch = 0
        while stretch == 0 or self._left() > 0:
            stretch += 1
            await self._stretch(stretch)

    async def _stretch(self, number: int) -> None:
        misfortunes = Misfortunes(self.deployment)
        async with registered_pair(self.deployment) as pair:
            traffic = Traffic(pair)
            async with traffic.flowing():
                for name, act in self._chosen(misfortunes, traffic):
                    await traffic.goes_on(moment(self.chance), within_seconds=SETTLE_SECONDS)
                    self._say(f"stretch {number}: {name} ({len(traffic.acknowledged)} acknowledged)")
                    await act()
                    self.done[name] += 1
                    if self._left() < 0:
                        break
                await traffic.goes_on(moment(self.chance), within_seconds=SETTLE_SECONDS)
            await self._compare(number, traffic)
            await self._restore(number, misfortunes, traffic)

    async def _compare(self, number: int, traffic: Traffic) -> None:
        comparison = await settled(self.deployment, traffic, within_seconds=SETTLE_SECONDS)
        self._say(f"stretch {number}: {comparison}")
        self.acknowledged += len(traffic.acknowledged)
        if traffic.refused:
            raise NotHeld(f"{len(traffic.refused)} correct requests were refused: {traffic.refused[0]}")
        if not comparison.holds:
            raise NotHeld(str(comparison))

    async def _restore(self, number: int, misfortunes: Misfortunes, traffic: Traffic) -> None:
        """After the first and second stretch, and then now and then, a restore; whatever is left of the time."""
        restores = Restores(self.deployment, misfortunes)
        kinds = [("PostgreSQL restored from an older copy", restores.older_postgres), ("Kafka new", restores.new_kafka)]
        if number > 2 and (self._left() < 0 or self.chance.random() < 0.5):
            return
        name, act = kinds[(number - 1) % 2]
        self._say(f"after stretch {number}: {name}")
        await act(traffic)
        self.done[name] += 1

    def _chosen(self, misfortunes: Misfortunes, traffic: Traffic) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
        """The misfortunes of one stretch: every service is killed in each, the rest is drawn."""
        kills = [(f"SIGKILL of {name}", _killing(misfortunes, name)) for name in SERVICES]
        others = self._others(misfortunes, traffic)
        chosen = kills + self.chance.choices(others, k=MISFORTUNES_A_STRETCH)
        self.chance.shuffle(chosen)
        return chosen

    def _others(self, misfortunes: Misfortunes, traffic: Traffic) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
        async def without_kafka() -> None:
            async with misfortunes.kafka_away():
                await asyncio.sleep(self._outage_seconds())

        async def without_postgres(*, killed: bool) -> None:
            async with misfortunes.postgres_away(killed=killed):
                await asyncio.sleep(self._outage_seconds())

        async def two_replicas() -> None:
            name = self.chance.choice(SERVICES[:-1])
            async with misfortunes.second(name):
                await traffic.goes_on(moment(self.chance))
                await misfortunes.kill(name)

        async def zombie() -> None:
            name = self.chance.choice(("sessions", "clearing"))
            async with misfortunes.second(name):
                await misfortunes.take_over(name)
                async with misfortunes.frozen(name, 2):
                    await asyncio.sleep(self.chance.uniform(5, 20))

        def crash(*names: str) -> Callable[[], Awaitable[None]]:
            return lambda: misfortunes.kill(*names)

        return [
            ("SIGKILL and outage of Kafka", without_kafka),
            ("outage of PostgreSQL", lambda: without_postgres(killed=False)),
            ("SIGKILL of PostgreSQL", lambda: without_postgres(killed=True)),
            ("two replicas", two_replicas),
            ("a replica comes back from the dead", zombie),
            ("SIGKILL of gateway and clearing", crash("gateway", "clearing")),
            ("SIGKILL of all services", crash(*SERVICES)),
        ]

    def _outage_seconds(self) -> float:
        return self.chance.uniform(1, min(LONGEST_OUTAGE_SECONDS, max(5.0, self.seconds * _SHARE_OF_RUN)))

    def _left(self) -> float:
        return self._began + self.seconds - time.monotonic()

    def _say(self, line: str) -> None:
        self.tell(f"[{time.monotonic() - self._began:6.0f} s] {line}")


def _killing(misfortunes: Misfortunes, name: str) -> Callable[[], Awaitable[None]]:
    return lambda: misfortunes.kill(name)
