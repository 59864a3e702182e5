"""A partner that registers with the gateway: what its versions and details say, and its credentials."""

from dataclasses import dataclass, field
from typing import Any

import httpx
from aiohttp import web

from tests.integration.gateway.partners import SUCCESS, Partner, Sent
from tests.integration.gateway.whole import Gateway

PARTY, TOKEN_A, TOKEN_B = "FR-SUN", "token-a", "token-b"
CREDENTIALS = "/ocpi/2.2.1/credentials"


@dataclass
class Endpoints:
    """What a partner's versions and details say."""

    partner: Partner
    versions: Any = None
    modules: list[str] = field(default_factory=lambda: ["credentials", "locations"])
    raw: bool = False

    def __call__(self, sent: Sent) -> web.Response:
        wanted = f"Token {TOKEN_B}" if self.raw else "Token dG9rZW4tYg=="
        if sent.headers["authorization"] != wanted:
            return web.json_response(SUCCESS | {"status_code": 2000}, status=401)
        if sent.path == "/versions":
            listed = [
                {"version": number, "url": f"{self.partner.url}/details/{number}"} for number in ("2.2.1", "2.3.0")
            ]
            return web.json_response(SUCCESS | {"data": listed if self.versions is None else self.versions})
        endpoints = [
            {"identifier": module, "role": "RECEIVER", "url": f"{self.partner.url}/{module}"} for module in self.modules
        ]
        return web.json_response(SUCCESS | {"data": {"version": sent.path[-5:], "endpoints": endpoints}})


def own(server: Partner, **fields: Any) -> dict[str, Any]:
    role = {"role": "CPO", "country_code": "FR", "party_id": "SUN", "business_details": {"name": "Sun"}}
    return {"token": TOKEN_B, "url": f"{server.url}/versions", "roles": [role], **fields}


def said(answer: httpx.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["status_code"]


async def registered(gateway: Gateway, server: Partner) -> httpx.AsyncClient:
    answer = await gateway.client(TOKEN_A).post(CREDENTIALS, json=own(server))
    assert said(answer) == (200, 1000)
    return gateway.client(answer.json()["data"]["token"])
