"""Options of partners over a real PostgreSQL: what an operator sets reaches that partner's requests and no other's."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import insert

from services.gateway.partners.options import DEFAULT
from services.gateway.partners.tokens import Style
from services.gateway.tables import connections
from services.runtime.work import Work
from tests.integration.gateway.connected import connection
from tests.integration.gateway.whole import Gateway, invited, whole

CSO, CSP = "FR-SUN", "NL-CSP"


@pytest.fixture
async def gateway(database_url: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    async with whole(database_url, tmp_path) as here:
        await here.take("partner.registered", invited(CSO, "CSO", "token-a"), invited(CSP, "CSP", None))

        async def act(work: Work) -> None:
            for party in (CSO, CSP):
                await work.connection.execute(insert(connections).values(connection(party, "https://partner.example")))

        await here.context.transactions.run(act)
        yield here


@pytest.fixture
def admin(gateway: Gateway) -> httpx.AsyncClient:
    return gateway.operator()


async def test_options_are_set_changed_and_shown(admin: httpx.AsyncClient) -> None:
    path = f"/partners/{CSO}/options"
    found = (await admin.get(path)).json()
    assert (found["platform"], found["set"], found["options"]["min_tls"]) == (CSO, [], "1.3")
    changed = await admin.patch(path, json={"min_tls": "1.2", "requests_per_minute": {"cdrs": 60}})
    assert changed.json()["set"] == ["min_tls", "requests_per_minute"]
    await admin.patch(path, json={"min_tls": None, "push": False})
    assert (await admin.get(path)).json()["set"] == ["push", "requests_per_minute"]
    replaced = (await admin.put(path, json={"dates": "OFFSET"})).json()
    assert (replaced["set"], replaced["options"]["push"]) == (["dates"], True)


async def test_options_that_cannot_be_are_refused_and_change_nothing(admin: httpx.AsyncClient) -> None:
    path = f"/partners/{CSO}/options"
    refused = await admin.patch(path, json={"push": False, "min_tls": "1.0"})
    assert (refused.status_code, "min_tls" in refused.json()["detail"]) == (422, True)
    assert (await admin.patch(path, json=["push"])).status_code == 422
    assert (await admin.get(path)).json()["set"] == []
    assert (await admin.get("/partners/nobody/options")).status_code == 404
    assert (await admin.put("/partners/nobody/options", json={})).status_code == 404


async def test_options_reach_their_partner_and_no_other(admin: httpx.AsyncClient, gateway: Gateway) -> None:
    await admin.put(f"/partners/{CSO}/options", json={"authorization_style": "RAW", "trailing_slash": True})
    known, reached = gateway.wiring.book.peers, gateway.wiring.book.connections
    assert (await known.authenticate(f"Token token-of-{CSO}")).options.trailing_slash
    assert (await known.authenticate(f"Token token-of-{CSP}")).options == DEFAULT
    one, other = await reached.of(CSO), await reached.of(CSP)
    assert one is not None
    assert other is not None
    assert (one.style, one.options.trailing_slash) == (Style.RAW, True)
    assert (other.style, other.options) == (Style.BASE64, DEFAULT)


async def test_options_are_known_before_a_partner_registers(admin: httpx.AsyncClient, gateway: Gateway) -> None:
    await gateway.take("partner.registered", invited("DE-NEW", "CSO", "token-a-2"))
    await admin.put("/partners/DE-NEW/options", json={"max_body_bytes": 1000})
    peer = await gateway.wiring.book.peers.authenticate_for_credentials("Token token-a-2")
    assert peer.options.max_body_bytes == 1000
