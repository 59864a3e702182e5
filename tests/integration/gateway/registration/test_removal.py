"""What the registry takes back of partners that are invited or registered, over a real PostgreSQL and real HTTPS."""

from typing import Any

import pytest

from services.core.clock import system_clock
from tests.integration.gateway.partners import Partner
from tests.integration.gateway.registration.registering import CREDENTIALS, PARTY, TOKEN_A, own, registered, said
from tests.integration.gateway.whole import Gateway, invited
from tests.unit.gateway import samples


@pytest.mark.parametrize("change", [{"status": "SUSPENDED"}, {"status": "REMOVED"}, {"registration_token_hash": "x"}])
async def test_what_the_registry_takes_back(gateway: Gateway, server: Partner, change: dict[str, Any]) -> None:
    await gateway.take("partner.registered", invited(PARTY, "CSO", TOKEN_A, version=2, **change))
    assert (await gateway.client(TOKEN_A).get("/ocpi/versions")).status_code == 401


async def test_an_expired_registration_token_is_dead(gateway: Gateway) -> None:
    expired = invited(PARTY, "CSO", TOKEN_A, version=2, registration_expires_at=system_clock())
    await gateway.take("partner.registered", expired)
    assert (await gateway.client(TOKEN_A).get("/ocpi/versions")).status_code == 401


async def test_older_news_of_a_partner_changes_nothing(gateway: Gateway, server: Partner) -> None:
    client = await registered(gateway, server)
    await gateway.take("partner.registered", invited(PARTY, "CSO", "other-token", version=1, status="REMOVED"))
    # The registry's next word repeats the used token: it stays dead.
    await gateway.take("partner.registered", invited(PARTY, "CSO", TOKEN_A, version=2, name="New name"))
    gateway.forget()
    assert (await client.get(CREDENTIALS)).status_code == 200
    assert (await gateway.client(TOKEN_A).get(CREDENTIALS)).status_code == 401


async def test_a_partner_that_was_removed_is_cut_off_and_may_register_anew(gateway: Gateway, server: Partner) -> None:
    client = await registered(gateway, server)
    await gateway.take("partner.registered", invited(PARTY, "CSO", None, version=2, status="REMOVED"))
    gateway.forget()
    assert await gateway.rows("SELECT 1 FROM gateway.connections") == []
    assert (await client.get("/ocpi/versions")).status_code == 401
    await gateway.take("partner.registered", invited(PARTY, "CSO", "token-a-2", version=3))
    assert said(await gateway.client("token-a-2").post(CREDENTIALS, json=own(server))) == (200, 1000)


async def test_a_removal_is_not_missed_where_the_new_invitation_comes_with_it(
    gateway: Gateway, server: Partner
) -> None:
    client = await registered(gateway, server)
    again = invited(PARTY, "CSO", "token-a-2", version=3)
    await gateway.take("partner.registered", invited(PARTY, "CSO", None, version=2, status="REMOVED"), again)
    gateway.forget()
    assert (await client.get("/ocpi/versions")).status_code == 401
    assert said(await gateway.client("token-a-2").post(CREDENTIALS, json=own(server))) == (200, 1000)


async def test_a_removed_party_leaves_the_others_of_its_platform_connected(gateway: Gateway, server: Partner) -> None:
    other = invited("FR-SEA", "CSO", None, platform=PARTY)
    await gateway.take("partner.registered", other)
    sea = {"role": "CPO", "country_code": "FR", "party_id": "SEA", "business_details": {"name": "Sea"}}
    both = own(server, roles=[*own(server)["roles"], sea])
    answer = await gateway.client(TOKEN_A).post(CREDENTIALS, json=both)
    client = gateway.client(answer.json()["data"]["token"])
    await gateway.take("partner.registered", invited(PARTY, "CSO", None, version=2, status="REMOVED"))
    gateway.forget()
    assert (await client.put("/ocpi/2.2.1/receiver/locations/FR/SUN/LOC1", json=samples.location())).status_code == 404
    assert (await client.get("/ocpi/2.2.1/sender/locations")).status_code == 200


async def test_a_registration_token_issued_again_registers_once_more(gateway: Gateway, server: Partner) -> None:
    former = await registered(gateway, server)
    await gateway.take("partner.registered", invited(PARTY, "CSO", "token-a-2", version=2))
    gateway.forget()
    assert (await former.get("/ocpi/versions")).status_code == 200
    client = gateway.client("token-a-2")
    assert said(await client.post(CREDENTIALS, json=own(server))) == (200, 1000)
    assert (await former.get("/ocpi/versions")).status_code == 401
    assert (await client.post(CREDENTIALS, json=own(server))).status_code == 401
    assert len(await gateway.rows("SELECT 1 FROM gateway.connections")) == 1


async def test_a_suspended_partner_is_refused_until_it_is_welcome_again(gateway: Gateway, server: Partner) -> None:
    client, path = await registered(gateway, server), "/ocpi/2.2.1/receiver/locations/FR/SUN/LOC1"
    await gateway.take("partner.registered", invited(PARTY, "CSO", None, version=2, status="SUSPENDED"))
    gateway.forget()
    assert (await client.put(path, json=samples.location())).status_code == 401
    assert await gateway.wiring.book.connections.of(PARTY) is None
    await gateway.take("partner.registered", invited(PARTY, "CSO", None, version=3, status="ACTIVE"))
    gateway.forget()
    assert said(await client.put(path, json=samples.location())) == (201, 1000)
