"""Finds the partners that something is due for and sends each a courier, so that none waits for another."""

import asyncio
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from services.core.errors import Unavailable
from services.gateway.deliveries.courier import Courier, Parts
from services.gateway.deliveries.leases import due_partners
from services.gateway.deliveries.turns import Parts as TurnParts
from services.gateway.deliveries.turns import Turns
from services.runtime.logs import logger
from services.runtime.postgres import by_statement, translated
from services.runtime.waking import is_woken

_log = logger(__name__)


class Dispatcher:
    """The loop behind all deliveries of one replica; any number of replicas share the queue.

    One courier for each registered partner: their number is bounded by the registry, and each has its own bound of
    requests, so a partner that hangs keeps its own courier busy and no other.
    """

    def __init__(self, engine: AsyncEngine, parts: Parts) -> None:
        self._engine, self.parts = by_statement(engine), parts
        wired = (parts.transactions, parts.renderer, parts.report, parts.settings, parts.jitter, parts.new_id)
        self.turns = Turns(TurnParts(*wired))
        self._woken = asyncio.Event()
        self._couriers: dict[str, Courier] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Dispatch until cancelled; what is under way then is given back to the queue."""
        turns = asyncio.create_task(self.turns.run(), name="turns")
        try:
            while not turns.done():
                await self._send_out()
                await self._rest()
            turns.result()
        finally:
            await _stop(self._tasks.values())
            await _stop([turns])

    def wake(self) -> None:
        """Look at the queue soon: this replica may have put something in it."""
        self._woken.set()

    async def _rest(self) -> None:
        """Wait until this replica has put something in the queue, or until it is time to look for others' rows."""
        settings = self.parts.settings
        await asyncio.sleep(settings.rest_milliseconds / 1000)
        if await is_woken(self._woken, settings.poll_milliseconds / 1000):
            self._woken.clear()

    async def _send_out(self) -> None:
        now = self.parts.clock()
        try:
            partners = await self._due(now)
        except Unavailable as error:
            _log.warning("deliveries wait for the database", reason=str(error))
            await asyncio.sleep(self.parts.settings.retry_min_seconds)
            return
        for partner in partners:
            courier = self._couriers.setdefault(partner, Courier(partner, self.parts, self.turns))
            if partner not in self._tasks and courier.may_send(now):
                self._tasks[partner] = asyncio.create_task(self._serve(partner, courier), name=f"courier:{partner}")

    async def _due(self, now: datetime) -> list[str]:
        async with translated(), self._engine.connect() as connection:
            return await due_partners(connection, now)

    async def _serve(self, partner: str, courier: Courier) -> None:
        try:
            await courier.serve()
        except Unavailable as error:
            _log.warning("deliveries wait", partner=partner, reason=str(error))
        except Exception:
            # A fault of ours with one partner's rows: the others' go on, and this one is tried again, but not at once.
            _log.exception("courier failed", partner=partner)
            await asyncio.sleep(self.parts.settings.retry_min_seconds)
        finally:
            del self._tasks[partner]


async def _stop(tasks: "Iterable[asyncio.Task[None]]") -> None:
    stopped = list(tasks)
    for task in stopped:
        task.cancel()
    await asyncio.gather(*stopped, return_exceptions=True)
