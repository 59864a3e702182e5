"""One request of a partner as the endpoints see it, and how an ASGI request becomes one.

Everything that all endpoints need happens here once: ids, authentication, routing, the body, the answer's envelope and
headers, and errors. An endpoint is a plain function of a `Call`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl
from uuid import uuid4

from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.core.errors import TooLarge, Unavailable
from services.gateway.ocpi import envelope
from services.gateway.ocpi.envelope import Answer, OcpiError, Status
from services.gateway.ocpi.headers import MessageIds, Routing, message_ids, response_routing, routing
from services.gateway.ocpi.versions import V2_2_1, Version
from services.gateway.partners.peers import Peer, Peers
from services.runtime.bounds import Refusal
from services.runtime.logs import logger

_log = logger(__name__)
_JSON: Final = (b"content-type", b"application/json")


class Access(Enum):
    """What a token must be good for: modules of a registered partner, or versions and credentials too.

    Configuration modules (the second) have no routing headers, neither in requests nor in answers.
    """

    MODULES = 1
    CREDENTIALS = 2


@dataclass(slots=True)
class Call:
    """One authenticated request.

    Attributes:
        version: The version of OCPI whose endpoint was called.
        path: The parameters of the path, decoded.
        query: The query's parameters; of a repeated one the last.
        url: The path and query as requested, for the links of pages.
        body: As received.
        authorization: The header Authorization, for GET credentials, which repeats the token.
    """

    version: Version
    method: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    url: str
    body: bytes
    ids: MessageIds
    routing: Routing
    peer: Peer
    authorization: str = field(default="", repr=False)


Endpoint: TypeAlias = Callable[[Call], Awaitable[Answer]]


def _new_id() -> str:
    return str(uuid4())


@dataclass(frozen=True, slots=True)
class Front:
    """What every endpoint is wired with."""

    peers: Peers
    hub: str
    clock: Callable[[], datetime]
    max_body_bytes: int
    retry_after_seconds: int
    new_id: Callable[[], str] = _new_id


def route(
    path: str,
    front: Front,
    methods: Mapping[str, Endpoint],
    access: Access = Access.MODULES,
    version: Version = V2_2_1,
) -> Route:
    """Return a route that takes these methods and answers 405 to all others."""
    return Route(path, _Entry(front, methods, access, version))


class _Entry:
    """An ASGI application for one path, without the layers that Starlette puts around functions."""

    __slots__ = ("_access", "_front", "_methods", "_version")

    def __init__(self, front: Front, methods: Mapping[str, Endpoint], access: Access, version: Version) -> None:
        self._front, self._methods, self._access, self._version = front, methods, access, version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        ids = message_ids(headers, self._front.new_id)
        asked = Routing()
        try:
            if self._access is Access.MODULES:
                asked = routing(headers)
            answer = await self._answer(scope, receive, headers, ids, asked)
        except _Gone:
            return
        except Exception as error:
            answer = self._failed(error, scope, ids)
        routed = response_routing(asked, self._front.hub)
        await _send(send, answer, self._front.clock(), ids.headers() | routed)

    async def _answer(
        self, scope: Scope, receive: Receive, headers: Mapping[str, str], ids: MessageIds, asked: Routing
    ) -> Answer:
        peer = await self._peer(headers.get("authorization"))
        if asked.sender is not None and asked.sender not in peer.parties:
            raise OcpiError(f"OCPI-from headers: {asked.sender} is not one of your parties")
        endpoint = self._methods.get(scope["method"])
        if endpoint is None:
            allowed = ", ".join(sorted(self._methods))
            return Answer(None, Status.CLIENT_ERROR, f"the methods here are {allowed}", 405, {"allow": allowed})
        query = scope["query_string"].decode("ascii", "replace")
        parameters = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
        url = scope["path"] if not query else f"{scope['path']}?{query}"
        body = await _body(receive, self._front.max_body_bytes)
        call = Call(self._version, scope["method"], scope["path_params"], parameters, url, body, ids, asked, peer)
        call.authorization = headers.get("authorization", "")
        return await endpoint(call)

    async def _peer(self, authorization: str | None) -> Peer:
        if self._access is Access.CREDENTIALS:
            return await self._front.peers.authenticate_for_credentials(authorization)
        return await self._front.peers.authenticate(authorization)

    def _failed(self, error: Exception, scope: Scope, ids: MessageIds) -> Answer:
        answer = envelope.answer_to(error, self._front.retry_after_seconds)
        if isinstance(error, Unavailable):
            _log.warning("request not possible now", request_id=ids.request, reason=str(error))
        elif answer.http_status >= 500:
            # Not the path itself: a token's uid may be part of it.
            where = scope["route"].path if "route" in scope else ""
            _log.error("request failed", request_id=ids.request, route=where, exc_info=error)
        return answer


def refusal(clock: Callable[[], datetime], retry_after_seconds: int) -> Refusal:
    """Return what answers a request before any endpoint sees it (413, 503, 404): plain HTTP with an OCPI body."""

    def refuse(scope: Scope, http_status: int, message: str) -> ASGIApp:
        async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
            status = Status.SERVER_ERROR if http_status >= 500 else Status.CLIENT_ERROR
            wait = {"retry-after": str(retry_after_seconds)} if http_status == 503 else {}
            ids = message_ids(_headers(scope), _new_id)
            await _send(send, Answer(None, status, message, http_status, wait), clock(), ids.headers())

        return answer

    return refuse


def nothing_here(refuse: Refusal) -> ASGIApp:
    """Return the application behind all routes: 404."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await refuse(scope, 404, "there is nothing at this path")(scope, receive, send)

    return answer


async def _send(send: Send, answer: Answer, now: datetime, headers: Mapping[str, str]) -> None:
    content = envelope.body(answer, now)
    pairs = [_JSON, (b"content-length", b"%d" % len(content))]
    for name, value in (*headers.items(), *answer.headers.items()):
        pairs.append((name.encode(), value.encode("latin-1", "replace")))
    await send({"type": "http.response.start", "status": answer.http_status, "headers": pairs})
    await send({"type": "http.response.body", "body": content})


class _Gone(Exception):
    """The caller hung up."""


def _headers(scope: Scope) -> dict[str, str]:
    raw: Any = scope["headers"]
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in raw}


async def _body(receive: Receive, max_bytes: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > max_bytes:
            raise TooLarge(f"the body has more than {max_bytes} bytes")
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)
