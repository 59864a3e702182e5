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
from starlette.types import ASGIApp, Receive, Scope, Send

from services.core.errors import Unavailable
from services.gateway.limits import refusing
from services.gateway.limits.partners import Leave, Limits, module_of
from services.gateway.ocpi import envelope
from services.gateway.ocpi.envelope import Answer, OcpiError, Status
from services.gateway.ocpi.headers import MessageIds, Routing, message_ids, response_routing, routing
from services.gateway.ocpi.versions import V2_2_1, Version
from services.gateway.partners.options import DEFAULT, PartnerOptions
from services.gateway.partners.peers import Peer, Peers
from services.gateway.partners.wording import cased, worded
from services.runtime.bounds import DRAIN_FACTOR, Disconnected, Refusal, declared_bytes, read_body
from services.runtime.logs import logger

_log = logger(__name__)
_JSON: Final = (b"content-type", b"application/json")


class Access(Enum):
    """What a token must be good for: modules of a registered partner, or versions and credentials too.

    Configuration modules (all but the first) have no routing headers, neither in requests nor in answers.
    """

    MODULES = 1
    CREDENTIALS = 2
    CONFIGURATION = 3
    """Modules of a registered partner that are not routed: hubclientinfo."""


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
    limits: Limits
    retry_after_seconds: int
    new_id: Callable[[], str] = _new_id
    heard: Callable[[str], None] = lambda _platform: None


def route(
    path: str,
    front: Front,
    methods: Mapping[str, Endpoint],
    access: Access = Access.MODULES,
    version: Version = V2_2_1,
) -> Route:
    """Return a route that takes these methods and answers 405 to all others."""
    return Route(path, _Entry(front, methods, access, version, module_of(path)))


@dataclass(frozen=True, slots=True)
class Served:
    """What a route of `route` serves."""

    methods: Mapping[str, Endpoint]
    access: Access
    version: Version
    module: str


def served(route: Route) -> Served:
    """Return what a route serves, to describe it."""
    entry = route.endpoint
    assert isinstance(entry, _Entry)  # noqa: S101 - all are made by `route`
    return entry.served


class _Entry:
    """An ASGI application for one path, without the layers that Starlette puts around functions."""

    __slots__ = ("_access", "_front", "_methods", "_module", "_version", "served")

    def __init__(
        self, front: Front, methods: Mapping[str, Endpoint], access: Access, version: Version, module: str
    ) -> None:
        self._front, self._methods, self._access, self._version = front, methods, access, version
        self._module = module
        self.served = Served(methods, access, version, module)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        visit = _Visit(headers, message_ids(headers, self._front.new_id))
        try:
            answer = await self._answer_or_error(scope, receive, visit)
            routed = response_routing(visit.routing, self._front.hub)
            routed = {name: cased(value, visit.options) for name, value in routed.items()}
            await _send(send, answer, self._front.clock(), visit.ids.headers() | routed, visit.options)
        except Disconnected:
            return
        finally:
            # Not before the answer has left: a partner that reads slowly has fewer requests, not we more memory.
            visit.leave()

    async def _answer_or_error(self, scope: Scope, receive: Receive, visit: "_Visit") -> Answer:
        try:
            return await self._answer(scope, receive, visit)
        except Disconnected:
            raise
        except Exception as error:
            return self._failed(error, scope, visit.ids)

    async def _answer(self, scope: Scope, receive: Receive, visit: "_Visit") -> Answer:
        """Answer a request; what costs something comes after what may refuse it."""
        headers, front = visit.headers, self._front
        peer = await self._peer(headers.get("authorization"), scope)
        visit.options = peer.options
        front.heard(peer.platform)
        visit.leave = front.limits.enter(peer.platform, peer.options, self._module)
        if self._access is Access.MODULES:
            visit.routing = routing(headers)
        asked = visit.routing
        if asked.sender is not None and asked.sender not in peer.parties:
            raise OcpiError(f"OCPI-from headers: {asked.sender} is not one of your parties")
        endpoint = self._methods.get(scope["method"])
        if endpoint is None:
            allowed = ", ".join(sorted(self._methods))
            return Answer(None, Status.CLIENT_ERROR, f"the methods here are {allowed}", 405, {"allow": allowed})
        most = front.limits.max_body_bytes(peer.options)
        body = await read_body(receive, most) if declared_bytes(scope) <= most else None
        if body is None:
            return self._too_large(scope, peer, most)
        query = scope["query_string"].decode("ascii", "replace")
        parameters = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
        url = scope["path"] if not query else f"{scope['path']}?{query}"
        call = Call(self._version, scope["method"], scope["path_params"], parameters, url, body, visit.ids, asked, peer)
        call.authorization = headers.get("authorization", "")
        return await endpoint(call)

    async def _peer(self, authorization: str | None, scope: Scope) -> Peer:
        peers = self._front.peers
        look_up = peers.authenticate_for_credentials if self._access is Access.CREDENTIALS else peers.authenticate
        address = (scope.get("client") or ("",))[0]
        return await self._front.limits.strangers.authenticate(authorization or "", address, look_up)

    def _too_large(self, scope: Scope, peer: Peer, most: int) -> Answer:
        refusing.count("body", peer.platform, self._module)
        # What was declared a little too large the server throws away as it comes, so that its sender reads the answer.
        little = 0 < declared_bytes(scope) <= most * DRAIN_FACTOR
        closing = {} if little else {"connection": "close"}
        return Answer(None, Status.CLIENT_ERROR, f"the body has more than {most} bytes", 413, closing)

    def _failed(self, error: Exception, scope: Scope, ids: MessageIds) -> Answer:
        answer = envelope.answer_to(error, self._front.retry_after_seconds)
        if isinstance(error, Unavailable):
            _log.warning("request not possible now", request_id=ids.request, reason=str(error))
        elif answer.http_status >= 500:
            # Not the path itself: a token's uid may be part of it.
            where = scope["route"].path if "route" in scope else ""
            _log.error("request failed", request_id=ids.request, route=where, exc_info=error)
        return answer


@dataclass(slots=True)
class _Visit:
    """A request on its way to its answer, with what is known of it so far.

    Attributes:
        options: The caller's, once it is known.
        leave: To be called once the answer has left.
    """

    headers: Mapping[str, str]
    ids: MessageIds
    routing: Routing = field(default_factory=Routing)
    options: PartnerOptions = DEFAULT
    leave: Leave = lambda: None


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


async def _send(
    send: Send, answer: Answer, now: datetime, headers: Mapping[str, str], options: PartnerOptions = DEFAULT
) -> None:
    content = worded(envelope.body(answer, now), options)
    pairs = [_JSON, (b"content-length", b"%d" % len(content))]
    # An answer that was relayed says itself from whom it is.
    for name, value in {**headers, **answer.headers}.items():
        pairs.append((name.encode(), value.encode("latin-1", "replace")))
    await send({"type": "http.response.start", "status": answer.http_status, "headers": pairs})
    await send({"type": "http.response.body", "body": content})


def _headers(scope: Scope) -> dict[str, str]:
    raw: Any = scope["headers"]
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in raw}
