"""Hands results over to those who asked, at once; again, within the result's time, where that fails.

Any replica does it. One that dies in between leaves a lease that runs out, so a result is handed over at least once.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from services.core.errors import RoamwattError, Unavailable
from services.gateway.conversations.handing import Due, Handing, Pauses, next_state
from services.gateway.deliveries.courier import Client, Routes
from services.gateway.deliveries.verdict import Failing, Result
from services.gateway.settings import ConversationSettings
from services.runtime import metrics
from services.runtime.logs import logger
from services.runtime.work import Transactions

_log = logger(__name__)
_GONE = Result(failing=Failing.UNREACHABLE, message="not registered at present")


class Forwarding:
    """Hands results over; one loop for each replica."""

    def __init__(
        self,
        settings: ConversationSettings,
        *,
        transactions: Transactions,
        routes: Routes,
        client: Client,
        handing: Handing,
        clock: Callable[[], datetime],
        jitter: Callable[[], float],
        new_id: Callable[[], UUID],
    ) -> None:
        self._settings, self._transactions, self._routes = settings, transactions, routes
        self._client, self._handing = client, handing
        self._clock, self._jitter, self._new_id = clock, jitter, new_id
        self._open: Counter[str] = Counter()
        self._arrived = asyncio.Event()

    def arrived(self) -> None:
        """Say that there is a new result."""
        self._arrived.set()

    async def run(self) -> None:
        """Hand results over until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._arrived.clear()
                try:
                    leased = await self._lease()
                except Unavailable as error:
                    _log.warning("results wait", reason=str(error))
                    leased = []
                for due in leased:
                    self._open[due.asker] += 1
                    group.create_task(self._hand_over(due))
                if not leased:
                    await self._wait()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._settings.poll_milliseconds / 1000):
                await self._arrived.wait()
        except TimeoutError:
            return

    async def _lease(self) -> list[Due]:
        free = self._settings.max_forwards - self._open.total()
        if free <= 0:
            return []
        each = self._settings.max_open_per_partner
        busy = [asker for asker, count in self._open.items() if count >= each]
        # Longer than a request can take, and the transactions around it.
        until = self._clock() + timedelta(seconds=self._settings.answer_timeout_seconds * 2 + 5)
        lease = self._new_id()
        return await self._transactions.run(
            lambda work: self._handing.lease(work, lease, until, busy=busy, each=each, rows=free)
        )

    async def _hand_over(self, due: Due) -> None:
        try:
            result = await self._send(due)
            pauses = Pauses(self._settings.retry_min_seconds, self._settings.retry_max_seconds)
            state, again = next_state(due, result, self._clock(), pauses, self._jitter())
            error = None if state == "DELIVERED" else result.message
            await self._transactions.run(lambda work: self._handing.settle(work, due, state, again, error))
            metrics.CONVERSATION_RESULTS.labels(due.module, "retry" if again else state.lower()).inc()
            if state in {"REFUSED", "GIVEN_UP"}:
                _log.warning("a result is lost", conversation_id=due.conversation_id, asker=due.asker, reason=error)
        except RoamwattError as error:
            # Its lease runs out, and it is tried again.
            _log.warning("a result is not settled", conversation_id=due.conversation_id, reason=str(error))
        except Exception:
            _log.exception("handing a result over failed", conversation_id=due.conversation_id)
        finally:
            self._open[due.asker] -= 1
            if not self._open[due.asker]:
                del self._open[due.asker]
            self._arrived.set()

    async def _send(self, due: Due) -> Result:
        connection = await self._routes.of(due.asker)
        if connection is None:
            return _GONE
        request = connection.request(
            due.module,
            "POST",
            due.url,
            sender=due.answerer,
            receiver=due.asker,
            correlation_id=due.correlation_id,
            body=due.body,
            exact_url=True,
        )
        return (await self._client.send(request, self._settings.answer_timeout_seconds)).result
