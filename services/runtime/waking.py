"""Waiting for an event or a time, whichever comes first."""

import asyncio


async def is_woken(event: asyncio.Event, seconds: float) -> bool:
    """Wait until an event is set, at most this long; say whether it was set.

    `asyncio.wait_for` of Python 3.11 loses a cancellation that comes in the moment in which the event is set: who waits
    in a loop would then go on for ever, and with it a service that is asked to stop.
    """
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
