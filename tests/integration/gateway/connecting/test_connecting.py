"""We register with a partner, over a real PostgreSQL and a partner's real HTTPS server that calls us back."""

import httpx
import pytest
from aiohttp import web
from sqlalchemy import text

from services.gateway.deliveries.requests import PartnerAnswer
from services.gateway.partners.connections import Connection
from tests.integration.gateway.connecting.systems import LOCATION, PARTY, TOKEN_A, System, connect, role
from tests.integration.gateway.partners import Sent
from tests.integration.gateway.whole import Gateway
from tests.unit.gateway import samples


async def _called(system: System) -> Connection:
    found = await system.gateway.wiring.book.connections.of(PARTY)
    assert found is not None
    return found


async def test_we_register_in_the_newest_version_of_both(
    admin: httpx.AsyncClient, system: System, gateway: Gateway
) -> None:
    answer = await connect(admin, system)
    assert (answer.status_code, answer.json()) == (
        201,
        {"platform": PARTY, "version": "2.3.0", "parties": [PARTY]},
    )
    (ours,) = system.given
    assert (ours["hub_party_id"], [each["party_id"] for each in ours["roles"]]) == ("NLRWT", ["CSP"])
    assert [(sent.method, sent.path) for sent in system.server.sent] == [
        ("GET", "/versions"),
        ("GET", "/2.3.0"),
        ("POST", "/2.3.0/credentials"),
    ]
    reached = await _called(system)
    assert (reached.token, reached.version.number) == ("their-token-1", "2.3.0")
    client = gateway.client(ours["token"])
    assert (await client.put(f"/ocpi/2.2.1{LOCATION}", json=samples.location())).status_code == 201
    # The token that we had invited it with is dead, and nothing of all this lies in clear.
    assert (await gateway.client("token-a").get("/ocpi/versions")).status_code == 401
    stored = str(await gateway.rows("SELECT * FROM gateway.connections"))
    assert not [each for each in (TOKEN_A, "their-token-1", ours["token"]) if each in stored]
    assert await gateway.rows("SELECT 1 FROM gateway.pending_tokens") == []
    assert (await connect(admin, system)).status_code == 409


async def test_a_version_may_be_named(admin: httpx.AsyncClient, system: System) -> None:
    assert (await connect(admin, system, version="2.2.1")).json()["version"] == "2.2.1"
    assert [each["role"] for each in system.given[0]["roles"]] == ["HUB"]
    assert (await admin.post("/renew", json={})).json()["version"] == "2.3.0"
    assert (await admin.post("/renew", json={"version": "1.0"})).status_code == 422


@pytest.mark.ocpi_rule(6)
async def test_what_cannot_be_registered_with_leaves_nothing(
    admin: httpx.AsyncClient, system: System, gateway: Gateway
) -> None:
    assert (await connect(admin, system, versions_url="http://plain.example")).status_code == 409
    assert (await connect(admin, system, token="with space")).status_code == 422
    refused = await connect(admin, system, token="unknown")
    assert (refused.status_code, "OCPI 3001" in refused.json()["detail"]) == (409, True)
    assert "unknown" not in refused.text
    system.versions = ("2.1.1",)
    assert "OCPI 3002" in (await connect(admin, system)).text
    system.versions, system.modules = ("2.2.1",), ("credentials",)
    assert "OCPI 3003" in (await connect(admin, system)).text
    # Without the endpoints that we need, credentials are not even sent.
    assert system.given == []
    assert await gateway.rows("SELECT 1 FROM gateway.connections") == []


async def test_a_partner_that_is_somebody_else_is_told_to_forget_us(
    admin: httpx.AsyncClient, system: System, gateway: Gateway
) -> None:
    system.roles = [role("DE-XYZ", "CPO")]
    refused = await connect(admin, system)
    assert (refused.status_code, "DE-XYZ not invited" in refused.text) == (409, True)
    assert system.left == 1
    assert await gateway.rows("SELECT 1 FROM gateway.connections") == []


async def test_a_registration_whose_answer_is_lost_is_repeated_with_the_same_token(
    admin: httpx.AsyncClient, system: System, gateway: Gateway
) -> None:
    system.answers = [web.Response(status=502)]
    assert (await connect(admin, system)).status_code == 409
    # Until it is repeated, the token opens versions and credentials and nothing else.
    pending = gateway.client(system.given[0]["token"])
    assert (await pending.get("/ocpi/2.2.1/credentials")).status_code == 200
    assert (await pending.get("/ocpi/2.2.1/sender/tokens")).status_code == 401
    assert (await pending.delete("/ocpi/2.2.1/credentials")).status_code == 405
    assert (await connect(admin, system)).status_code == 201
    assert system.given[0]["token"] == system.given[1]["token"]


@pytest.mark.ocpi_rule(7)
async def test_a_renewal_leaves_no_gap(admin: httpx.AsyncClient, system: System, gateway: Gateway) -> None:
    assert (await connect(admin, system)).is_success
    before = await _called(system)
    assert (await admin.post("/renew", json={})).status_code == 200
    assert system.server.sent[-1].method == "PUT"
    old, new = (gateway.client(each["token"]) for each in system.given)
    assert [(await each.get("/ocpi/2.2.1/sender/tokens")).status_code for each in (old, new)] == [200, 200]
    # A replica that still has the partner's former token finds the new one.
    answer = await _ask(gateway, before, system.server.url)
    assert answer.result.http_status == 200
    assert (await _called(system)).token == system.tokens[-1]


async def test_a_renewal_whose_answer_is_lost_leaves_both_tokens_good(
    admin: httpx.AsyncClient, system: System, gateway: Gateway
) -> None:
    assert (await connect(admin, system)).is_success
    system.answers = [web.Response(status=502)]
    assert (await admin.post("/renew", json={})).status_code == 409
    old, new = (gateway.client(each["token"]) for each in system.given)
    assert [(await each.get("/ocpi/2.2.1/sender/tokens")).status_code for each in (old, new)] == [200, 200]
    assert (await admin.post("/renew", json={})).status_code == 200
    assert system.given[1]["token"] == system.given[2]["token"]


async def test_a_renewal_of_the_partners_own_at_the_same_time_wins(
    admin: httpx.AsyncClient, system: System, gateway: Gateway
) -> None:
    assert (await connect(admin, system)).is_success

    async def act(sent: Sent) -> web.Response:
        if sent.method == "PUT":
            async with gateway.context.engine.begin() as connection:
                await connection.execute(text("UPDATE gateway.connections SET updated_at = now()"))
        return await system(sent)

    system.server.answer = act
    assert (await admin.post("/renew", json={})).status_code == 409
    # Both of the tokens that it may know are good.
    old, new = (gateway.client(each["token"]) for each in system.given)
    assert [(await each.get("/ocpi/2.2.1/sender/tokens")).status_code for each in (old, new)] == [200, 200]


async def test_we_unregister(admin: httpx.AsyncClient, system: System, gateway: Gateway) -> None:
    assert (await connect(admin, system)).is_success
    ours = gateway.client(system.given[0]["token"])
    assert (await admin.post("/disconnect")).json() == {"platform": PARTY, "problem": None}
    assert (system.left, (await ours.get("/ocpi/versions")).status_code) == (1, 401)
    assert await gateway.wiring.book.connections.of(PARTY) is None
    assert (await admin.post("/disconnect")).status_code == 404
    assert (await admin.post("/renew", json={})).status_code == 404


async def test_a_partner_that_does_not_answer_is_disconnected_all_the_same(
    admin: httpx.AsyncClient, system: System, gateway: Gateway
) -> None:
    assert (await connect(admin, system)).is_success
    system.server.answer = lambda _sent: web.Response(status=500)
    assert "HTTP 500" in (await admin.post("/disconnect")).json()["problem"]
    assert await gateway.rows("SELECT 1 FROM gateway.connections") == []


async def _ask(gateway: Gateway, route: Connection, url: str) -> PartnerAnswer:
    request = route.request("locations", "GET", f"{url}/x", sender="NL-CSP", receiver=PARTY, correlation_id="c")
    return await gateway.wiring.client.send(request)
