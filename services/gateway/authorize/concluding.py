"""Says what CSOs were told. No CSO waits for that, so it goes out for many at once, which costs every reader less."""

import asyncio

from services.core.errors import RoamwattError
from services.gateway.settings import AuthorizeSettings
from services.runtime.events import Event
from services.runtime.logs import logger
from services.runtime.service import Context

_log = logger(__name__)


class Concluding:
    """Collects the events `authorization.concluded` of a moment and publishes them together."""

    def __init__(self, context: Context, settings: AuthorizeSettings) -> None:
        self._direct = context.direct
        self._max_waiting = settings.max_concluding
        self._wait_seconds = settings.conclude_wait_milliseconds / 1000
        self._waiting: list[Event] = []
        self._some = asyncio.Event()

    def add(self, event: Event) -> None:
        """Publish an event soon; where as many as are allowed wait already it is dropped, which the log says."""
        if len(self._waiting) >= self._max_waiting:
            _log.warning("what a CSO was told is not published: too many wait", event_id=event.id)
            return
        self._waiting.append(event)
        self._some.set()

    async def run(self) -> None:
        """Publish until cancelled; what waits then goes out at last."""
        try:
            while True:
                await self._some.wait()
                await asyncio.sleep(self._wait_seconds)
                await self._flush()
        finally:
            await self._flush()

    async def _flush(self) -> None:
        events, self._waiting = self._waiting, []
        self._some.clear()
        await asyncio.gather(*map(self._publish, events))

    async def _publish(self, event: Event) -> None:
        try:
            await self._direct.publish(event)
        except RoamwattError as error:
            _log.warning("what a CSO was told is not published", event_id=event.id, reason=str(error))
