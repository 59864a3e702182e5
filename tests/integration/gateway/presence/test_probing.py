"""Who is silent is asked whether it is still there."""

from collections.abc import Mapping

from aiohttp import web
from sqlalchemy import text

from tests.integration.gateway.partners import Partner
from tests.integration.gateway.presence.acting import (
    CSP,
    SUN,
    Endpoints,
    listed,
    probe,
    register,
    scan,
    silence,
)
from tests.integration.gateway.whole import Gateway, invited


async def test_a_silent_partner_is_probed_goes_offline_and_comes_back(
    gateway: Gateway, servers: Mapping[str, Partner]
) -> None:
    sun, csp = await register(gateway, servers[SUN], SUN), await register(gateway, servers[CSP], CSP)
    await gateway.wiring.partners.hearing.write()
    servers[CSP].sent.clear()
    await probe(gateway)
    assert servers[CSP].sent == []
    # Not heard of for long, and it does not answer.
    servers[CSP].answer = lambda _sent: web.Response(status=500)
    for status in ("CONNECTED", "OFFLINE"):
        await silence(gateway, CSP)
        await probe(gateway)
        await scan(gateway)
        assert await listed(sun) == [("CSP", "EMSP", status)]
    assert [(sent.method, sent.path) for sent in servers[CSP].sent] == [("GET", "/versions")] * 2
    # A probe is not repeated before its time.
    await probe(gateway)
    assert len(servers[CSP].sent) == 2
    servers[CSP].answer = Endpoints(servers[CSP].url, "credentials", "locations")
    await silence(gateway, CSP)
    await probe(gateway)
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
    await silence(gateway, CSP)
    await probe(gateway)
    assert servers[CSP].sent == []
