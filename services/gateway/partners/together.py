"""Look-ups of many keys at the same moment, done as one."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Together(Generic[Key, Value]):
    """Collects keys that are asked for while the event loop turns once, or while others are looked up."""

    def __init__(self, load: Callable[[Collection[Key]], Awaitable[Mapping[Key, Value]]]) -> None:
        """Wire it; `load` returns what is found, by key."""
        self._load = load
        self._waiting: dict[Key, asyncio.Future[Value | None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def get(self, key: Key) -> Value | None:
        """Return what is found for a key, or None; raises what looking it up raised."""
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = asyncio.get_running_loop().create_future()
            if self._task is None:
                self._task = asyncio.create_task(self._run())
        # One who gives up waiting must not take the answer from the others.
        return await asyncio.shield(waiting)

    async def _run(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(0)
                asked, self._waiting = self._waiting, {}
                await self._answer(asked)
        finally:
            self._task = None

    async def _answer(self, asked: Mapping[Key, "asyncio.Future[Value | None]"]) -> None:
        try:
            found = await self._load(asked.keys())
        except BaseException as error:
            for waiting in asked.values():
                if isinstance(error, asyncio.CancelledError):
                    waiting.cancel()
                else:
                    waiting.set_exception(error)
                    # Whoever asked may have given up waiting.
                    waiting.exception()
            if not isinstance(error, Exception):
                raise
        else:
            for key, waiting in asked.items():
                waiting.set_result(found.get(key))
