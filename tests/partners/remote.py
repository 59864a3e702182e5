"""Remote acts between the two stand-ins: the CSP sends commands and charging profiles, the CSO obeys and tells results.

Both sides follow the OCPI text alone (mod_commands, mod_charging_profiles, mod_sessions).
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.partners.control import outcome
from tests.partners.ocpi import Party, now_text
from tests.partners.partner import Partner, answer, guarded

MODULES = ("commands", "chargingprofiles")
Start = Callable[[Partner, dict[str, Any]], Awaitable[Any]]


class Stations:
    """The CSO's charging stations: what they do with a remote act, and whom they tell.

    Attributes:
        plan: What is answered (`response`, `timeout`), and the `result` that follows; None: none ever.
    """

    def __init__(self, start: Start) -> None:
        self.plan: dict[str, Any] = {"response": "ACCEPTED", "timeout": 30, "result": "ACCEPTED"}
        self.told: list[dict[str, Any]] = []
        self._start, self._telling = start, set[asyncio.Task[None]]()

    def routes(self, partner: Partner) -> list[Route]:
        """The CSO's receiver of both modules, and its sender of preferences."""
        profiles = f"{partner.root}/receiver/chargingprofiles/{{id}}"
        preferences = f"{partner.root}/sender/sessions/{{id}}/charging_preferences"
        return [
            Route(
                f"{partner.root}/receiver/commands/{{id}}", guarded(partner, "commands", self.command), methods=["POST"]
            ),
            Route(profiles, guarded(partner, "chargingprofiles", self.profile), methods=["GET", "PUT", "DELETE"]),
            Route(preferences, guarded(partner, "charging_preferences", _prefer), methods=["PUT"]),
        ]

    async def order(self, _partner: Partner, order: dict[str, Any]) -> Any:
        """`{"response"?, "timeout"?, "result"?}`: what to do from now on; answers what was told so far."""
        self.plan |= order
        return {"plan": self.plan, "told": self.told}

    async def command(self, partner: Partner, _module: str, request: Request, body: Any) -> Response:
        """Obey a command; a started session is reported by itself."""
        result = {"result": self.plan["result"]}
        kind = request.path_params["id"]
        if kind == "START_SESSION" and self.plan["response"] == self.plan["result"] == "ACCEPTED":
            copied = ("country_code", "party_id", "uid", "type", "contract_id")
            order = {
                "token": {name: body["token"][name] for name in copied},
                "location_id": body["location_id"],
                "auth_method": "COMMAND",
                "reference": body.get("authorization_reference"),
                "minutes_ago": 0,
            }
            self._later(partner, "commands", body["response_url"], result, lambda: self._start(partner, order))
        else:
            self._later(partner, "commands", body["response_url"], result)
        return self._respond()

    async def profile(self, partner: Partner, module: str, request: Request, body: Any) -> Response:
        """Obey a request for a charging profile."""
        url = body["response_url"] if request.method == "PUT" else request.query_params["response_url"]
        result: dict[str, Any] = {"result": self.plan["result"]}
        if request.method == "GET":
            period = {"start_period": 0, "limit": 16}
            rates = {"charging_rate_unit": "A", "charging_profile_period": [period]}
            result["profile"] = {"start_date_time": now_text(), "charging_profile": rates}
        self._later(partner, module, url, result)
        return self._respond()

    def _respond(self) -> Response:
        return answer({"result": self.plan["response"], "timeout": self.plan["timeout"]})

    def _later(
        self, partner: Partner, module: str, url: str, result: dict[str, Any], then: Callable[[], Any] | None = None
    ) -> None:
        if self.plan["response"] != "ACCEPTED" or self.plan["result"] is None:
            return
        task = asyncio.create_task(self._tell(partner, module, url, result, then))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell(
        self, partner: Partner, module: str, url: str, result: dict[str, Any], then: Callable[[], Any] | None
    ) -> None:
        reply = await partner.platform.request("POST", url, result, module=module)
        self.told.append({"result": result, "http_status": reply.http_status, "status_code": reply.status_code})
        if then is not None:
            await then()


class Remote:
    """The CSP's side: sends remote acts, each with a response URL of its own, and notes what comes back there."""

    def routes(self, partner: Partner) -> list[Route]:
        """Where results are to be told; the text leaves the path to the CSP."""
        return [
            Route(f"{partner.root}/results/{module}/{{id}}", guarded(partner, module, _taken), methods=["POST"])
            for module in MODULES
        ]

    async def command(self, partner: Partner, order: dict[str, Any]) -> Any:
        """`{"command", "fields", "receiver"?}`: send a command; its result is seen under the id that is answered."""
        reference = secrets.token_hex(6)
        body = {"response_url": _url(partner, "commands", reference)} | order["fields"]
        url = f"{partner.platform.url('commands', 'RECEIVER')}/{order['command']}"
        return await _send(partner, "POST", url, body, "commands", order) | {"reference": reference}

    async def profile(self, partner: Partner, order: dict[str, Any]) -> Any:
        """`{"method", "session_id", "profile"?, "duration"?, "receiver"?}`: ask for, set or clear a profile."""
        reference, method = secrets.token_hex(6), order["method"]
        own = _url(partner, "chargingprofiles", reference)
        url = f"{partner.platform.url('chargingprofiles', 'RECEIVER')}/{order['session_id']}"
        body = {"charging_profile": order["profile"], "response_url": own} if method == "PUT" else None
        if method == "GET":
            url += f"?duration={order.get('duration', 900)}&response_url={own}"
        elif method == "DELETE":
            url += f"?response_url={own}"
        return await _send(partner, method, url, body, "chargingprofiles", order) | {"reference": reference}

    async def prefer(self, partner: Partner, order: dict[str, Any]) -> Any:
        """`{"session_id", "preferences", "receiver"?}`: send a driver's preferences."""
        url = f"{partner.platform.url('sessions', 'SENDER')}/{order['session_id']}/charging_preferences"
        return await _send(partner, "PUT", url, order["preferences"], "sessions", order)


async def _send(
    partner: Partner, method: str, url: str, body: Any, module: str, order: dict[str, Any]
) -> dict[str, Any]:
    started = time.monotonic()
    receiver = Party.parse(order["receiver"]) if order.get("receiver") else None
    reply = await partner.platform.request(method, url, body, module=module, receiver=receiver)
    return outcome(reply, started, body)


def _url(partner: Partner, module: str, reference: str) -> str:
    return f"{partner.base_url}{partner.root}/results/{module}/{reference}"


async def _taken(_partner: Partner, _module: str, _request: Request, _body: Any) -> Response:
    return answer()


async def _prefer(_partner: Partner, _module: str, _request: Request, _body: Any) -> Response:
    return answer("ACCEPTED")
