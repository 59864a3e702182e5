"""A partner's system that the gateway registers with, and that calls it back."""

import base64
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
from aiohttp import web

from tests.integration.gateway.partners import SUCCESS, Partner, Sent
from tests.integration.gateway.whole import Gateway

PARTY, TOKEN_A = "FR-SUN", "their-token-a"
LOCATION = "/receiver/locations/FR/SUN/LOC1"


@dataclass
class System:
    """A partner's system that others register with.

    Attributes:
        tokens: What opens it, oldest first.
        given: What was given to it: our token for it to call us with, newest last.
        answers: What it answers to credentials instead of taking them.
    """

    server: Partner
    gateway: Gateway
    versions: tuple[str, ...] = ("2.2.1", "2.3.0")
    modules: tuple[str, ...] = ("credentials", "locations")
    roles: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=lambda: [TOKEN_A])
    given: list[dict[str, Any]] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    left: int = 0

    async def __call__(self, sent: Sent) -> web.Response:
        token = base64.b64decode(sent.headers["authorization"].removeprefix("Token ")).decode()
        if token != self.tokens[-1]:
            return _said(2000, status=401)
        url = self.server.url
        if sent.path == "/versions":
            return _said(data=[{"version": each, "url": f"{url}/{each}"} for each in self.versions])
        if sent.path.endswith("/credentials"):
            return await self._credentials(sent)
        if sent.path.startswith("/2."):
            endpoints = [
                {"identifier": each, "role": "RECEIVER", "url": f"{url}{sent.path}/{each}"} for each in self.modules
            ]
            return _said(data={"version": sent.path[1:], "endpoints": endpoints})
        return _said()

    async def _credentials(self, sent: Sent) -> web.Response:
        if sent.method == "DELETE":
            self.left += 1
            return _said()
        body = sent.document
        client = self.gateway.client(body["token"])
        # It calls back with the token it is being given, before it answers.
        versions = (await client.get("/ocpi/versions")).json()["data"]
        assert "2.2.1" in {each["version"] for each in versions}
        assert (await client.post("/ocpi/2.2.1/credentials", json={})).status_code == 405
        self.given.append(body)
        if self.answers and (answer := self.answers.pop(0)) is not None:
            return cast(web.Response, answer)
        self.tokens.append(f"their-token-{len(self.tokens)}")
        return _said(data={"token": self.tokens[-1], "url": f"{self.server.url}/versions", "roles": self.roles})


def _said(ocpi_status: int = 1000, data: Any = None, status: int = 200) -> web.Response:
    content = SUCCESS | {"status_code": ocpi_status} | ({} if data is None else {"data": data})
    return web.json_response(content, status=status)


def role(party: str, name: str) -> dict[str, Any]:
    country, _, party_id = party.partition("-")
    return {"role": name, "country_code": country, "party_id": party_id, "business_details": {"name": party}}


async def connect(admin: httpx.AsyncClient, system: System, **fields: Any) -> httpx.Response:
    return await admin.post(
        "/connect", json={"versions_url": f"{system.server.url}/versions", "token": TOKEN_A} | fields
    )
