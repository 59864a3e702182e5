"""Whoever waits to be woken can be cancelled at any moment."""

import asyncio

import pytest

from services.runtime.waking import is_woken


async def test_it_says_whether_the_event_came() -> None:
    event = asyncio.Event()
    assert not await is_woken(event, 0.01)
    event.set()
    assert await is_woken(event, 10)


async def test_a_cancellation_in_the_moment_of_the_event_is_not_lost() -> None:
    event = asyncio.Event()

    async def work() -> None:
        while True:
            await is_woken(event, 10)
            event.clear()

    task = asyncio.create_task(work())
    for _ in range(3):
        await asyncio.sleep(0)
    event.set()
    task.cancel()
    ended, _ = await asyncio.wait([task], timeout=2)
    assert ended
    with pytest.raises(asyncio.CancelledError):
        await task
