"""Partners with a receiver of hubclientinfo, and what the gateway does about them."""

import httpx
from aiohttp import web
from sqlalchemy import text

from services.gateway.presence.telling import client_timer
from tests.integration.gateway.delivering import running
from tests.integration.gateway.partners import SUCCESS, Partner, Sent, succeed
from tests.integration.gateway.whole import Gateway
from tests.support.waiting import eventually

SUN, CSP, OTHER = "FR-SUN", "NL-CSP", "DE-ZZZ"
LIST = "/ocpi/2.2.1/sender/hubclientinfo"


class Endpoints:
    """A partner with a receiver of hubclientinfo, which takes everything."""

    def __init__(self, url: str, *modules: str) -> None:
        self.url, self.modules = url, modules

    def __call__(self, sent: Sent) -> web.Response:
        if sent.path == "/versions":
            listed = [{"version": number, "url": f"{self.url}/{number}"} for number in ("2.2.1", "2.3.0")]
            return web.json_response(SUCCESS | {"data": listed})
        if sent.path in {"/2.2.1", "/2.3.0"}:
            endpoints = [{"identifier": each, "role": "RECEIVER", "url": f"{self.url}/{each}"} for each in self.modules]
            return web.json_response(SUCCESS | {"data": {"version": sent.path[1:], "endpoints": endpoints}})
        return succeed(sent)


async def register(gateway: Gateway, server: Partner, party: str, version: str = "2.2.1") -> httpx.AsyncClient:
    role = "CPO" if party == SUN else "EMSP"
    country, _, name = party.partition("-")
    roles = [{"role": role, "country_code": country, "party_id": name, "business_details": {"name": party}}]
    body = {"token": "token-b", "url": f"{server.url}/versions", "roles": roles}
    answer = await gateway.client(f"a-{party}").post(f"/ocpi/{version}/credentials", json=body)
    assert answer.json()["status_code"] == 1000, answer.text
    return gateway.client(answer.json()["data"]["token"])


async def scan(gateway: Gateway) -> None:
    """Do what the timer does every few seconds."""
    timer = client_timer(gateway.settings.presence, "NL-RWT")
    while await gateway.context.transactions.run(timer.act):
        pass
    gateway.forget()


async def listed(client: httpx.AsyncClient, **query: str) -> list[tuple[str, str, str]]:
    answer = await client.get(LIST, params=query)
    assert not [name for name in answer.headers if name.startswith("ocpi-")]
    return [(each["party_id"], each["role"], each["status"]) for each in answer.json()["data"]]


async def silence(gateway: Gateway, platform: str) -> None:
    """Do as if it had been silent for long, and a probe were due."""
    await gateway.wiring.partners.hearing.write()
    long_ago = "heard_at = now() - interval '1 hour', probe_due_at = NULL"
    async with gateway.context.engine.begin() as connection:
        sql = f"UPDATE gateway.presence SET {long_ago} WHERE platform = :platform"
        await connection.execute(text(sql), {"platform": platform})


async def probe(gateway: Gateway) -> None:
    await gateway.wiring.partners.probing.probe_due()


async def delivered(gateway: Gateway) -> None:
    """Let everything that is to be told arrive."""
    await scan(gateway)
    sql = """
        SELECT 1 FROM gateway.deliveries d JOIN gateway.connections c ON d.partner = ANY (c.parties)
        WHERE d.module = 'hubclientinfo'
    """

    async def arrived() -> bool:
        return not await gateway.rows(sql)

    async with running(gateway.wiring.dispatcher):
        await eventually(arrived)
