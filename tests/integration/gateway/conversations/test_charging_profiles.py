"""Charging profiles and charging preferences through the gateway, over a real PostgreSQL, with partners over HTTPS."""

from typing import Any
from urllib.parse import parse_qsl, quote

import httpx
import pytest

from tests.integration.gateway.conversations.conversing import (
    ACCEPTED,
    CSO,
    CSP,
    OTHER_CSO,
    OTHER_CSP,
    TO_CSO,
    Talk,
    our_url,
    routed,
    says,
    told,
)
from tests.integration.gateway.partners import Sent
from tests.unit.gateway import samples

PROFILE = {
    "charging_rate_unit": "A",
    "min_charging_rate": 6.5,
    "charging_profile_period": [{"start_period": 0, "limit": 16}],
}
ACTIVE = {"start_date_time": "2026-03-01T08:00:00Z", "charging_profile": PROFILE}
PREFERENCES = {"profile_type": "GREEN", "departure_time": "2026-03-01T18:00:00Z", "energy_need": 20.5}


def asked_at(sent: Sent) -> str:
    """The response URL in a query."""
    return dict(parse_qsl(sent.query))["response_url"]


class TestChargingProfiles:
    @pytest.mark.ocpi_rule(22)
    async def test_the_active_profile_comes_as_a_result(self, talk: Talk) -> None:
        own = f"{talk.csp.url}/profiles?request=5678&x=%2F"
        path = f"/ocpi/2.2.1/receiver/chargingprofiles/S1?duration=900&response_url={quote(own, safe='')}"
        assert told(await talk.client(CSP).get(path, headers=TO_CSO)) == (200, 1000, ACCEPTED)
        (sent,) = talk.cso.sent
        assert (sent.method, sent.path, sent.body) == ("GET", f"/{CSO}/receiver/chargingprofiles/S1", b"")
        assert dict(parse_qsl(sent.query))["duration"] == "900"
        ours = asked_at(sent)
        assert ours.startswith("https://hub.example/ocpi/2.2.1/sender/chargingprofiles/results/")
        assert told(await talk.result(ours, {"result": "ACCEPTED", "profile": ACTIVE})) == (200, 1000, None)
        (result,) = await talk.handed_over()
        assert (result.method, result.target) == ("POST", "/profiles?request=5678&x=%2F")
        assert result.document == {"result": "ACCEPTED", "profile": ACTIVE}
        assert await talk.events("command.requested") == []

    @pytest.mark.ocpi_rule(22)
    async def test_one_is_set_and_cleared(self, talk: Talk) -> None:
        await talk.publish("sessions", samples.session())
        body = {"charging_profile": PROFILE, "response_url": f"{talk.csp.url}/set", "extension": [1]}
        path = "/ocpi/2.2.1/receiver/chargingprofiles/S1"
        assert told(await talk.client(CSP).put(path, json=body)) == (200, 1000, ACCEPTED)
        cleared = await talk.client(CSP).delete(f"{path}?response_url={talk.csp.url}/cleared")
        assert told(cleared) == (200, 1000, ACCEPTED)
        set_, clear = talk.cso.sent
        assert set_.document == body | {"response_url": our_url(set_)}
        assert (clear.method, clear.path, clear.body) == ("DELETE", f"/{CSO}/receiver/chargingprofiles/S1", b"")
        await talk.result(our_url(set_), {"result": "REJECTED"})
        await talk.handed_over()
        await talk.result(asked_at(clear), {"result": "UNKNOWN"})
        results = await talk.handed_over(2)
        assert [(each.path, each.document["result"]) for each in results] == [
            ("/set", "REJECTED"),
            ("/cleared", "UNKNOWN"),
        ]

    async def test_the_cso_decides_who_may_set_one(self, talk: Talk) -> None:
        await talk.publish("sessions", samples.session())
        talk.answers({"result": "REJECTED", "timeout": 0})
        body = {"charging_profile": PROFILE, "response_url": f"{talk.csp.url}/set"}
        path = "/ocpi/2.2.1/receiver/chargingprofiles/S1"
        answer = await talk.client(OTHER_CSP).put(path, json=body, headers=TO_CSO)
        assert told(answer)[2] == {"result": "REJECTED", "timeout": 0}
        assert told(await talk.client(OTHER_CSP).put(path, json=body))[:2] == (200, 4001)

    @pytest.mark.ocpi_rule(17)
    async def test_news_of_the_active_profile_goes_to_the_sessions_home_csp(self, talk: Talk) -> None:
        await talk.publish("sessions", samples.session())
        path = "/ocpi/2.2.1/sender/chargingprofiles/S1"
        talk.csp.answer = says(None)
        assert told(await talk.client(CSO).put(path, json=ACTIVE)) == (200, 1000, None)
        assert told(await talk.client(CSO).put(path, json=ACTIVE, headers=routed(OTHER_CSP)))[1] == 1000
        first, second = talk.csp.sent
        assert (first.method, first.path) == ("PUT", f"/{CSP}/sender/chargingprofiles/S1")
        assert second.path == f"/{OTHER_CSP}/sender/chargingprofiles/S1"
        assert first.document == ACTIVE
        assert (first.headers["ocpi-from-party-id"], first.headers["ocpi-to-party-id"]) == ("SUN", "CSP")
        assert told(await talk.client(OTHER_CSO).put(path, json=ACTIVE))[:2] == (200, 4001)

    @pytest.mark.ocpi_rule(16)
    async def test_a_get_is_never_broadcast(self, talk: Talk) -> None:
        path = f"/ocpi/2.2.1/receiver/chargingprofiles/S1?duration=9&response_url={talk.csp.url}/x"
        assert told(await talk.client(CSP).get(path, headers=routed("NL-RWT")))[:2] == (200, 2001)
        assert talk.cso.sent == []

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("GET", "S1?response_url={own}", None),
            ("GET", "S1?duration=9", None),
            ("GET", "S1?duration=9&response_url=http://emsp.example", None),
            ("DELETE", "S1", None),
            ("PUT", "S1", {"response_url": "{own}"}),
            ("PUT", "S1", {"charging_profile": PROFILE}),
            ("PUT", "x" * 37, {"charging_profile": PROFILE, "response_url": "{own}"}),
        ],
    )
    async def test_what_is_missing_or_wrong(self, talk: Talk, method: str, path: str, body: Any) -> None:
        own = f"{talk.csp.url}/x"
        content = None if body is None else {**body, **({"response_url": own} if "response_url" in body else {})}
        answer = await talk.client(CSP).request(
            method, f"/ocpi/2.2.1/receiver/chargingprofiles/{path.format(own=own)}", json=content, headers=TO_CSO
        )
        assert told(answer)[:2] == (200, 2001)
        assert talk.cso.sent == []


class TestChargingPreferences:
    async def put(self, talk: Talk, party: str = CSP, **headers: str) -> httpx.Response:
        path = "/ocpi/2.2.1/sender/sessions/S1/charging_preferences"
        return await talk.client(party).put(path, json=PREFERENCES, headers=headers)

    @pytest.mark.ocpi_rule(19)
    @pytest.mark.ocpi_rule(28)
    async def test_they_reach_the_cso_unless_the_evse_takes_none(self, talk: Talk) -> None:
        await talk.publish("sessions", samples.session())
        talk.answers("DEPARTURE_REQUIRED")
        assert told(await self.put(talk)) == (200, 1000, "DEPARTURE_REQUIRED")
        (sent,) = talk.cso.sent
        assert (sent.method, sent.path) == ("PUT", f"/{CSO}/sender/sessions/S1/charging_preferences")
        assert sent.document == PREFERENCES
        await talk.publish("locations", samples.location())
        assert told(await self.put(talk)) == (404, 2001, None)
        capable = samples.evse(capabilities=["CHARGING_PREFERENCES_CAPABLE"], last_updated=samples.LATER)
        await talk.publish("locations", samples.location(evses=[capable], last_updated=samples.LATER))
        assert told(await self.put(talk)) == (200, 1000, "DEPARTURE_REQUIRED")
        assert len(talk.cso.sent) == 2

    @pytest.mark.ocpi_rule(2)
    @pytest.mark.hurried
    async def test_for_a_session_that_we_do_not_hold_the_cso_answers(self, talk: Talk) -> None:
        talk.answers(None, status=404, status_code=2001, status_message="not capable")
        answer = await self.put(talk, **TO_CSO)
        assert (*told(answer)[:2], answer.json()["status_message"]) == (404, 2001, "not capable")
        assert told(await self.put(talk))[:2] == (200, 4001)
        talk.cso.answer = None
        assert told(await self.put(talk, **TO_CSO))[:2] == (200, 4002)

    async def test_another_home_csps_session_is_none_of_ones_business(self, talk: Talk) -> None:
        await talk.publish("sessions", samples.session())
        assert told(await self.put(talk, OTHER_CSP, **TO_CSO))[:2] == (200, 2001)
        assert told(await self.put(talk, OTHER_CSP))[:2] == (200, 4001)
        assert talk.cso.sent == []
