"""Waiting for conditions instead of sleeping."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable


async def eventually(
    condition: Callable[[], bool | Awaitable[bool]], *, timeout_seconds: float = 30, what: str = "the condition"
) -> None:
    """Return as soon as the condition holds; fail the test when it does not within the time."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        held = condition()
        if inspect.isawaitable(held):
            held = await held
        if held:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_seconds:g} s in vain for {what}")
        await asyncio.sleep(0.02)
