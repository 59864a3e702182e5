"""Takes one partner what is due for it: leases, sends, settles, round by round, and holds its circuit breaker."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol, TypeAlias
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.core.errors import Unavailable
from services.gateway.deliveries import leases
from services.gateway.deliveries.breaker import CLOSED, BreakerRules, after_failure, after_success, allowance
from services.gateway.deliveries.completion import completed
from services.gateway.deliveries.queue import EVSES
from services.gateway.deliveries.requests import PartnerAnswer, PartnerRequest
from services.gateway.deliveries.settlement import Attempt, Leased, Next, RetryRules, Settlement, settle
from services.gateway.deliveries.verdict import Failing, Result, is_healthy
from services.gateway.ocpi.versions import Version
from services.gateway.partners.connections import Connection
from services.gateway.partners.wording import owned
from services.gateway.settings import DeliverySettings
from services.runtime import metrics
from services.runtime.logs import logger
from services.runtime.work import Transactions, Work

_log = logger(__name__)
_ENDPOINTS: Final = {EVSES: "locations"}
_UNKNOWN: Final = "the object is gone, or its contract was erased"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A row as it goes out: `path` is what comes after the endpoint's URL, encoded; empty for the URL itself."""

    method: str
    path: str
    body: bytes | None = field(default=None, repr=False)


Writer: TypeAlias = Callable[[Version], Rendered]
"""Writes an object as a version of OCPI has it."""


class Renderer(Protocol):
    """Turns rows into what goes over the wire."""

    async def read(self, connection: AsyncConnection, rows: Sequence[Leased]) -> Mapping[UUID, Writer]:
        """Return each row's newest state, ready to be written; what is gone is missing."""


class Client(Protocol):
    """Sends requests to partners."""

    async def send(self, request: PartnerRequest, timeout_seconds: float | None = None) -> PartnerAnswer:
        """Return what came of a request; see `PartnerClient.send`."""


class Routes(Protocol):
    """Knows how to reach partners."""

    async def of(self, party: str) -> Connection | None:
        """Return a party's connection; see `Connections.of`."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What couriers are wired with.

    Attributes:
        report: Tells the senders of refused objects, in the same transaction.
        jitter: Random numbers from 0 up to 1.
        new_id: Random ids of leases.
    """

    transactions: Transactions
    routes: Routes
    client: Client
    renderer: Renderer
    report: Callable[[Work, Sequence[tuple[Attempt, Settlement]]], Awaitable[None]]
    settings: DeliverySettings
    clock: Callable[[], datetime]
    jitter: Callable[[], float]
    new_id: Callable[[], UUID]


@dataclass(frozen=True, slots=True)
class Round:
    """Rows under one lease, and what writes each."""

    lease_id: UUID
    rows: Sequence[Leased]
    writers: Mapping[UUID, Writer]


class Courier:
    """Serves one partner. Only one call of `serve` runs at a time."""

    def __init__(self, partner: str, parts: Parts) -> None:
        self._partner, self._parts = partner, parts
        self._breaker, self._shown = CLOSED, CLOSED
        self._last_error: str | None = None
        settings = parts.settings
        self._rules = RetryRules(settings.retry_min_seconds, settings.retry_max_seconds, settings.max_tries)
        self._breaker_rules = BreakerRules(
            settings.breaker_failures, settings.breaker_min_seconds, settings.breaker_max_seconds
        )

    def may_send(self, now: datetime) -> bool:
        """Tell whether the breaker lets anything through."""
        return allowance(self._breaker, now, most=1) > 0

    async def serve(self) -> None:
        """Send until nothing is due, or the breaker opens.

        Raises:
            Unavailable: when the database is away; what was sent but not settled goes out again after its lease.
        """
        here = await self._turn(None, ())
        while here.rows:
            try:
                route = await self._parts.routes.of(self._partner)
                if route is None:
                    # Suspended or gone meanwhile: what is leased waits for the day that it comes back.
                    await self._give_back(here)
                    return
                attempts = await self._send(route, here)
            except asyncio.CancelledError:
                await self._give_back(here)
                raise
            here = await self._turn(here, attempts)

    async def _turn(self, done: Round | None, attempts: Sequence[Attempt]) -> Round:
        """Settle a round and lease the next, in one transaction."""
        return await self._parts.transactions.run(partial(self._act, done=done, attempts=attempts))

    async def _act(self, work: Work, *, done: Round | None, attempts: Sequence[Attempt]) -> Round:
        if done is not None:
            await self._settle(work, done.lease_id, attempts)
        lease_id = self._parts.new_id()
        most = allowance(self._breaker, work.now, self._parts.settings.max_concurrent_requests)
        if most == 0:
            return Round(lease_id, (), {})
        until = work.now + timedelta(seconds=self._parts.settings.lease_seconds)
        rows = await leases.lease(
            work.connection, self._partner, lease_id=lease_id, now=work.now, until=until, rows=most
        )
        writers = await self._parts.renderer.read(work.connection, rows) if rows else {}
        return Round(lease_id, rows, writers)

    async def _settle(self, work: Work, lease_id: UUID, attempts: Sequence[Attempt]) -> None:
        ids = [attempt.row.delivery_id for attempt in attempts]
        revisions = await leases.lock_leased(work.connection, lease_id, ids)
        settled = [
            (each, settle(each, revisions[each.row.delivery_id], work.now, self._rules, self._parts.jitter()))
            for each in attempts
            if each.row.delivery_id in revisions
        ]
        await leases.write_settlements(work.connection, settled)
        for attempt, settlement in settled:
            _count(attempt, settlement, work.now)
            if settlement.outcome is not None:
                work.append(completed(attempt, settlement, work.now))
        parked = [each for each in settled if each[1].outcome is not None and each[1].outcome != "DELIVERED"]
        await self._parts.report(work, [each for each in parked if each[0].withdrawn is None])
        if self._breaker != self._shown:
            await leases.write_breaker(work.connection, self._partner, self._breaker, self._last_error, work.now)
            self._shown = self._breaker

    async def _send(self, route: Connection, here: Round) -> list[Attempt]:
        async with asyncio.TaskGroup() as group:
            writers = here.writers
            tasks = [group.create_task(self._send_one(route, row, writers.get(row.delivery_id))) for row in here.rows]
        return [task.result() for task in tasks]

    async def _send_one(self, route: Connection, row: Leased, write: Writer | None) -> Attempt:
        url = route.push_url(_ENDPOINTS.get(row.module, row.module))
        if url is None:
            # A missing receiver is no fault: who cannot be pushed to, pulls.
            return Attempt(row, withdrawn=f"nothing of {row.module} is pushed to {self._partner}")
        if write is None:
            return Attempt(row, withdrawn=_UNKNOWN)
        seconds = self._parts.settings.once_seconds
        if not row.kept and self._parts.clock() - row.queued_at > timedelta(seconds=seconds):
            return Attempt(row, Result(failing=Failing.TIMEOUT, message=f"out of reach for {seconds:g} s"))
        try:
            content = write(route.version)
        except Exception:
            # A fault of ours with one object: the others go on, and it stays in the queue for a release that can.
            _log.exception("object cannot be sent", module=row.module, delivery_id=row.delivery_id)
            return Attempt(row, Result(Failing.UNWRITABLE, message=f"cannot be written in {route.version.name}"))
        answer = await self._parts.client.send(_request(route, url, row, content))
        self._learn(answer)
        return Attempt(row, answer.result, None, answer.retry_after_seconds, answer.location)

    def _learn(self, answer: PartnerAnswer) -> None:
        if is_healthy(answer.result):
            self._breaker = after_success(self._breaker)
        else:
            now = self._parts.clock()
            self._breaker = after_failure(self._breaker, now, self._breaker_rules, self._parts.jitter())
            self._last_error = answer.result.message
        is_open = self._breaker.retry_at is not None
        metrics.CIRCUIT_OPEN.labels(self._partner).set(int(is_open))

    async def _give_back(self, here: Round) -> None:
        """Let others send at once what this replica, which stops, has leased."""
        attempts = [Attempt(row) for row in here.rows]
        release = self._parts.transactions.run(partial(self._settle, lease_id=here.lease_id, attempts=attempts))
        try:
            await asyncio.wait_for(release, self._parts.settings.stop_seconds)
        except (Unavailable, TimeoutError):
            _log.warning("leases run out by themselves", partner=self._partner, rows=len(attempts))


def _request(route: Connection, url: str, row: Leased, content: Rendered) -> PartnerRequest:
    path = owned(content.path, row.owner, route.options)
    return route.request(
        _ENDPOINTS.get(row.module, row.module),
        content.method,
        f"{url.rstrip('/')}/{path}" if path else url,
        sender=row.sender,
        receiver=row.partner,
        # Where the sender gave none, the delivery's own id ties its tries together.
        correlation_id=row.correlation_id or str(row.delivery_id),
        body=content.body,
    )


def _count(attempt: Attempt, settlement: Settlement, now: datetime) -> None:
    module = attempt.row.module
    if attempt.result is None and attempt.withdrawn is None:
        return
    metrics.DELIVERIES.labels(module, (settlement.outcome or "RETRIED").lower()).inc()
    if settlement.outcome == "DELIVERED":
        metrics.DELIVERY_SECONDS.labels(module).observe((now - attempt.row.queued_at).total_seconds())
    if settlement.next is Next.PARK:
        result = attempt.result
        _log.warning(
            "delivery parked",
            partner=attempt.row.partner,
            module=module,
            delivery_id=attempt.row.delivery_id,
            http_status=result.http_status if result else None,
            ocpi_status=result.ocpi_status if result else None,
        )
