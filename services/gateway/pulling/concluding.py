"""What a walk that came to its end leads to: objects removed, and the next walks planned."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from services.gateway.pulling import expected, store
from services.gateway.pulling.absence import Finding, conclude
from services.gateway.pulling.expected import Absent
from services.gateway.pulling.intake import Fate, Intake, Source
from services.gateway.pulling.pushers import pushed_at
from services.gateway.pulling.reach import Reach
from services.gateway.pulling.schedule import COMPLETE, after_walk
from services.gateway.pulling.settings import PullSettings
from services.gateway.pulling.store import RELEASED, WALK, Pull, rescheduled
from services.gateway.pulling.walking import Kind, Walk
from services.runtime import metrics
from services.runtime.logs import logger
from services.runtime.work import Transactions, Work

_log = logger(__name__)
_NOTHING = Finding(None)


class Concluding:
    """Concludes walks. Where it is interrupted, the next one who has the list concludes the same again."""

    def __init__(
        self, transactions: Transactions, intake: Intake, settings: PullSettings, jitter: Callable[[], float]
    ) -> None:
        self._transactions, self._intake, self._settings, self._jitter = transactions, intake, settings, jitter

    async def conclude(self, pull: Pull, walk: Walk, reach: Reach) -> None:
        """Remove what is certainly gone, plan the next walks and give the list back.

        Raises:
            LostLease: when another replica has the list now.
            Unavailable: when the database is away.
        """
        whole = walk.kind is Kind.FULL and pull.module in COMPLETE
        finding = await self._finding(pull, walk) if whole else _NOTHING
        if finding.remove_from is not None:
            await self._remove(pull, reach.source(pull, walk.correlation_id), finding.remove_from)
        await self._transactions.run(lambda work: self._write(work, pull, walk, reach, finding))
        metrics.PULL_WALKS.labels(pull.module, walk.kind).inc()
        for fate in Fate:
            metrics.PULL_OBJECTS.labels(pull.module, fate).inc(getattr(walk, fate))
        counts = {fate.value: getattr(walk, fate) for fate in Fate}
        _log.info(
            "list walked", partner=pull.partner, ocpi_module=pull.module, kind=walk.kind, pages=walk.pages, **counts
        )
        if finding.doubt:
            _log.warning("nothing is removed", partner=pull.partner, ocpi_module=pull.module, reason=finding.doubt)

    async def _finding(self, pull: Pull, walk: Walk) -> Finding:
        missing = await self._transactions.run(lambda work: expected.missing(work.connection, pull))
        settings = self._settings
        return conclude(
            walk,
            missing,
            approved=pull.approved,
            max_share=settings.max_removed_share,
            min_objects=settings.min_removed_objects,
        )

    async def _remove(self, pull: Pull, source: Source, walks: int) -> None:
        after, rows = "", self._settings.max_objects_in_flight
        while True:
            gone = await self._transactions.run(partial(self._absent, pull=pull, walks=walks, after=after, rows=rows))
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._intake.remove(source, *each)) for each in gone]
            metrics.PULL_OBJECTS.labels(pull.module, "removed").inc(sum(task.result() for task in tasks))
            if len(gone) < rows:
                return
            after = gone[-1].object_key

    async def _absent(self, work: Work, *, pull: Pull, walks: int, after: str, rows: int) -> list[Absent]:
        """Return what is to be removed next; who removes must still have the list."""
        await store.save(work.connection, pull, moved_at=work.now)
        return list(await expected.absent(work.connection, pull, walks, after, rows))

    async def _write(self, work: Work, pull: Pull, walk: Walk, reach: Reach, finding: Finding) -> None:
        schedule = after_walk(
            pull.schedule,
            walk,
            work.now,
            reach.cadence,
            pushed_at=await pushed_at(work.connection, pull.partner, pull.module),
            unconfirmed=finding.unconfirmed,
            jitter=self._jitter(),
        )
        values: dict[str, Any] = {"completed_at": work.now, "moved_at": work.now, "last_error": None}
        if walk.kind is Kind.FULL:
            values |= {"full_completed_at": work.now, "doubt": finding.doubt or None, "approved": False}
        done = replace(pull, walk=None, failures=0)
        last_walk = WALK.dump_python(walk, mode="json")
        await store.save(work.connection, done, last_walk=last_walk, **values, **rescheduled(schedule), **RELEASED)
        if walk.kind is Kind.FULL and pull.module in COMPLETE:
            await expected.remember(work.connection, pull)
