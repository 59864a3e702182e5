"""Real-time authorization through the gateway, over a real PostgreSQL; the authorization service is played."""

import asyncio
from typing import Any

import httpx
import pytest
from aiohttp import web

from services.core.errors import Unavailable
from services.gateway.authorize.asking import TOPIC as ASKED
from services.runtime.events import Event, Received
from tests.integration.gateway.authorize.asking import CSO, CSP, UID, asked, has_asked
from tests.integration.gateway.deciding import decides
from tests.integration.gateway.partners import SUCCESS, Partner
from tests.integration.gateway.whole import SINCE, Gateway, invited
from tests.support.waiting import eventually
from tests.unit.gateway import samples

PATH = f"/ocpi/2.2.1/sender/tokens/{UID}/authorize"
PLACE = {"location_id": "LOC1", "evse_uids": ["E1", "E2"]}


async def test_a_decision_reaches_the_cso_with_the_token_object(gateway: Gateway) -> None:
    gateway.direct.act = decides(gateway, result="ALLOWED", authorization_reference=None)
    answer = await ask(gateway, PLACE, **{"X-Correlation-ID": "conversation"})
    assert (answer.status_code, answer.json()["status_code"]) == (200, 1000)
    data = answer.json()["data"]
    assert (data["allowed"], data["location"], data["token"]) == ("ALLOWED", PLACE, samples.token())
    (requested,) = gateway.direct.of("authorization.requested")
    assert (requested.visited_cso, requested.home_csp, requested.credential_type) == (CSO, CSP, "RFID")
    assert (requested.location_id, requested.evse_uids) == ("LOC1", ["E1", "E2"])
    assert UID.encode() not in requested.sealed
    assert requested.pseudonym != UID
    await eventually(lambda: bool(gateway.direct.of("authorization.concluded")))
    (concluded,) = gateway.direct.of("authorization.concluded")
    assert (concluded.told, concluded.authorization_id) == ("ALLOWED", requested.authorization_id)
    assert {event.correlation_id for event in gateway.direct.published} == {"conversation"}


@pytest.mark.ocpi_rule(19)
async def test_an_unknown_card_is_asked_of_nobody(gateway: Gateway) -> None:
    answer = await gateway.client("token-of-FR-SUN").post(PATH.replace(UID, "UNKNOWN"))
    assert (answer.status_code, answer.json()["status_code"]) == (404, 2004)
    assert "data" not in answer.json()
    assert gateway.direct.published == []


@pytest.mark.ocpi_rule(2)
async def test_an_unknown_card_is_asked_of_the_home_csp_that_is_named(gateway: Gateway, home: Partner) -> None:
    gateway.direct.act = has_asked(gateway)
    home.answer = lambda _sent: web.json_response(SUCCESS | {"status_code": 2004}, status=404)
    named = {"OCPI-to-country-code": "NL", "OCPI-to-party-id": "CSP"}
    answer = await gateway.client("token-of-FR-SUN").post(PATH.replace(UID, "NEW-1"), headers=named)
    assert (answer.status_code, answer.json()["status_code"]) == (404, 2004)
    assert [sent.path for sent in home.sent] == ["/tokens/NEW-1/authorize"]


async def test_a_home_csp_without_an_agreement_is_an_unknown_receiver(gateway: Gateway) -> None:
    named = {"OCPI-to-country-code": "DE", "OCPI-to-party-id": "OTH"}
    answer = await gateway.client("token-of-FR-SUN").post(PATH, headers=named)
    assert (answer.status_code, answer.json()["status_code"]) == (200, 4001)


async def test_a_credential_of_a_suspended_home_csp_is_not_authorized(gateway: Gateway) -> None:
    gateway.direct.act = decides(gateway, result="ALLOWED", authorization_reference=None)
    await gateway.take("partner.registered", invited(CSP, "CSP", None, version=2, status="SUSPENDED"))
    gateway.forget()
    named = {"OCPI-to-country-code": "NL", "OCPI-to-party-id": "CSP"}
    assert (await ask(gateway)).json()["status_code"] == 2004
    assert (await ask(gateway, **named)).json()["status_code"] == 4001
    assert gateway.direct.published == []
    await gateway.take("partner.registered", invited(CSP, "CSP", None, version=3, status="ACTIVE"))
    gateway.forget()
    assert (await ask(gateway)).json()["data"]["allowed"] == "ALLOWED"


@pytest.mark.ocpi_rule(17)
@pytest.mark.ocpi_rule(28)
async def test_the_home_csp_is_asked_and_its_words_reach_the_cso(gateway: Gateway, home: Partner) -> None:
    gateway.direct.act = has_asked(gateway)
    newer = samples.token(contract_id="NL-CSP-NEW")
    info = {
        "allowed": "ALLOWED",
        "token": newer,
        "location": {"location_id": "LOC1", "evse_uids": ["E2"]},
        "authorization_reference": "REF-1",
        "info": {"language": "en", "text": "welcome"},
    }
    home.answer = lambda _sent: web.json_response(SUCCESS | {"data": info})
    answer = await ask(gateway, PLACE, **{"X-Correlation-ID": "conversation", "X-Request-ID": "hop-1"})
    assert answer.json()["data"] == info
    (sent,) = home.sent
    assert (sent.method, sent.path, sent.query) == ("POST", f"/tokens/{UID}/authorize", "type=RFID")
    assert sent.document == PLACE
    assert (sent.headers["ocpi-from-party-id"], sent.headers["ocpi-to-party-id"]) == ("SUN", "CSP")
    assert sent.headers["x-correlation-id"] == "conversation"
    assert sent.headers["x-request-id"] not in {"", "hop-1"}
    (answered,) = gateway.direct.of("authorization.answered")
    assert (answered.answer, answered.failure, answered.authorization_reference) == ("ALLOWED", None, "REF-1")
    (kept,) = await gateway.rows("SELECT sealed FROM gateway.home_answers")
    assert b"NL-CSP-NEW" not in kept["sealed"]


@pytest.mark.ocpi_rule(2)
@pytest.mark.hurried
async def test_a_home_csp_that_hangs_is_a_protocol_answer_and_no_word_on_the_driver(
    gateway: Gateway, home: Partner
) -> None:
    gateway.direct.act = has_asked(gateway)
    home.answer = None
    answer = await ask(gateway)
    assert (answer.status_code, answer.json()["status_code"]) == (200, 4002)
    home.answer = lambda _sent: web.Response(body=b"rubbish")
    answer = await ask(gateway)
    assert (answer.status_code, answer.json()["status_code"]) == (200, 4003)


@pytest.mark.ocpi_rule(2)
@pytest.mark.ocpi_rule(20)
async def test_a_home_csp_that_needs_to_know_where_is_passed_on(gateway: Gateway, home: Partner) -> None:
    gateway.direct.act = has_asked(gateway)
    home.answer = lambda _sent: web.json_response(SUCCESS | {"status_code": 2002, "status_message": "where?"})
    answer = await ask(gateway)
    assert (answer.status_code, answer.json()["status_code"]) == (200, 2002)
    assert "data" not in answer.json()
    assert gateway.direct.of("authorization.answered")[0].failure == "BAD_ANSWER"


@pytest.mark.ocpi_rule(20)
async def test_opening_hours_and_the_status_of_an_evse_play_no_part(gateway: Gateway, home: Partner) -> None:
    out_of_order = samples.evse(status="OUTOFORDER")
    closed = {"twentyfourseven": False, "regular_hours": [], "exceptional_openings": []}
    location = samples.location(evses=[out_of_order], opening_times=closed)
    place = "/ocpi/2.2.1/receiver/locations/FR/SUN/LOC1"
    assert (await gateway.client("token-of-FR-SUN").put(place, json=location)).status_code == 201
    gateway.direct.act = has_asked(gateway)
    home.answer = lambda _sent: web.json_response(SUCCESS | {"data": {"allowed": "ALLOWED", "token": samples.token()}})
    answer = await ask(gateway, {"location_id": "LOC1", "evse_uids": ["E1"]})
    assert (answer.json()["data"]["allowed"], len(home.sent)) == ("ALLOWED", 1)


@pytest.mark.hurried
async def test_without_a_decision_in_time_the_cso_is_told_to_come_again(gateway: Gateway) -> None:
    answer = await ask(gateway)
    assert (answer.status_code, answer.json()["status_code"]) == (503, 3000)
    assert answer.headers["retry-after"]
    await eventually(lambda: bool(gateway.direct.of("authorization.concluded")))
    assert gateway.direct.of("authorization.concluded")[0].told == "NO_ANSWER"
    assert len(gateway.wiring.pending) == 0


async def test_while_kafka_is_away_nobody_is_told_anything_of_a_driver(gateway: Gateway) -> None:
    async def away(_event: Event) -> None:
        raise Unavailable("Kafka is away")

    gateway.direct.act = away
    answer = await ask(gateway)
    assert (answer.status_code, answer.json()["status_code"]) == (503, 3000)
    assert len(gateway.wiring.pending) == 0


async def test_more_questions_than_may_wait_are_told_to_come_again(gateway: Gateway) -> None:
    waiting = [asyncio.create_task(ask(gateway)) for _ in range(3)]
    await eventually(lambda: len(gateway.wiring.pending) == 3)
    assert (await ask(gateway)).status_code == 503
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


@pytest.mark.hurried
async def test_a_reply_to_another_replica_is_not_ours(gateway: Gateway) -> None:
    gateway.direct.act = decides(gateway, result="ALLOWED", reply_replica="another")
    assert (await ask(gateway)).status_code == 503


async def test_a_question_past_its_deadline_is_not_asked(gateway: Gateway, home: Partner) -> None:
    gateway.direct.act = decides(gateway, result="ALLOWED")
    await ask(gateway)
    (requested,) = gateway.direct.of("authorization.requested")
    late = asked(requested).model_copy(update={"deadline": SINCE})
    await gateway.wiring.asking.handle(gateway.context, [(Received(ASKED, 0, 0, "", late, SINCE), {})])
    assert gateway.direct.of("authorization.answered") == []
    assert home.sent == []


async def ask(gateway: Gateway, place: Any = None, **headers: str) -> httpx.Response:
    return await gateway.client("token-of-FR-SUN").post(PATH, json=place, headers=headers)
