"""What other hubs say of the parties behind them."""

from collections.abc import Mapping
from typing import Any

from tests.integration.gateway.partners import Partner
from tests.integration.gateway.presence.acting import (
    CSP,
    SUN,
    listed,
    register,
    scan,
)
from tests.integration.gateway.whole import Gateway


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
