"""The credentials handshake over a real PostgreSQL and a partner's real HTTPS server."""

from typing import Any

import httpx
import pytest
from aiohttp import web
from sqlalchemy import text

from tests.integration.gateway.partners import Partner
from tests.integration.gateway.registration.registering import (
    CREDENTIALS,
    PARTY,
    TOKEN_A,
    TOKEN_B,
    Endpoints,
    own,
    registered,
    said,
)
from tests.integration.gateway.whole import URL, Gateway, agreed, invited
from tests.unit.gateway import samples


@pytest.mark.ocpi_rule(7)
@pytest.mark.ocpi_rule(15)
async def test_a_partner_registers_with_its_token(gateway: Gateway, server: Partner) -> None:
    client = gateway.client(TOKEN_A)
    versions = (await client.get("/ocpi/versions")).json()["data"]
    assert {"version": "2.2.1", "url": f"{URL}/ocpi/2.2.1"} in versions
    details = (await client.get("/ocpi/2.2.1")).json()["data"]
    assert {"identifier": "credentials", "role": "SENDER", "url": URL + CREDENTIALS} in details["endpoints"]
    answer = (await client.post(CREDENTIALS, json=own(server))).json()["data"]
    assert answer["url"] == f"{URL}/ocpi/versions"
    (role,) = answer["roles"]
    assert (role["role"], role["country_code"], role["party_id"]) == ("HUB", "NL", "RWT")
    assert [sent.path for sent in server.sent] == ["/versions", "/details/2.2.1"]
    # Configuration modules are not routed.
    assert not [name for sent in server.sent for name in sent.headers if name.startswith("ocpi-")]
    stored = (await gateway.rows("SELECT * FROM gateway.connections"))[0]
    assert answer["token"] not in str(stored)
    assert TOKEN_B not in str(stored)


@pytest.mark.ocpi_rule(4)
async def test_the_new_token_opens_the_modules_and_the_old_one_is_dead(gateway: Gateway, server: Partner) -> None:
    client = await registered(gateway, server)
    path = "/ocpi/2.2.1/receiver/locations/FR/SUN/LOC1"
    assert said(await client.put(path, json=samples.location())) == (201, 1000)
    for each in ("/ocpi/versions", CREDENTIALS, path):
        assert (await gateway.client(TOKEN_A).get(each)).status_code == 401


@pytest.mark.ocpi_rule(4)
async def test_a_registration_token_opens_versions_and_credentials_only(gateway: Gateway, server: Partner) -> None:
    client = gateway.client(TOKEN_A)
    assert (await client.get(CREDENTIALS)).json()["data"]["token"] == TOKEN_A
    path = "/ocpi/2.2.1/receiver/locations/FR/SUN/LOC1"
    assert (await client.put(path, json=samples.location())).status_code == 401
    assert server.sent == []


@pytest.mark.ocpi_rule(5)
async def test_wrong_moments(gateway: Gateway, server: Partner) -> None:
    client = gateway.client(TOKEN_A)
    early = await client.put(CREDENTIALS, json=own(server))
    assert (early.status_code, early.headers["allow"]) == (405, "GET, POST")
    assert (await client.delete(CREDENTIALS)).status_code == 405
    again = await registered(gateway, server)
    late = await again.post(CREDENTIALS, json=own(server))
    assert (late.status_code, late.headers["allow"]) == (405, "DELETE, GET, PUT")
    assert (await again.patch(CREDENTIALS, json={})).status_code == 405


@pytest.mark.ocpi_rule(6)
async def test_a_put_fetches_the_endpoints_again_and_replaces_the_token(gateway: Gateway, server: Partner) -> None:
    client = await registered(gateway, server)
    server.answer = Endpoints(server, modules=["credentials", "locations", "cdrs"])
    answer = await client.put(CREDENTIALS, json=own(server))
    assert said(answer) == (200, 1000)
    (stored,) = await gateway.rows("SELECT endpoints FROM gateway.connections")
    assert {each["identifier"] for each in stored["endpoints"]} == {"credentials", "locations", "cdrs"}
    newer = gateway.client(answer.json()["data"]["token"])
    path = "/ocpi/2.2.1/receiver/locations/FR/SUN/LOC1"
    assert said(await newer.put(path, json=samples.location())) == (201, 1000)


@pytest.mark.ocpi_rule(7)
async def test_the_former_token_stays_good_for_a_while(gateway: Gateway, server: Partner) -> None:
    first = await registered(gateway, server)
    path = "/ocpi/2.2.1/receiver/locations/FR/SUN/LOC1"

    async def renew(client: httpx.AsyncClient) -> httpx.AsyncClient:
        answer = await client.put(CREDENTIALS, json=own(server))
        assert said(answer) == (200, 1000)
        gateway.forget()
        return gateway.client(answer.json()["data"]["token"])

    lost = await renew(first)
    assert said(await first.put(path, json=samples.location())) == (201, 1000)
    # The answer may have been lost: the former token repeats the PUT, and stays as good as it was.
    second = await renew(first)
    assert (await lost.get(path)).status_code == 401
    assert [(await each.get(path)).status_code for each in (first, second)] == [200, 200]
    # Who suspects that a token is known to others renews twice: then it is worth nothing at once.
    third = await renew(second)
    assert [(await each.get(path)).status_code for each in (first, second, third)] == [401, 200, 200]
    async with gateway.context.engine.begin() as connection:
        await connection.execute(text("UPDATE gateway.connections SET former_until = now()"))
    gateway.forget()
    assert [(await each.get(path)).status_code for each in (second, third)] == [401, 200]


@pytest.mark.ocpi_rule(7)
async def test_a_partner_registers_in_2_3_0_and_learns_whom_it_reaches(gateway: Gateway, server: Partner) -> None:
    newer = "/ocpi/2.3.0/credentials"
    await gateway.take("partner.registered", invited("NL-CSP", "CSP", None, name="Csp"))
    answer = (await gateway.client(TOKEN_A).post(newer, json=own(server))).json()["data"]
    assert (answer["hub_party_id"], [role["role"] for role in answer["roles"]]) == ("NLRWT", ["OTHER"])
    assert server.sent[-1].path == "/details/2.3.0"
    await gateway.take("agreement.concluded", agreed(PARTY, "NL-CSP"))
    client = gateway.client(answer["token"])
    (role,) = (await client.get(newer)).json()["data"]["roles"]
    assert role == {
        "role": "EMSP",
        "business_details": {"name": "Csp"},
        "country_code": "NL",
        "party_id": "CSP",
    }
    (stored,) = await gateway.rows("SELECT protocol FROM gateway.connections")
    assert stored["protocol"] == "OCPI-2.3.0"


@pytest.mark.ocpi_rule(6)
async def test_a_put_to_the_endpoint_of_another_version_changes_the_version(gateway: Gateway, server: Partner) -> None:
    client = await registered(gateway, server)
    for number in ("2.3.0", "2.2.1"):
        answer = await client.put(f"/ocpi/{number}/credentials", json=own(server))
        assert said(answer) == (200, 1000)
        assert server.sent[-1].path == f"/details/{number}"
        (stored,) = await gateway.rows("SELECT protocol FROM gateway.connections")
        assert stored["protocol"] == f"OCPI-{number}"
        gateway.forget()
        reached = await gateway.wiring.book.connections.of(PARTY)
        assert reached is not None
        assert reached.version.number == number
        client = gateway.client(answer.json()["data"]["token"])
    server.answer = Endpoints(server, versions=[{"version": "2.2.1", "url": f"{server.url}/details/2.2.1"}])
    assert said(await client.put("/ocpi/2.3.0/credentials", json=own(server))) == (200, 3002)
    (stored,) = await gateway.rows("SELECT protocol FROM gateway.connections")
    assert stored["protocol"] == "OCPI-2.2.1"


async def test_a_platform_speaks_for_several_parties(gateway: Gateway, server: Partner) -> None:
    await gateway.take("partner.registered", invited("FR-SEA", "CSP", None, platform=PARTY))
    sea = {"role": "EMSP", "country_code": "FR", "party_id": "SEA", "business_details": {"name": "Sea"}}
    answer = await gateway.client(TOKEN_A).post(CREDENTIALS, json=own(server, roles=[*own(server)["roles"], sea]))
    client = gateway.client(answer.json()["data"]["token"])
    assert said(await client.put("/ocpi/2.2.1/receiver/locations/FR/SUN/LOC1", json=samples.location())) == (201, 1000)
    token = samples.token(country_code="FR", party_id="SEA")
    path = f"/ocpi/2.2.1/receiver/tokens/FR/SEA/{token['uid']}"
    assert said(await client.put(path, json=token)) == (201, 1000)
    assert await gateway.wiring.book.connections.of("FR-SEA") == await gateway.wiring.book.connections.of(PARTY)
    # Dropping one of them is a renewal with the roles that are left.
    assert said(await client.put(CREDENTIALS, json=own(server))) == (200, 1000)
    gateway.forget()
    assert await gateway.wiring.book.connections.of("FR-SEA") is None


@pytest.mark.ocpi_rule(7)
@pytest.mark.ocpi_rule(18)
async def test_a_hub_is_the_way_to_those_behind_it(gateway: Gateway, server: Partner) -> None:
    await gateway.take("partner.registered", invited("FR-SEA", "CSP", None, platform=PARTY))
    hub = {"role": "HUB", "country_code": "DE", "party_id": "HUB", "business_details": {"name": "Hub"}}
    answer = await gateway.client(TOKEN_A).post(CREDENTIALS, json=own(server, roles=[hub]))
    client = gateway.client(answer.json()["data"]["token"])
    assert said(await client.put("/ocpi/2.2.1/receiver/locations/FR/SUN/LOC1", json=samples.location())) == (201, 1000)
    reached = await gateway.wiring.book.connections.of("FR-SEA")
    assert reached is not None
    assert reached == await gateway.wiring.book.connections.of(PARTY)
    # In 2.3.0 it names whom it reaches, also those that nobody invited here.
    sun, stranger = own(server)["roles"][0], {**hub, "role": "EMSP", "party_id": "XYZ"}
    newer = own(server, roles=[sun, stranger], hub_party_id="DEHUB")
    assert said(await client.put("/ocpi/2.3.0/credentials", json=newer)) == (200, 1000)
    (stored,) = await gateway.rows("SELECT parties FROM gateway.connections")
    assert stored["parties"] == [PARTY]


async def test_a_partner_leaves(gateway: Gateway, server: Partner) -> None:
    client = await registered(gateway, server)
    assert said(await client.delete(CREDENTIALS)) == (200, 1000)
    assert (await client.get("/ocpi/versions")).status_code == 401
    assert (await gateway.client(TOKEN_A).get("/ocpi/versions")).status_code == 401
    # A new registration token, by the registry, opens the way again.
    await gateway.take("partner.registered", invited(PARTY, "CSO", "token-a-2", version=2))
    assert said(await gateway.client("token-a-2").post(CREDENTIALS, json=own(server))) == (200, 1000)


@pytest.mark.ocpi_rule(3)
async def test_a_partner_that_writes_its_token_as_it_is(gateway: Gateway, server: Partner) -> None:
    server.answer = Endpoints(server, raw=True)
    await registered(gateway, server)
    (stored,) = await gateway.rows("SELECT authorization_style FROM gateway.connections")
    assert stored["authorization_style"] == "RAW"


@pytest.mark.ocpi_rule(6)
@pytest.mark.hurried
async def test_failures_of_calling_back(gateway: Gateway, server: Partner) -> None:
    client = gateway.client(TOKEN_A)

    async def answer(**fields: Any) -> tuple[int, int]:
        return said(await client.post(CREDENTIALS, json=own(server, **fields)))

    server.answer = lambda _sent: web.Response(body=b"rubbish")
    assert await answer() == (200, 3001)
    server.answer = Endpoints(server, raw=True)
    assert await answer(token="another") == (200, 3001)
    server.answer = None
    assert await answer() == (200, 3001)
    server.released.set()
    assert await answer(url="https://127.0.0.1:9/versions") == (200, 3001)
    server.answer = Endpoints(server, versions=[{"version": "2.1.1", "url": server.url}])
    assert await answer() == (200, 3002)
    server.answer = Endpoints(server, modules=["locations"])
    assert await answer() == (200, 3003)
    assert await gateway.rows("SELECT 1 FROM gateway.connections") == []
    server.answer = Endpoints(server)
    assert await answer() == (200, 1000)


async def test_roles_that_were_not_invited(gateway: Gateway, server: Partner) -> None:
    role = {"role": "CPO", "country_code": "DE", "party_id": "XYZ", "business_details": {"name": "x"}}
    answer = await gateway.client(TOKEN_A).post(CREDENTIALS, json=own(server, roles=[role]))
    assert said(answer) == (200, 2001)
    assert "DE-XYZ" in answer.json()["status_message"]
    assert server.sent == []
