"""What a scheduler, a load balancer and a monitor ask a service: /health, /ready and /metrics, open to all."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.runtime import metrics
from services.runtime.engine import RuntimeState
from services.runtime.settings import ProcessSettings

_NO_STORE: Final = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a service takes work.

    Attributes:
        reasons: Why not, as sentences for an operator; empty when it does.
        degraded: What is amiss and does not keep it from taking work.
    """

    reasons: Sequence[str]
    degraded: Sequence[str] = ()

    @property
    def ready(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.reasons


def readiness(essential: Sequence[str], kafka: Sequence[str], halted: str | None, *, needs_kafka: bool) -> Readiness:
    """Decide whether a service takes work.

    Args:
        essential: What no service can do without: its database, its schema.
        kafka: What is amiss on the way from and to Kafka.
        halted: Why it was stopped until an operator chooses, or None.
        needs_kafka: False for a service that takes work while Kafka is away (its outbox keeps the events).
    """
    if needs_kafka:
        return Readiness([*essential, *kafka])
    return Readiness([*essential, *([f"halted: {halted}"] if halted else [])], kafka)


def is_alive(state: RuntimeState, max_polling_age_seconds: float) -> bool:
    """Tell whether the inbox polls; a process in which it stopped for good has to be started anew."""
    return state.polling_age_seconds <= max_polling_age_seconds


class Health:
    """Answers the three questions."""

    def __init__(
        self,
        state: Callable[[], RuntimeState],
        check: Callable[[], Awaitable[Readiness]],
        settings: ProcessSettings,
    ) -> None:
        """Wire the answers.

        Args:
            state: How the engine is.
            check: Whether the service takes work; within a bound.
            settings: When polling counts as stopped.
        """
        self._state = state
        self._check = check
        self._settings = settings

    def routes(self) -> list[tuple[str, ASGIApp]]:
        """Return the routes as FastStream's application takes them."""
        return [("/health", self.health), ("/ready", self.ready), ("/metrics", self.metrics)]

    async def health(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 200 while the inbox polls, else 503."""
        age = self._state().polling_age_seconds
        alive = is_alive(self._state(), self._settings.max_polling_age_seconds)
        content = {"alive": alive, "polling_age_seconds": round(age, 3)}
        await _answer(content, alive)(scope, receive, send)

    async def ready(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 200 while the service takes work, else 503 with the reasons."""
        found = await self._look()
        content = {"ready": found.ready, "reasons": list(found.reasons), "degraded": list(found.degraded)}
        await _answer(content, found.ready)(scope, receive, send)

    async def metrics(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the metrics in Prometheus's text format."""
        await self._look()
        response = Response(generate_latest(metrics.REGISTRY), headers={"content-type": CONTENT_TYPE_LATEST})
        await response(scope, receive, send)

    async def _look(self) -> Readiness:
        found, state = await self._check(), self._state()
        metrics.READY.set(found.ready)
        metrics.HALTED.set(state.halted is not None)
        metrics.INBOX_POLLING_AGE_SECONDS.set(state.polling_age_seconds)
        return found


def _answer(content: dict[str, Any], good: bool) -> Response:
    return JSONResponse(content, 200 if good else 503, _NO_STORE)
