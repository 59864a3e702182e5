"""Partners on 2.3.0 are told when they reach other parties, over PostgreSQL and real HTTPS."""

import httpx
import pytest
from aiohttp import web
from sqlalchemy import text

from services.gateway.partners.announcing import note_changes
from tests.integration.gateway.connecting.systems import PARTY, System, connect
from tests.integration.gateway.whole import Gateway, agreed, invited


@pytest.mark.ocpi_rule(7)
async def test_a_partner_on_2_3_0_is_told_when_it_reaches_others(
    admin: httpx.AsyncClient, system: System, gateway: Gateway
) -> None:
    assert (await connect(admin, system)).is_success
    assert await _told(system) == 0
    # Two changes go out together, once they have settled.
    await gateway.take("partner.registered", *(invited(party, "CSP", None) for party in ("NL-NEW", "NL-ALS")))
    await gateway.take("agreement.concluded", agreed(PARTY, "NL-NEW"))
    assert await _told(system) == 0
    await gateway.take("agreement.concluded", agreed(PARTY, "NL-ALS"))
    assert await _told(system, settled=True) == 1
    assert (system.server.sent[-1].method, system.server.sent[-1].path) == ("PUT", "/2.3.0/credentials")
    assert [each["party_id"] for each in system.given[-1]["roles"]] == ["ALS", "CSP", "NEW"]
    old, new = (gateway.client(each["token"]) for each in system.given)
    assert [(await each.get("/ocpi/2.3.0/credentials")).status_code for each in (old, new)] == [200, 200]
    assert await _told(system, settled=True) == 0


async def test_a_partner_that_cannot_be_told_is_told_later(
    admin: httpx.AsyncClient, system: System, gateway: Gateway
) -> None:
    assert (await connect(admin, system)).is_success
    await gateway.take("agreement.concluded", agreed(PARTY, "NL-CSP", version=2, status="ENDED"))
    system.answers = [web.Response(status=500)]
    assert await _told(system, settled=True) == 1
    (row,) = await gateway.rows("SELECT tries, due_at > now() AS later, last_error FROM gateway.reported_roles")
    assert (row["tries"], row["later"], "HTTP 500" in row["last_error"]) == (1, True, True)
    assert await _told(system) == 0
    # Back to what it was told, there is nothing to tell any more.
    await gateway.take("agreement.concluded", agreed(PARTY, "NL-CSP", version=3))
    assert await _told(system) == 0
    assert (await gateway.rows("SELECT due_at FROM gateway.reported_roles"))[0]["due_at"] is None


async def test_a_partner_on_2_2_1_is_not_told(admin: httpx.AsyncClient, system: System, gateway: Gateway) -> None:
    assert (await connect(admin, system, version="2.2.1")).is_success
    await gateway.take("agreement.concluded", agreed(PARTY, "NL-CSP", version=2, status="ENDED"))
    assert await _told(system, settled=True) == 0


_SETTLED = "UPDATE gateway.reported_roles SET due_at = now() - interval '1 second' WHERE due_at IS NOT NULL"


async def _told(system: System, *, settled: bool = False) -> int:
    """How many PUTs the timer and the loop send, after a change has settled or before."""
    gateway, before = system.gateway, len(system.given)
    settings = gateway.settings.announcements
    await gateway.context.transactions.run(lambda work: note_changes(work, settings, lambda: 0.5))
    if settled:
        async with gateway.context.engine.begin() as connection:
            await connection.execute(text(_SETTLED))
    gateway.forget()
    await gateway.wiring.partners.announcing.tell_due()
    return len(system.given) - before
