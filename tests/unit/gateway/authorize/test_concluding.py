"""What CSOs were told: together, bounded, and not lost in an orderly stop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any, cast

from services.core.errors import Unavailable
from services.gateway.authorize.concluding import Concluding
from services.gateway.settings import AuthorizeSettings
from services.runtime.events import Event
from tests.support.waiting import eventually

LONG = 60_000


class Direct:
    """Stands in for the direct producer."""

    def __init__(self) -> None:
        self.published: list[Any] = []
        self.away = False
        self.tries = 0

    async def publish(self, event: Any) -> None:
        self.tries += 1
        if self.away:
            raise Unavailable("away")
        self.published.append(event.id)


@asynccontextmanager
async def concluding(direct: Direct, *, wait_milliseconds: int, max_concluding: int = 9) -> AsyncIterator[Concluding]:
    settings = AuthorizeSettings(conclude_wait_milliseconds=wait_milliseconds, max_concluding=max_concluding)
    one = Concluding(cast(Any, SimpleNamespace(direct=direct)), settings)
    loop = asyncio.create_task(one.run())
    await asyncio.sleep(0)
    try:
        yield one
    finally:
        loop.cancel()
        with suppress(asyncio.CancelledError):
            await loop


def event(number: int) -> Event:
    return cast(Event, SimpleNamespace(id=number))


async def test_what_comes_while_others_wait_goes_out_with_them() -> None:
    direct = Direct()
    async with concluding(direct, wait_milliseconds=1) as one:
        one.add(event(1))
        one.add(event(2))
        await eventually(lambda: direct.published == [1, 2])
        one.add(event(3))
        await eventually(lambda: direct.published == [1, 2, 3])
    assert direct.published == [1, 2, 3]


async def test_a_stop_publishes_what_waits() -> None:
    direct = Direct()
    async with concluding(direct, wait_milliseconds=LONG) as one:
        one.add(event(1))
        assert direct.published == []
    assert direct.published == [1]


async def test_no_more_wait_than_allowed() -> None:
    direct = Direct()
    async with concluding(direct, wait_milliseconds=LONG, max_concluding=2) as one:
        for number in range(3):
            one.add(event(number))
    assert (direct.published, direct.tries) == ([0, 1], 2)


async def test_while_kafka_is_away_the_loop_goes_on() -> None:
    direct = Direct()
    direct.away = True
    async with concluding(direct, wait_milliseconds=1) as one:
        one.add(event(1))
        await eventually(lambda: direct.tries == 1)
        direct.away = False
        one.add(event(2))
        await eventually(lambda: direct.tries == 2)
    assert direct.published == [2]
