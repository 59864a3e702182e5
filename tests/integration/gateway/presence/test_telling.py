"""Who is told of changes of hubclientinfo."""

from collections.abc import Mapping

from sqlalchemy import text

from tests.integration.gateway.partners import Partner
from tests.integration.gateway.presence.acting import (
    CSP,
    SUN,
    Endpoints,
    delivered,
    register,
    scan,
)
from tests.integration.gateway.whole import Gateway, agreed, invited


async def test_a_partner_is_told_of_every_change_once(gateway: Gateway, servers: Mapping[str, Partner]) -> None:
    await register(gateway, servers[SUN], SUN)
    csp = await register(gateway, servers[CSP], CSP)
    await delivered(gateway)
    (sent,) = servers[SUN].received("/hubclientinfo")
    assert (sent.method, sent.path) == ("PUT", "/hubclientinfo/NL/CSP")
    assert not [name for name in sent.headers if name.startswith("ocpi-")]
    assert (sent.document["party_id"], sent.document["role"], sent.document["status"]) == ("CSP", "EMSP", "CONNECTED")
    await delivered(gateway)
    assert len(servers[SUN].received("/hubclientinfo")) == 1
    await csp.delete("/ocpi/2.2.1/credentials")
    await delivered(gateway)
    assert [each.document["status"] for each in servers[SUN].received("/hubclientinfo")] == ["CONNECTED", "OFFLINE"]
    # It cannot be deleted: without an agreement it is SUSPENDED to that partner, and gone from its list.
    await gateway.take("agreement.concluded", agreed(SUN, CSP, version=2, status="ENDED"))
    await delivered(gateway)
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
    await delivered(gateway)
    assert [each.document["party_id"] for each in servers[SUN].received("/hubclientinfo")] == ["CSP"]


async def test_a_partner_without_a_receiver_is_told_nothing(gateway: Gateway, servers: Mapping[str, Partner]) -> None:
    servers[SUN].answer = Endpoints(servers[SUN].url, "credentials", "locations")
    await register(gateway, servers[SUN], SUN)
    await scan(gateway)
    assert await gateway.rows("SELECT 1 FROM gateway.deliveries WHERE module = 'hubclientinfo'") == []
