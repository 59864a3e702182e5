"""A cache whose entries live so briefly that nobody has to be told of a change."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class BriefCache(Generic[Key, Value]):
    """Keeps what was loaded for `life_seconds`, at most `max_entries`, the oldest dropped first.

    Of many who ask for one key at once, one loads and the others wait for it: a database that is slow for a moment
    would otherwise be asked the more the slower it is.
    """

    def __init__(self, max_entries: int, life_seconds: float, monotonic: Callable[[], float]) -> None:
        self._max_entries, self._life_seconds, self._monotonic = max_entries, life_seconds, monotonic
        self._entries: OrderedDict[Key, tuple[float, Value]] = OrderedDict()
        self._loading: dict[Key, asyncio.Future[Value]] = {}

    async def get(self, key: Key, load: Callable[[Key], Awaitable[Value]]) -> Value:
        """Return the entry of a key, loaded where there is none that is young enough."""
        now = self._monotonic()
        found = self._entries.get(key)
        if found is not None and now < found[0]:
            return found[1]
        loading = self._loading.get(key)
        if loading is None:
            loading = asyncio.ensure_future(load(key))
            self._loading[key] = loading
            # It lives from before the loading on: what changes meanwhile must not be missed for longer than its life.
            loading.add_done_callback(partial(self._keep, key, now + self._life_seconds))
        # One who gives up waiting must not take the answer from the others.
        return await asyncio.shield(loading)

    def drop(self, key: Key) -> None:
        """Forget one entry."""
        self._entries.pop(key, None)

    def clear(self) -> None:
        """Forget everything, after a change made here; what is being loaded may be from before it and is not kept."""
        self._entries.clear()
        self._loading.clear()

    def _keep(self, key: Key, until: float, loaded: "asyncio.Future[Value]") -> None:
        if self._loading.get(key) is not loaded:
            return
        del self._loading[key]
        if loaded.cancelled() or loaded.exception() is not None:
            return
        self._entries[key] = (until, loaded.result())
        self._entries.move_to_end(key)
        while len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)
