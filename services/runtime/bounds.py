"""What stands before an application: bounds of body and concurrency, and the count of requests."""

import time
from collections.abc import Callable
from typing import Final, TypeAlias

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.runtime import metrics
from services.runtime.settings import HttpsSettings

Refusal: TypeAlias = Callable[[Scope, int, str], ASGIApp]
"""Makes the answer to a request refused unseen: of its scope, the HTTP status (413, 503) and a sentence for people."""

DRAIN_FACTOR: Final = 8
"""So many times its bound is thrown away of a body too large, so that its sender reads why; then it is cut off."""

_WITH_BODY: Final = frozenset({b"content-length", b"transfer-encoding"})


def refuse(_scope: Scope, status: int, detail: str) -> ASGIApp:
    """Return the answer in the form of the admin API."""
    return JSONResponse({"error": "too_large" if status == 413 else "unavailable", "detail": detail}, status)


class Bounds:
    """ASGI middleware that reads a request's body, as far as its bound, before the application sees the request.

    The application gets the body in one piece. A request over a bound is answered 413 or 503 without the application.
    An application with bounds of its own for each caller reads bodies itself (`read_body`), once it knows the caller.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: HttpsSettings,
        listener: str,
        refusal: Refusal = refuse,
        *,
        reads_bodies: bool = True,
    ) -> None:
        self._app = app
        self._settings = settings
        self._listener = listener
        self._refusal = refusal
        self._reads_bodies = reads_bodies
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if self._running >= self._settings.max_concurrent_requests:
            refused = self._refused(scope, 503, "too_busy", "too many requests at once; try again later")
            await refused(scope, receive, _closing(send))
            return
        self._running += 1
        try:
            await self._pass(scope, receive, _Observed(scope, send, self._listener))
        finally:
            self._running -= 1

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._reads_bodies or _WITH_BODY.isdisjoint(name for name, _ in scope["headers"]):
            await self._app(scope, receive, send)
            return
        limit = self._settings.max_body_bytes
        if declared_bytes(scope) > limit * DRAIN_FACTOR:
            body = None
        else:
            try:
                body = await read_body(receive, limit)
            except Disconnected:
                return
        if body is None:
            refused = self._refused(scope, 413, "too_large", f"the body is larger than {limit} bytes")
            await refused(scope, receive, _closing(send))
            return
        await self._app(scope, _replay(body, receive), send)

    def _refused(self, scope: Scope, status: int, reason: str, detail: str) -> ASGIApp:
        metrics.HTTP_REFUSED.labels(self._listener, reason).inc()
        return self._refusal(scope, status, detail)


class Disconnected(Exception):
    """The client went away while it sent."""


async def read_body(receive: Receive, limit_bytes: int) -> bytes | None:
    """Return a request's body, or None when it is larger than the limit.

    Of a body that is too large eight times the limit is read and thrown away before the answer.

    Raises:
        Disconnected: when the client goes away before the end.
    """
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= limit_bytes:
            chunks.append(chunk)
        else:
            chunks.clear()
        if not message.get("more_body", False) or size > limit_bytes * DRAIN_FACTOR:
            return b"".join(chunks) if size <= limit_bytes else None


def declared_bytes(scope: Scope) -> int:
    """Return what a request's Content-Length says; 0 where it says nothing."""
    declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(declared) if declared.isdigit() else 0


def _replay(body: bytes, receive: Receive) -> Receive:
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay


def _closing(send: Send) -> Send:
    async def closing(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
        await send(message)

    return closing


class _Observed:
    """Counts an answer as its first byte leaves."""

    __slots__ = ("_began", "_listener", "_method", "_send")

    def __init__(self, scope: Scope, send: Send, listener: str) -> None:
        self._send = send
        self._listener = listener
        self._method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        self._began = time.perf_counter()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            metrics.HTTP_REQUESTS.labels(self._listener, self._method, str(message["status"])).inc()
            metrics.HTTP_REQUEST_SECONDS.labels(self._listener).observe(time.perf_counter() - self._began)
        await self._send(message)


_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
