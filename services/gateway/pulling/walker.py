"""Walks one partner's list for a while: asks for a page, takes its objects in, saves how far it came, and so on."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from services.gateway import refusals
from services.gateway.deliveries.answers import seconds_asked
from services.gateway.deliveries.requests import Fetched, PartnerRequest
from services.gateway.deliveries.verdict import Result, Verdict, judge
from services.gateway.pulling import expected, store
from services.gateway.pulling.concluding import Concluding
from services.gateway.pulling.intake import Fate, Intake, Taken
from services.gateway.pulling.links import Elsewhere, trusted
from services.gateway.pulling.pages import Page, read_page
from services.gateway.pulling.reach import Finder, Reach
from services.gateway.pulling.reporting import lines
from services.gateway.pulling.schedule import COMPLETE, HISTORIC, after_failure, date_from, kind_due
from services.gateway.pulling.settings import PullSettings
from services.gateway.pulling.store import RELEASED, LostLease, Pull
from services.gateway.pulling.walking import Kind, Walk, after_page, smaller, url_of
from services.runtime import metrics
from services.runtime.logs import logger
from services.runtime.work import Transactions, Work

_log = logger(__name__)


class Client(Protocol):
    """Sends requests to partners."""

    async def fetch(self, request: PartnerRequest, timeout_seconds: float, max_bytes: int) -> Fetched:
        """Return an answer as it came; see `PartnerClient.fetch`."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What walkers are wired with.

    Attributes:
        hub: The platform's own party, in whose name lists are asked for.
        jitter: Random numbers from 0 up to 1.
        new_id: Random ids of leases and conversations.
    """

    transactions: Transactions
    finder: Finder
    client: Client
    intake: Intake
    settings: PullSettings
    hub: str
    clock: Callable[[], datetime]
    jitter: Callable[[], float]
    new_id: Callable[[], UUID]


class Walker:
    """Serves one list at a time; any number of calls of `serve` may run, each for a list of its own."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._concluding = Concluding(parts.transactions, parts.intake, parts.settings, parts.jitter)

    async def serve(self, pull: Pull) -> None:
        """Walk a list for some pages, and give it back.

        Raises:
            Unavailable: when the database is away; what was not saved is asked for again.
        """
        try:
            await self._serve(pull)
        except LostLease:
            _log.info("a list is walked by another replica now", partner=pull.partner, ocpi_module=pull.module)

    async def _serve(self, pull: Pull) -> None:
        reach = await self._parts.finder.reach(pull)
        if isinstance(reach, str):
            return await self._postpone(pull, reach)
        if pull.walk is None and pull.module in HISTORIC and reach.agreed_from is None:
            return await self._postpone(pull, "the partner has no agreement yet")
        here: Pull | None = pull if pull.walk is not None else await self._begin(pull, reach)
        for _ in range(self._parts.settings.slice_pages):
            if here is None or here.walk is None or here.walk.ended:
                break
            here = await self._page(here, here.walk, reach)
        if here is None or here.walk is None:
            return None
        if here.walk.ended:
            return await self._concluding.conclude(here, here.walk, reach)
        return await self._save(here, due_at=self._parts.clock(), **RELEASED)

    async def _begin(self, pull: Pull, reach: Reach) -> Pull:
        now, schedule = self._parts.clock(), pull.schedule
        kind = kind_due(schedule, now)
        walk = Walk(
            kind=kind,
            started_at=now,
            correlation_id=str(self._parts.new_id()),
            limit=reach.page_rows,
            date_from=date_from(pull.module, kind, schedule, now, cadence=reach.cadence, agreed_from=reach.agreed_from),
        )
        begun = replace(pull, walk=walk)

        async def act(work: Work) -> None:
            await store.save(work.connection, begun, lease_until=self._until(work.now))
            if kind is Kind.FULL and pull.module in COMPLETE:
                await expected.expect(work.connection, pull)

        await self._parts.transactions.run(act)
        return begun

    async def _page(self, pull: Pull, walk: Walk, reach: Reach) -> Pull | None:
        """Read one page; None: it could not be read, and the list was given back."""
        settings = self._parts.settings
        try:
            request = self._request(pull, walk, reach)
        except Elsewhere as lost:
            await self._failed(pull, walk, None, str(lost))
            return None
        fetched = await self._parts.client.fetch(request, settings.page_timeout_seconds, settings.max_page_bytes)
        # A page of megabytes takes a while to cut up, and other partners wait for answers.
        result, page = await asyncio.to_thread(read_page, fetched)
        is_fine = judge(result) is Verdict.DELIVERED
        if page is not None and is_fine:
            return await self._take(pull, walk, reach, page)
        error = f"{result.message}, and there is no list in the answer" if is_fine else result.message
        await self._failed(pull, walk, result, error, seconds_asked(fetched.headers.get("retry-after")))
        return None

    async def _take(self, pull: Pull, walk: Walk, reach: Reach, page: Page) -> Pull | None:
        source = reach.source(pull, walk.correlation_id)
        taken = await self._parts.intake.take(source, page.objects)
        step = after_page(walk, page, reach.rules)
        if step.error:
            await self._failed(pull, walk, None, step.error)
            return None
        further = replace(pull, walk=counted(step.walk, taken), failures=0)
        keys = {each.named.object_id.casefold() for each in taken if each.named.object_id is not None}

        async def act(work: Work) -> None:
            values = {"lease_until": self._until(work.now), "moved_at": work.now, "last_error": None}
            await store.save(work.connection, further, **values)
            if walk.kind is Kind.FULL and pull.module in COMPLETE:
                await expected.found(work.connection, pull, keys)
            most = self._parts.settings.max_reported_objects - walk.wrong
            await refusals.add(work, lines(source, taken, self._parts.hub, work.now, most))

        await self._parts.transactions.run(act)
        metrics.PULL_PAGES.labels(pull.module, "read").inc()
        return further

    def _request(self, pull: Pull, walk: Walk, reach: Reach) -> PartnerRequest:
        rules, connection = reach.rules, reach.connection
        if walk.next_url is not None:
            # The partner may have registered another address since.
            walk = replace(walk, next_url=trusted(walk.next_url, rules.endpoint, rules.hosts))
        return connection.request(
            pull.module,
            "GET",
            url_of(walk, rules.endpoint),
            sender=self._parts.hub,
            receiver=pull.partner,
            correlation_id=walk.correlation_id,
            # What the partner gave as the next page may be signed.
            exact_url=walk.next_url is not None,
        )

    async def _failed(
        self, pull: Pull, walk: Walk, result: Result | None, error: str, asked_seconds: float | None = None
    ) -> None:
        settings, failures = self._parts.settings, pull.failures + 1
        setback = after_failure(
            walk,
            failures,
            smaller=smaller(walk),
            least_seconds=settings.retry_min_seconds,
            most_seconds=settings.retry_max_seconds,
            asked_seconds=asked_seconds,
            jitter=self._parts.jitter(),
            result=result,
        )
        metrics.PULL_PAGES.labels(pull.module, "failed").inc()
        _log.warning(
            "a list could not be read on", partner=pull.partner, module=pull.module, reason=error, tries=failures
        )
        due_at = self._parts.clock() + timedelta(seconds=setback.pause_seconds)
        failed = replace(pull, walk=setback.walk, failures=failures)
        await self._save(failed, due_at=due_at, last_error=error, **RELEASED)

    async def _postpone(self, pull: Pull, reason: str) -> None:
        due_at = self._parts.clock() + timedelta(seconds=self._parts.settings.recheck_seconds)
        await self._save(pull, due_at=due_at, last_error=reason, **RELEASED)

    async def _save(self, pull: Pull, **values: Any) -> None:
        async def act(work: Work) -> None:
            await store.save(work.connection, pull, **values)

        await self._parts.transactions.run(act)

    def _until(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self._parts.settings.lease_seconds)


def counted(walk: Walk, taken: Sequence[Taken]) -> Walk:
    """Return a walk with what became of the objects of its last page."""
    fates = Counter(each.fate for each in taken)
    dates = [each.last_updated for each in taken if each.last_updated is not None]
    newest = max([*dates, walk.newest] if walk.newest else dates, default=None)
    nameless = sum(each.fate is Fate.WRONG and each.named.object_id is None for each in taken)
    counts: dict[str, Any] = {fate.value: getattr(walk, fate.value) + fates[fate] for fate in Fate}
    return replace(walk, newest=newest, nameless=walk.nameless + nameless, **counts)
