"""The control server of a partner: how a test or the demonstration tells it to act and asks what it has seen.

JSON over HTTPS on loopback, `Authorization: Bearer <control token>`. Acts answer with what the platform said:
`{"http_status", "status_code", "headers", "body", "milliseconds", "sent"}`.
"""

import hmac
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.partners.behaviour import Behaviour, Mode
from tests.partners.ocpi import Party, dumps
from tests.partners.partner import Partner
from tests.partners.platform import Answer, HandshakeError

MAX_WAIT_SECONDS = 60.0
Act = Callable[[Partner, dict[str, Any]], Awaitable[Any]]


class Refused(Exception):
    """The control call asks for something that this partner cannot do; its text says what."""


def application(partner: Partner, token: str, extra: Mapping[str, Act]) -> Starlette:
    """The control ASGI application; `extra` are the acts of one kind of partner by path."""
    acts: dict[str, Act] = {
        "/register": _register,
        "/send": _send,
        "/seen": _seen,
        "/received": _received,
        "/behaviour": _behaviour,
        "/refusals": _refusals,
        **extra,
    }
    return Starlette(
        routes=[Route(path, _endpoint(partner, token, act), methods=["POST"]) for path, act in acts.items()]
    )


def outcome(reply: Answer, started: float, sent: object = None) -> dict[str, Any]:
    """What an act answers: the platform's reply and how long it took since `started` (monotonic seconds)."""
    return {
        "http_status": reply.http_status,
        "status_code": reply.status_code,
        "headers": dict(reply.headers),
        "body": reply.body,
        "milliseconds": round((time.monotonic() - started) * 1000, 3),
        "sent": sent,
    }


async def put_owned(partner: Partner, module: str, object_id: str, value: dict[str, Any], query: str = "") -> Any:
    """Publish an own object: keep it, and push it to the platform as a client-owned object."""
    partner.publish(module, object_id, value)
    started = time.monotonic()
    url = f"{owned_url(partner, module, object_id)}{query}"
    return outcome(await partner.platform.request("PUT", url, value, module=module), started, value)


def owned_url(partner: Partner, module: str, object_id: str) -> str:
    """Where an own object lives at the platform's receiver."""
    root = partner.platform.url(module, "RECEIVER")
    return f"{root}/{partner.party.country_code}/{partner.party.party_id}/{object_id}"


def _endpoint(partner: Partner, token: str, act: Act) -> Callable[[Request], Awaitable[Response]]:
    expected = f"Bearer {token}"

    async def endpoint(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("authorization", ""), expected):
            return _json({"error": "unauthorized"}, 401)
        try:
            order = json.loads(await request.body() or b"{}")
            return _json(await act(partner, order))
        except (Refused, HandshakeError, KeyError, ValueError) as error:
            return _json({"error": type(error).__name__, "detail": str(error)}, 400)
        except (OSError, TimeoutError) as error:
            return _json({"error": "platform out of reach", "detail": f"{type(error).__name__}: {error}"}, 502)

    return endpoint


def _json(value: object, status: int = 200) -> Response:
    return Response(dumps(value), status_code=status, media_type="application/json")


async def _register(partner: Partner, order: dict[str, Any]) -> Any:
    started = time.monotonic()
    await partner.platform.register(order["versions_url"], order["registration_token"])
    modules = sorted({module for module, _ in partner.platform.endpoints})
    return {
        "hub": str(partner.platform.hub),
        "version": partner.version,
        "modules": modules,
        "milliseconds": round((time.monotonic() - started) * 1000, 3),
    }


async def _send(partner: Partner, order: dict[str, Any]) -> Any:
    """Any request: `url`, or `module`, `role` and `path`; `body` as JSON or `raw` text as it is."""
    module = order["module"]
    url = order.get("url") or partner.platform.url(module, order.get("role", "RECEIVER")) + order.get("path", "")
    started = time.monotonic()
    reply = await partner.platform.request(
        order.get("method", "GET"),
        url,
        order.get("body"),
        module=module,
        receiver=Party.parse(order["receiver"]) if order.get("receiver") else None,
        raw=order["raw"].encode() if "raw" in order else None,
        headers=order.get("headers"),
    )
    return outcome(reply, started)


async def _seen(partner: Partner, order: dict[str, Any]) -> Any:
    """What came in, waiting up to `wait_seconds` for `count` of them."""
    found = await partner.journal.wait(
        order.get("module"),
        order.get("object_id"),
        order.get("text"),
        int(order.get("count", 0)),
        min(float(order.get("wait_seconds", 0)), MAX_WAIT_SECONDS),
    )
    return {"seen": found, "complaints": partner.journal.complaints}


async def _received(partner: Partner, order: dict[str, Any]) -> Any:
    """The objects of a module as they stand after all pushes."""
    held = partner.received.get(order["module"], {})
    return [{"owner": owner, "id": object_id, "object": value} for (owner, object_id), value in held.items()]


async def _behaviour(partner: Partner, order: dict[str, Any]) -> Any:
    partner.behaviour = Behaviour(
        Mode(order.get("mode", Mode.NORMAL)),
        frozenset(order.get("modules", ())),
        float(order.get("hang_seconds", 60)),
        float(order.get("delay_seconds", 0)),
    )
    return {"mode": partner.behaviour.mode}


async def _refusals(partner: Partner, _order: dict[str, Any]) -> Any:
    """Our report at the platform: what of ours was refused or found wrong, and why (an extension of the platform)."""
    started = time.monotonic()
    root = partner.platform.url("credentials", "RECEIVER", "SENDER").removesuffix("/credentials")
    return outcome(await partner.platform.request("GET", f"{root}/reports/refusals", module="reports"), started)
