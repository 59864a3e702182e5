"""Who is there, as partners read it in hubclientinfo."""

from collections.abc import Mapping

import pytest
from sqlalchemy import text

from tests.integration.gateway.partners import Partner
from tests.integration.gateway.presence.acting import (
    CSP,
    LIST,
    OTHER,
    SUN,
    delivered,
    listed,
    register,
    scan,
)
from tests.integration.gateway.whole import URL, Gateway, agreed, invited


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
    await delivered(gateway)
    (told,) = servers[SUN].received("/hubclientinfo")
    assert told.document == news
