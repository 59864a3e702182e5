"""GETs to a named party for what is not held here, over a real PostgreSQL, with a partner over HTTPS."""

from pathlib import Path

import pytest

from services.gateway.ocpi.versions import V2_3_0
from tests.integration.gateway.conversations.conversing import (
    CSO,
    CSP,
    OTHER_CSO,
    TO_CSO,
    Talk,
    routed,
    says,
    talking,
    told,
)
from tests.unit.gateway import samples

PATH = "/ocpi/2.2.1/sender/locations/LOC1"


@pytest.mark.ocpi_rule(28)
async def test_what_is_held_here_is_served_from_here(talk: Talk) -> None:
    await talk.publish("locations", samples.location())
    assert told(await talk.client(CSP).get(PATH, headers=TO_CSO)) == (200, 1000, samples.location())
    assert talk.cso.sent == []


@pytest.mark.ocpi_rule(14)
@pytest.mark.ocpi_rule(28)
async def test_what_is_not_is_asked_of_its_owner_at_once(talk: Talk) -> None:
    talk.answers(samples.location(publish=False))
    ids = {"X-Request-ID": "hop-1", "X-Correlation-ID": "conversation"}
    answer = await talk.client(CSP).get(PATH, headers=TO_CSO | ids)
    assert told(answer) == (200, 1000, samples.location(publish=False))
    (sent,) = talk.cso.sent
    assert (sent.method, sent.path, sent.body) == ("GET", f"/{CSO}/sender/locations/LOC1", b"")
    assert (sent.headers["ocpi-from-party-id"], sent.headers["ocpi-to-party-id"]) == ("CSP", "SUN")
    assert sent.headers["x-correlation-id"] == "conversation"
    assert sent.headers["x-request-id"] != "hop-1"
    assert await talk.gateway.rows("SELECT 1 FROM gateway.locations") == []


async def test_so_is_a_part_that_is_not(talk: Talk) -> None:
    await talk.publish("locations", samples.location())
    talk.answers(samples.connector(id="9"))
    answer = await talk.client(CSP).get(f"{PATH}/E1/9", headers=TO_CSO)
    assert told(answer) == (200, 1000, samples.connector(id="9"))
    assert talk.cso.sent[0].path == f"/{CSO}/sender/locations/LOC1/E1/9"


@pytest.mark.ocpi_rule(1)
@pytest.mark.ocpi_rule(2)
@pytest.mark.hurried
async def test_its_owners_answer_is_passed_on(talk: Talk) -> None:
    talk.cso.answer = says(None, status=404, status_code=2003, status_message="nowhere")
    answer = await talk.client(CSP).get(PATH, headers=TO_CSO)
    assert (*told(answer)[:2], answer.json()["status_message"]) == (404, 2003, "nowhere")
    talk.cso.answer = None
    assert told(await talk.client(CSP).get(PATH, headers=TO_CSO))[:2] == (200, 4002)


@pytest.mark.ocpi_rule(16)
async def test_nobody_is_asked_who_is_not_named(talk: Talk) -> None:
    assert told(await talk.client(CSP).get(PATH))[:2] == (404, 2003)
    assert told(await talk.client(CSP).get(PATH, headers=routed("NL-RWT")))[:2] == (404, 2003)
    assert told(await talk.client(CSP).get(PATH, headers=routed("XX-XXX")))[:2] == (200, 4001)
    async with talk.gateway.context.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE gateway.connections SET endpoints = '[]'")
    talk.gateway.forget()
    assert told(await talk.client(CSP).get(PATH, headers=routed(OTHER_CSO)))[:2] == (404, 2003)
    assert talk.cso.sent == []


async def test_the_answer_comes_in_the_askers_version(database_url: str, tmp_path: Path) -> None:
    async with talking(database_url, tmp_path, versions={CSO: V2_3_0}) as talk:
        talk.answers(samples.location(evses=[samples.evse(parking=[{"parking_id": "P1"}])]))
        answer = await talk.client(CSP).get(PATH, headers=TO_CSO)
        assert told(answer)[:2] == (200, 1000)
        assert "parking" not in told(answer)[2]["evses"][0]
        talk.answers(samples.evse(connectors=[samples.connector(standard="MCS")]))
        assert told(await talk.client(CSP).get(f"{PATH}/E1", headers=TO_CSO))[:2] == (404, 2003)
        talk.answers({"evses": 7})
        assert told(await talk.client(CSP).get(PATH, headers=TO_CSO))[:2] == (200, 4000)
