"""hubclientinfo over a real PostgreSQL and partners' real HTTPS servers: who is there, who is told, who is probed."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from sqlalchemy import text

from services.gateway.presence.telling import client_timer
from tests.integration.gateway.delivering import running
from tests.integration.gateway.partners import SUCCESS, Partner, Sent, succeed, trusted
from tests.integration.gateway.whole import URL, Gateway, agreed, invited, whole
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


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[Mapping[str, Partner]]:
    async with AsyncExitStack() as stack:
        found = {}
        for name in (SUN, CSP):
            server = found[name] = await stack.enter_async_context(trusted(tmp_path, name))
            server.answer = Endpoints(server.url, "credentials", "locations", "hubclientinfo")
        yield found


@pytest.fixture
async def gateway(database_url: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    async with whole(database_url, tmp_path) as here:
        parties = ((SUN, "CSO"), (CSP, "CSP"), (OTHER, "CSO"))
        await here.take("partner.registered", *(invited(party, role, f"a-{party}") for party, role in parties))
        await here.take("agreement.concluded", agreed(SUN, CSP))
        yield here


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


@pytest.mark.ocpi_rule(15)
async def test_a_partner_sees_those_that_it_has_an_agreement_with(
    gateway: Gateway, servers: Mapping[str, Partner]
) -> None:
    sun = await register(gateway, servers[SUN], SUN)
    await scan(gateway)
    assert await listed(sun) == [("CSP", "EMSP", "PLANNED")]
    csp = await register(gateway, servers[CSP], CSP, "2.3.0")
    await scan(gateway)
    assert await listed(sun) == [("CSP", "EMSP", "CONNECTED")]
    assert await listed(csp) == [("SUN", "CPO", "CONNECTED")]
    # The same in the other version; routing headers are neither needed nor looked at.
    other = await csp.get("/ocpi/2.3.0/sender/hubclientinfo/", headers={"OCPI-to-party-id": "XXX"})
    assert [each["party_id"] for each in other.json()["data"]] == ["SUN"]
    assert set(other.json()["data"][0]) == {"party_id", "country_code", "role", "status", "last_updated"}
    # Who has registered nothing reads nothing.
    assert (await gateway.client(f"a-{OTHER}").get(LIST)).status_code == 401
    details = (await csp.get("/ocpi/2.3.0")).json()["data"]["endpoints"]
    roles = {each["role"] for each in details if each["identifier"] == "hubclientinfo"}
    assert roles == {"SENDER", "RECEIVER"}


async def test_statuses_follow_the_registry_and_the_registration(
    gateway: Gateway, servers: Mapping[str, Partner]
) -> None:
    sun, csp = await register(gateway, servers[SUN], SUN), await register(gateway, servers[CSP], CSP)
    await scan(gateway)

    async def becomes(status: str) -> None:
        await scan(gateway)
        assert await listed(sun) == [("CSP", "EMSP", status)]

    await gateway.take("partner.registered", invited(CSP, "CSP", None, version=2, status="SUSPENDED"))
    await becomes("SUSPENDED")
    await gateway.take("partner.registered", invited(CSP, "CSP", None, version=3, status="ACTIVE"))
    await becomes("CONNECTED")
    gateway.forget()
    assert (await csp.delete("/ocpi/2.2.1/credentials")).status_code == 200
    await becomes("OFFLINE")


@pytest.mark.ocpi_rule(8)
async def test_the_list_has_pages(gateway: Gateway, servers: Mapping[str, Partner]) -> None:
    names = [f"NL-P{number:02}" for number in range(5)]
    await gateway.take("partner.registered", *(invited(name, "CSP", None) for name in names))
    await gateway.take("agreement.concluded", *(agreed(SUN, name) for name in names))
    sun = await register(gateway, servers[SUN], SUN)
    await scan(gateway)
    found: list[str] = []
    url = f"{LIST}?limit=4"
    while url:
        answer = await sun.get(url)
        assert (answer.headers["x-total-count"], answer.headers["x-limit"]) == ("6", "4")
        found += [each["party_id"] for each in answer.json()["data"]]
        link = answer.headers.get("link", "")
        url = link.partition(">")[0].removeprefix(f"<{URL}")
    assert sorted(found) == ["CSP", "P00", "P01", "P02", "P03", "P04"]
    assert await listed(sun, offset="4", limit="1") == [(found[4], "EMSP", "PLANNED")]
    assert await listed(sun, date_from="2999-01-01T00:00:00Z") == []
    assert len(await listed(sun, date_to="2999-01-01T00:00:00Z")) == 6


@pytest.mark.ocpi_rule(8)
async def test_who_becomes_visible_by_an_agreement_is_news_whatever_its_own_date(
    gateway: Gateway, servers: Mapping[str, Partner]
) -> None:
    sun = await register(gateway, servers[SUN], SUN)
    await scan(gateway)
    later = "2026-03-01T00:00:00Z"
    async with gateway.context.engine.begin() as connection:
        await connection.execute(text("UPDATE gateway.clients SET last_updated = '2025-01-01T00:00:00Z'"))
        long_ago = "UPDATE gateway.agreements SET begun_at = valid_from, valid_from = '2025-01-01T00:00:00Z'"
        await connection.execute(text(long_ago))
    assert await listed(sun, date_from=later) == []
    # Another version of what is in force is no news; what ended and began again is.
    await gateway.take("agreement.concluded", agreed(SUN, CSP, version=2))
    assert await listed(sun, date_from=later) == []
    await gateway.take("agreement.concluded", agreed(SUN, CSP, version=3, status="ENDED"))
    await gateway.take("agreement.concluded", agreed(SUN, CSP, version=4))
    assert await listed(sun, date_from=later) == [("CSP", "EMSP", "PLANNED")]
    (news,) = (await sun.get(LIST)).json()["data"]
    await _delivered(gateway)
    (told,) = servers[SUN].received("/hubclientinfo")
    assert told.document == news


async def test_a_partner_is_told_of_every_change_once(gateway: Gateway, servers: Mapping[str, Partner]) -> None:
    await register(gateway, servers[SUN], SUN)
    csp = await register(gateway, servers[CSP], CSP)
    await _delivered(gateway)
    (sent,) = servers[SUN].received("/hubclientinfo")
    assert (sent.method, sent.path) == ("PUT", "/hubclientinfo/NL/CSP")
    assert not [name for name in sent.headers if name.startswith("ocpi-")]
    assert (sent.document["party_id"], sent.document["role"], sent.document["status"]) == ("CSP", "EMSP", "CONNECTED")
    await _delivered(gateway)
    assert len(servers[SUN].received("/hubclientinfo")) == 1
    await csp.delete("/ocpi/2.2.1/credentials")
    await _delivered(gateway)
    assert [each.document["status"] for each in servers[SUN].received("/hubclientinfo")] == ["CONNECTED", "OFFLINE"]
    # It cannot be deleted: without an agreement it is SUSPENDED to that partner, and gone from its list.
    await gateway.take("agreement.concluded", agreed(SUN, CSP, version=2, status="ENDED"))
    await _delivered(gateway)
    assert servers[SUN].received("/hubclientinfo")[-1].document["status"] == "SUSPENDED"
    assert await gateway.rows("SELECT 1 FROM gateway.told_clients WHERE platform = 'FR-SUN'") == []
    assert await gateway.rows("SELECT 1 FROM gateway.refusals") == []


async def test_several_parties_of_one_platform_are_told_once(gateway: Gateway, servers: Mapping[str, Partner]) -> None:
    await gateway.take("partner.registered", invited("FR-SEA", "CSO", None, platform=SUN))
    await gateway.take("agreement.concluded", agreed("FR-SEA", CSP))
    await register(gateway, servers[SUN], SUN)
    sql = "UPDATE gateway.connections SET parties = '{FR-SUN,FR-SEA}' WHERE platform = 'FR-SUN'"
    async with gateway.context.engine.begin() as connection:
        await connection.execute(text(sql))
    await _delivered(gateway)
    assert [each.document["party_id"] for each in servers[SUN].received("/hubclientinfo")] == ["CSP"]


async def test_a_partner_without_a_receiver_is_told_nothing(gateway: Gateway, servers: Mapping[str, Partner]) -> None:
    servers[SUN].answer = Endpoints(servers[SUN].url, "credentials", "locations")
    await register(gateway, servers[SUN], SUN)
    await scan(gateway)
    assert await gateway.rows("SELECT 1 FROM gateway.deliveries WHERE module = 'hubclientinfo'") == []


async def test_a_silent_partner_is_probed_goes_offline_and_comes_back(
    gateway: Gateway, servers: Mapping[str, Partner]
) -> None:
    sun, csp = await register(gateway, servers[SUN], SUN), await register(gateway, servers[CSP], CSP)
    await gateway.wiring.partners.hearing.write()
    servers[CSP].sent.clear()
    await _probe(gateway)
    assert servers[CSP].sent == []
    # Not heard of for long, and it does not answer.
    servers[CSP].answer = lambda _sent: web.Response(status=500)
    for status in ("CONNECTED", "OFFLINE"):
        await _silence(gateway, CSP)
        await _probe(gateway)
        await scan(gateway)
        assert await listed(sun) == [("CSP", "EMSP", status)]
    assert [(sent.method, sent.path) for sent in servers[CSP].sent] == [("GET", "/versions")] * 2
    # A probe is not repeated before its time.
    await _probe(gateway)
    assert len(servers[CSP].sent) == 2
    servers[CSP].answer = Endpoints(servers[CSP].url, "credentials", "locations")
    await _silence(gateway, CSP)
    await _probe(gateway)
    await scan(gateway)
    assert await listed(sun) == [("CSP", "EMSP", "CONNECTED")]
    # Whatever it sends is a sign of life too.
    async with gateway.context.engine.begin() as connection:
        await connection.execute(text("UPDATE gateway.presence SET offline_since = now(), heard_at = NULL"))
    await csp.get("/ocpi/versions")
    await gateway.wiring.partners.hearing.write()
    await scan(gateway)
    assert await listed(sun) == [("CSP", "EMSP", "CONNECTED")]


async def test_a_suspended_partner_is_not_probed(gateway: Gateway, servers: Mapping[str, Partner]) -> None:
    await register(gateway, servers[CSP], CSP)
    await gateway.take("partner.registered", invited(CSP, "CSP", None, version=2, status="SUSPENDED"))
    await gateway.wiring.partners.hearing.write()
    servers[CSP].sent.clear()
    await _silence(gateway, CSP)
    await _probe(gateway)
    assert servers[CSP].sent == []


async def test_what_another_hub_says_of_those_behind_it(gateway: Gateway, servers: Mapping[str, Partner]) -> None:
    hub = await register(gateway, servers[SUN], SUN)
    place = "/ocpi/2.2.1/receiver/hubclientinfo/nl/all"
    info: dict[str, Any] = {
        "party_id": "ALL",
        "country_code": "NL",
        "role": "CPO",
        "status": "PLANNED",
        "last_updated": "2026-03-01T10:00:00Z",
    }
    assert (await hub.get(place)).status_code == 404
    assert (await hub.put(place, json=info)).status_code == 201
    newer = info | {"status": "CONNECTED", "last_updated": "2026-03-01T11:00:00Z", "of_its_own": 1}
    assert (await hub.put(place, json=newer)).status_code == 200
    assert (await hub.get(place)).json()["data"] == newer
    for wrong in (info, newer | {"party_id": "XXX"}, newer | {"status": "AWAY"}, {"party_id": "ALL"}):
        assert (await hub.put(place, json=wrong)).json()["status_code"] == 2001
    assert (await hub.get(place)).json()["data"] == newer
    assert (await hub.put("/ocpi/2.2.1/receiver/hubclientinfo/n/all", json=info)).status_code == 404
    other = await register(gateway, servers[CSP], CSP)
    assert (await other.get(place)).status_code == 404


async def test_whom_a_hub_says_to_be_away_is_offline_to_others(
    gateway: Gateway, servers: Mapping[str, Partner]
) -> None:
    hub, csp = await register(gateway, servers[SUN], SUN), await register(gateway, servers[CSP], CSP)
    info = {"party_id": "SUN", "country_code": "FR", "role": "CPO", "last_updated": "2026-03-01T10:00:00Z"}
    for number, (said, status) in enumerate((("OFFLINE", "OFFLINE"), ("CONNECTED", "CONNECTED"))):
        news = info | {"status": said, "last_updated": f"2026-03-01T1{number}:00:00Z"}
        assert (await hub.put("/ocpi/2.2.1/receiver/hubclientinfo/FR/SUN", json=news)).json()["status_code"] == 1000
        await scan(gateway)
        assert await listed(csp) == [("SUN", "CPO", status)]


async def _silence(gateway: Gateway, platform: str) -> None:
    """Do as if it had been silent for long, and a probe were due."""
    await gateway.wiring.partners.hearing.write()
    long_ago = "heard_at = now() - interval '1 hour', probe_due_at = NULL"
    async with gateway.context.engine.begin() as connection:
        sql = f"UPDATE gateway.presence SET {long_ago} WHERE platform = :platform"
        await connection.execute(text(sql), {"platform": platform})


async def _probe(gateway: Gateway) -> None:
    await gateway.wiring.partners.probing.probe_due()


async def _delivered(gateway: Gateway) -> None:
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
