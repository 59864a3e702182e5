"""Sends one request of a conversation on to the party that is asked: at once, never queued, within bounds.

A party that hangs holds its own places only; one that does not answer at all is left alone for a while, as with
deliveries, so that whoever asks is told at once instead of after a time-out.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.gateway.deliveries.breaker import CLOSED, Breaker, BreakerRules, after_failure, allowance
from services.gateway.deliveries.courier import Client, Routes
from services.gateway.deliveries.requests import PartnerAnswer, PartnerRequest
from services.gateway.ocpi.envelope import OcpiError, Status
from services.gateway.partners.connections import Connection
from services.gateway.settings import ConversationSettings
from services.runtime import metrics

SENDER: Final = "SENDER"
RECEIVER: Final = "RECEIVER"


@dataclass(frozen=True, slots=True)
class Way:
    """How a party is reached in one module.

    Attributes:
        url: Of the interface, without a slash at its end.
    """

    party: str
    module: str
    url: str = field(repr=False)
    connection: Connection


@dataclass(frozen=True, slots=True)
class Hop:
    """What goes over one hop.

    Attributes:
        path: What comes after the interface's URL, encoded, with its query.
        sender: The party that asks.
        correlation_id: Kept over all hops; each has a request id of its own.
    """

    method: str
    path: str = field(repr=False)
    sender: str
    correlation_id: str
    body: bytes | None = field(default=None, repr=False)


class Relay:
    """Relays requests; what it knows of parties' health is this replica's own."""

    def __init__(
        self,
        routes: Routes,
        client: Client,
        settings: ConversationSettings,
        *,
        clock: Callable[[], datetime],
        jitter: Callable[[], float],
    ) -> None:
        self._routes, self._client, self._settings = routes, client, settings
        self._clock, self._jitter = clock, jitter
        self._open: Counter[str] = Counter()
        self._breakers: dict[str, Breaker] = {}
        self._rules = BreakerRules(
            settings.breaker_failures, settings.breaker_min_seconds, settings.breaker_max_seconds
        )

    async def way(self, party: str, module: str, role: str) -> Way:
        """Return how a party is reached.

        Raises:
            OcpiError: 4003 while it is not registered, 4000 when it has no such interface.
            services.core.errors.Unavailable: when the database is away.
        """
        connection = await self._routes.of(party)
        if connection is None:
            raise OcpiError(f"{party} is not connected", Status.HUB_CONNECTION)
        url = connection.url(module, role)
        if url is None:
            raise OcpiError(f"{party} has no {role} interface of {module}", Status.HUB_ERROR)
        return Way(party, module, url.rstrip("/"), connection)

    def check_open(self, way: Way) -> None:
        """Check that a request may be sent to a party now.

        Raises:
            OcpiError: 4003, when too many are open at this party or it has not answered for a while.
        """
        breaker = self._breakers.get(way.party, CLOSED)
        most = allowance(breaker, self._clock(), self._settings.max_open_per_partner)
        if self._open[way.party] >= most:
            reason = "does not answer at present" if breaker.retry_at else "has too many requests open"
            metrics.CONVERSATIONS.labels(way.module, "not_sent").inc()
            raise OcpiError(f"{way.party} {reason}; nothing was sent to it", Status.HUB_CONNECTION)

    async def send(self, way: Way, hop: Hop) -> PartnerAnswer:
        """Send a request and return what came of it; raises as `check_open`, nothing being sent then."""
        self.check_open(way)
        self._open[way.party] += 1
        try:
            answer = await self._client.send(_request(way, hop), self._settings.answer_timeout_seconds)
        finally:
            self._open[way.party] -= 1
            if not self._open[way.party]:
                del self._open[way.party]
        self._learn(way.party, answer)
        outcome = answer.result.failing or ("answered" if answer.result.ocpi_status is not None else "bad_answer")
        metrics.CONVERSATIONS.labels(way.module, outcome.lower()).inc()
        return answer

    def _learn(self, party: str, answer: PartnerAnswer) -> None:
        # Any OCPI answer, a refusal too, is one of a system that works.
        if answer.result.failing is None and answer.result.ocpi_status is not None:
            self._breakers.pop(party, None)
            return
        before = self._breakers.get(party, CLOSED)
        self._breakers[party] = after_failure(before, self._clock(), self._rules, self._jitter())


def _request(way: Way, hop: Hop) -> PartnerRequest:
    return way.connection.request(
        way.module,
        hop.method,
        f"{way.url}/{hop.path}" if hop.path else way.url,
        sender=hop.sender,
        receiver=way.party,
        correlation_id=hop.correlation_id,
        body=hop.body,
    )
