"""The questions that wait for a decision in this replica: a bounded map that outlives late replies."""

import asyncio

from schemas.models.authorization import AuthorizationDecided
from services.core.errors import Unavailable
from services.runtime import metrics


class PendingReplies:
    """Futures by authorization id. Whoever expects a reply drops it again, whatever came of it."""

    def __init__(self, max_waiting: int) -> None:
        self._max_waiting = max_waiting
        self._waiting: dict[str, asyncio.Future[AuthorizationDecided]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def expect(self, authorization_id: str) -> "asyncio.Future[AuthorizationDecided]":
        """Return the future of a decision; it must be expected before the question is published.

        Raises:
            Unavailable: when as many questions as are allowed wait already.
        """
        if len(self._waiting) >= self._max_waiting:
            raise Unavailable(f"{self._max_waiting} authorizations wait for a decision")
        future: asyncio.Future[AuthorizationDecided] = asyncio.get_running_loop().create_future()
        self._waiting[authorization_id] = future
        metrics.AUTHORIZATION_PENDING.set(len(self._waiting))
        return future

    def resolve(self, decision: AuthorizationDecided) -> bool:
        """Hand a decision to whoever waits for it; a late or repeated one is counted and dropped."""
        future = self._waiting.get(decision.authorization_id)
        if future is None or future.done():
            metrics.AUTHORIZATION_EXPIRED.labels("reply").inc()
            return False
        future.set_result(decision)
        return True

    def drop(self, authorization_id: str) -> None:
        """Expect nothing any more."""
        self._waiting.pop(authorization_id, None)
        metrics.AUTHORIZATION_PENDING.set(len(self._waiting))
