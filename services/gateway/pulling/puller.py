"""The loop that pulls: takes the lists that are due and has each walked, platform beside platform."""

import asyncio
from collections.abc import Collection
from functools import partial
from uuid import UUID

from sqlalchemy import func, select, update

from services.core.errors import Unavailable
from services.gateway.pulling import store
from services.gateway.pulling.settings import PullSettings
from services.gateway.pulling.store import RELEASED, Pull
from services.gateway.pulling.tables import pulls
from services.gateway.pulling.walker import Parts, Walker
from services.runtime import metrics
from services.runtime.logs import logger
from services.runtime.service import Timer
from services.runtime.waking import is_woken
from services.runtime.work import Work

_log = logger(__name__)


class Puller:
    """The loop of one replica; any number of replicas share the lists."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._walker = parts, Walker(parts)
        self._walks: dict[asyncio.Task[None], UUID] = {}
        self._claiming: UUID | None = None
        self._freed = asyncio.Event()

    async def run(self) -> None:
        """Pull until cancelled; the lists that are walked then are free for other replicas."""
        settings = self._parts.settings
        try:
            while True:
                await self._start()
                self._freed.clear()
                await is_woken(self._freed, settings.poll_milliseconds / 1000)
        finally:
            await self._stop()

    async def _start(self) -> None:
        room = self._parts.settings.max_concurrent_walks - len(self._walks)
        if room <= 0:
            return
        self._claiming = lease = self._parts.new_id()
        seconds = self._parts.settings.lease_seconds
        try:
            claimed = await self._parts.transactions.run(
                lambda work: store.claim(work.connection, lease, work.now, seconds, room)
            )
        except Unavailable as error:
            _log.warning("lists wait for the database", reason=str(error))
            await asyncio.sleep(self._parts.settings.retry_min_seconds)
            return
        for pull in claimed:
            task = asyncio.create_task(self._serve(pull), name=f"pull:{pull.partner}:{pull.module}")
            self._walks[task] = lease
            task.add_done_callback(self._done)

    async def _serve(self, pull: Pull) -> None:
        try:
            await self._walker.serve(pull)
        except Unavailable as error:
            _log.warning("a list waits", partner=pull.partner, ocpi_module=pull.module, reason=str(error))
        except Exception:
            # A fault of ours with one list: the others go on, and this one is free again when its lease has run out.
            _log.exception("walk failed", partner=pull.partner, ocpi_module=pull.module)

    def _done(self, task: "asyncio.Task[None]") -> None:
        del self._walks[task]
        self._freed.set()

    async def _stop(self) -> None:
        # The last lease may have been taken just before it was known which lists it is for.
        tasks, leases = list(self._walks), {*self._walks.values(), self._claiming} - {None}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if not leases:
            return
        release = self._parts.transactions.run(partial(_release, leases=leases))
        try:
            await asyncio.wait_for(release, self._parts.settings.stop_seconds)
        except (Unavailable, TimeoutError):
            _log.warning("leases of lists run out by themselves", walks=len(tasks))


async def _release(work: Work, leases: Collection[UUID | None]) -> None:
    await work.connection.execute(update(pulls).where(pulls.c.lease.in_(leases)).values(RELEASED))


def plan_timer(settings: PullSettings) -> Timer:
    """Return the timer that looks for lists to pull, and notices that nobody took pushes for a while."""

    async def act(work: Work) -> bool:
        await store.plan(work)
        if await store.beat(work.connection, work.now, settings.outage_seconds):
            _log.warning("partners are asked for what they may have pushed in vain")
            await store.catch_up(work.connection, work.now)
        await _measure(work)
        return False

    return Timer("pulls_plan", settings.plan_seconds, act)


async def _measure(work: Work) -> None:
    p = pulls.c
    query = select(
        p.module, func.count().filter(p.failures > 0), func.count().filter(p.full_completed_at.is_(None))
    ).group_by(p.module)
    for gauge in (metrics.PULLS_FAILING, metrics.PULLS_INCOMPLETE):
        gauge.clear()
    for module, failing, incomplete in await work.connection.execute(query):
        metrics.PULLS_FAILING.labels(module).set(failing)
        metrics.PULLS_INCOMPLETE.labels(module).set(incomplete)
