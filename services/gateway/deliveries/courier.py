"""Takes one partner what is due for it: leases, sends, settles, round by round, and holds its circuit breaker."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from services.core.errors import RoamwattError
from services.gateway.deliveries.breaker import CLOSED, BreakerRules, after_failure, after_success, allowance
from services.gateway.deliveries.queue import EVSES
from services.gateway.deliveries.requests import PartnerAnswer, PartnerRequest
from services.gateway.deliveries.settlement import Attempt, Leased, Settlement
from services.gateway.deliveries.turns import Rendered, Renderer, Round, Turn, Turns, Writer
from services.gateway.deliveries.verdict import Failing, Result, is_healthy
from services.gateway.partners.connections import Connection
from services.gateway.partners.wording import owned
from services.gateway.settings import DeliverySettings
from services.runtime import metrics
from services.runtime.logs import logger
from services.runtime.work import Transactions, Work

_log = logger(__name__)
_ENDPOINTS: Final = {EVSES: "locations"}
_UNKNOWN: Final = "the object is gone, or its contract was erased"


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


class Courier:
    """Serves one partner. Only one call of `serve` runs at a time."""

    def __init__(self, partner: str, parts: Parts, turns: Turns) -> None:
        self._partner, self._parts, self._turns = partner, parts, turns
        self._breaker, self._shown = CLOSED, CLOSED
        self._last_error: str | None = None
        self._is_shown_open: bool | None = None
        settings = parts.settings
        self._breaker_rules = BreakerRules(
            settings.breaker_failures, settings.breaker_min_seconds, settings.breaker_max_seconds
        )

    def may_send(self, now: datetime) -> bool:
        """Tell whether the breaker lets anything through."""
        return allowance(self._breaker, now, most=1) > 0

    async def serve(self) -> None:
        """Send until nothing is due, or the breaker opens.

        Raises:
            Unavailable, BadContent: see `Turns.take`.
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
        """Settle a round and lease the next."""
        now, settings = self._parts.clock(), self._parts.settings
        most = allowance(self._breaker, now, settings.max_concurrent_requests)
        shown = None if self._breaker == self._shown else self._breaker
        turn = Turn(self._partner, done, attempts, most, shown, self._last_error)
        taking = asyncio.ensure_future(self._turns.take(turn))
        try:
            here = await asyncio.shield(taking)
        except asyncio.CancelledError:
            await self._give_back_when_taken(taking)
            raise
        self._shown = shown or self._shown
        return here

    async def _give_back_when_taken(self, taking: "asyncio.Future[Round]") -> None:
        """A turn is taken together with others', also after its courier was told to stop."""
        try:
            here = await asyncio.wait_for(taking, self._parts.settings.stop_seconds)
        except (RoamwattError, TimeoutError):
            return
        if here.rows:
            await self._give_back(here)

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
            _log.exception("object cannot be sent", ocpi_module=row.module, delivery_id=row.delivery_id)
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
        if is_open != self._is_shown_open:
            metrics.CIRCUIT_OPEN.labels(self._partner).set(int(is_open))
            self._is_shown_open = is_open

    async def _give_back(self, here: Round) -> None:
        """Let others send at once what this replica, which stops, has leased."""
        attempts = [Attempt(row) for row in here.rows]
        release = self._turns.take(Turn(self._partner, here, attempts, 0))
        try:
            await asyncio.wait_for(release, self._parts.settings.stop_seconds)
        except (RoamwattError, TimeoutError):
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
