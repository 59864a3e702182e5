"""Commands through the gateway, over a real PostgreSQL, with stand-in partners over HTTPS."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from services.core.clock import format_utc, system_clock
from services.gateway.ocpi.versions import V2_3_0
from tests.integration.gateway.conversations.conversing import (
    ACCEPTED,
    BOUNDS,
    CSO,
    CSP,
    OTHER_CSO,
    OTHER_CSP,
    TO_CSO,
    Talk,
    another_replica,
    our_url,
    routed,
    says,
    start,
    talking,
    told,
)
from tests.integration.gateway.partners import SUCCESS, Sent, rubbish, succeed, unavailable
from tests.support.waiting import eventually
from tests.unit.gateway import samples


@pytest.mark.ocpi_rule(22)
@pytest.mark.ocpi_rule(14)
async def test_a_command_is_relayed_with_our_own_response_url(talk: Talk) -> None:
    body = start(talk.csp, extension={"kept": [1.5]})
    ids = {"X-Request-ID": "hop-1", "X-Correlation-ID": "conversation"}
    answer = await talk.command("START_SESSION", body, **TO_CSO, **ids)
    assert told(answer) == (200, 1000, ACCEPTED)
    assert (answer.headers["ocpi-from-party-id"], answer.headers["ocpi-to-party-id"]) == ("SUN", "CSP")
    (sent,) = talk.cso.sent
    assert (sent.method, sent.path) == ("POST", f"/{CSO}/receiver/commands/START_SESSION")
    assert sent.document == body | {"response_url": our_url(sent)}
    assert our_url(sent).startswith("https://hub.example/ocpi/2.2.1/sender/commands/results/")
    assert sent.headers["authorization"] == f"Token token-b-of-{CSO}"
    assert (sent.headers["ocpi-from-party-id"], sent.headers["ocpi-to-party-id"]) == ("CSP", "SUN")
    assert sent.headers["x-correlation-id"] == "conversation"
    assert sent.headers["x-request-id"] not in {"", "hop-1"}


@pytest.mark.ocpi_rule(22)
async def test_the_result_reaches_the_exact_response_url(talk: Talk) -> None:
    body = start(talk.csp, response_url=f"{talk.csp.url}/a%2Fb/%7Ec?request_id=56%2078&x")
    await talk.command("START_SESSION", body, **TO_CSO, **{"X-Correlation-ID": "conversation"})
    result = {"result": "EVSE_OCCUPIED", "message": [{"language": "en", "text": "occupied"}], "extension": 1}
    assert told(await talk.result(our_url(talk.cso.sent[0]), result)) == (200, 1000, None)
    (sent,) = await talk.handed_over()
    assert (sent.method, sent.target, sent.document) == ("POST", "/a%2Fb/%7Ec?request_id=56%2078&x", result)
    assert sent.headers["authorization"] == f"Token token-b-of-{CSP}"
    assert (sent.headers["ocpi-from-party-id"], sent.headers["ocpi-to-party-id"]) == ("SUN", "CSP")
    assert sent.headers["x-correlation-id"] == "conversation"
    assert sent.headers["x-request-id"] != talk.cso.sent[0].headers["x-request-id"]


async def test_events_tell_the_command_without_the_credential(talk: Talk) -> None:
    await talk.command("START_SESSION", start(talk.csp), **TO_CSO)
    await talk.result(our_url(talk.cso.sent[0]), {"result": "ACCEPTED"})
    (requested,) = await talk.events("command.requested")
    assert (requested.command, requested.visited_cso, requested.home_csp) == ("START_SESSION", CSO, CSP)
    assert (requested.subject, requested.location_id, requested.evse_uid) == ("E1", "LOC1", "E1")
    assert (requested.credential_type, requested.protocol) == ("RFID", "OCPI-2.2.1")
    uid = samples.token()["uid"].encode()
    assert uid not in requested.sealed
    assert requested.pseudonym
    rows = await talk.gateway.rows("SELECT * FROM gateway.outbox")
    assert not any(uid in row["value"] or b"secret=7" in row["value"] for row in rows)
    kept = await talk.gateway.rows("SELECT * FROM gateway.conversations")
    assert b"secret=7" not in kept[0]["url_sealed"]
    response, result = await talk.events("command.resulted")
    assert (response.stage, response.result, response.command_id) == ("RESPONSE", "ACCEPTED", requested.command_id)
    assert timedelta(0) < response.result_due_at - response.occurred_at <= timedelta(seconds=30)
    assert (result.stage, result.result, result.failure) == ("RESULT", "ACCEPTED", None)


@pytest.mark.ocpi_rule(22)
async def test_a_result_may_come_to_another_replica_and_before_the_response(
    talk: Talk, database_url: str, tmp_path: Path
) -> None:
    taken: list[Any] = []

    async with another_replica(talk, database_url, tmp_path) as other:

        async def answer_after_the_result(sent: Sent) -> web.Response:
            taken.append(told(await talk.result(our_url(sent), {"result": "ACCEPTED"}, gateway=other)))
            return web.json_response(SUCCESS | {"data": ACCEPTED})

        talk.cso.answer = answer_after_the_result
        assert told(await talk.command("START_SESSION", start(talk.csp), **TO_CSO)) == (200, 1000, ACCEPTED)
        (sent,) = await talk.handed_over()
        assert await talk.settled() == [("DELIVERED", 1)]
    assert taken == [(200, 1000, None)]
    assert sent.document == {"result": "ACCEPTED"}
    assert len(talk.csp.sent) == 1


class TestResults:
    async def test_a_repeated_one_is_handed_over_once_and_a_contrary_one_refused(self, talk: Talk) -> None:
        await talk.command("STOP_SESSION", {"response_url": f"{talk.csp.url}/r", "session_id": "S9"}, **TO_CSO)
        ours = our_url(talk.cso.sent[0])
        for _ in range(3):
            assert told(await talk.result(ours, {"result": "ACCEPTED", "message": None})) == (200, 1000, None)
        assert told(await talk.result(ours, {"result": "FAILED"}))[:2] == (200, 2001)
        await talk.settled()
        assert len(talk.csp.sent) == 1
        assert len(await talk.events("command.resulted")) == 2

    async def test_only_who_was_asked_may_give_it(self, talk: Talk) -> None:
        await talk.command("START_SESSION", start(talk.csp), **TO_CSO)
        ours = our_url(talk.cso.sent[0])
        for stranger in (OTHER_CSO, CSP):
            assert told(await talk.result(ours, {"result": "ACCEPTED"}, party=stranger)) == (404, 2000, None)
        assert told(await talk.result(ours + "x", {"result": "ACCEPTED"})) == (404, 2000, None)
        assert told(await talk.result(ours.replace("commands", "chargingprofiles"), {"result": "ACCEPTED"}))[0] == 404
        assert told(await talk.result(ours, {"outcome": "ACCEPTED"})) == (200, 2001, None)
        assert await talk.gateway.rows("SELECT 1 FROM gateway.conversation_results") == []

    async def test_what_cannot_be_handed_over_is_tried_again_in_its_time(self, talk: Talk) -> None:
        tries = [unavailable, rubbish, succeed]

        def answer(sent: Sent) -> web.Response:
            return tries.pop(0)(sent)

        talk.csp.answer = answer
        await talk.command("START_SESSION", start(talk.csp), **TO_CSO)
        await talk.result(our_url(talk.cso.sent[0]), {"result": "ACCEPTED"})
        await talk.handed_over(3)
        await talk.settled()
        assert [sent.body for sent in talk.csp.sent] == [talk.csp.sent[0].body] * 3
        assert await talk.states() == [("DELIVERED", 3)]

    async def test_it_is_given_up_when_its_time_is_over(self, talk: Talk) -> None:
        talk.csp.answer = unavailable
        talk.answers({"result": "ACCEPTED", "timeout": 0})
        await talk.command("START_SESSION", start(talk.csp), **TO_CSO)
        assert told(await talk.result(our_url(talk.cso.sent[0]), {"result": "ACCEPTED"})) == (200, 1000, None)
        await talk.settled()
        ((state, tries),) = await talk.states()
        assert state == "GIVEN_UP"
        assert tries > 1

    async def test_an_asker_that_hangs_costs_only_its_own(self, talk: Talk) -> None:
        async def hang_at_some(sent: Sent) -> web.Response:
            if "hang" in sent.path:
                await talk.csp.released.wait()
            return succeed(sent)

        talk.csp.answer = hang_at_some
        stop = {"response_url": f"{talk.csp.url}/hang", "session_id": "S9"}
        for _ in range(4):
            await talk.command("STOP_SESSION", stop, **TO_CSO)
        other = {"response_url": f"{talk.csp.url}/quick", "session_id": "S8"}
        await talk.command("STOP_SESSION", other, OTHER_CSP, **TO_CSO)
        *hanging, quick = [our_url(each) for each in talk.cso.sent]
        for each in (*hanging, quick):
            assert told(await talk.result(each, {"result": "ACCEPTED"}))[1] == 1000
        await eventually(lambda: bool(talk.csp.received("/quick")))
        # Two of its own places are all that it has.
        assert len(talk.csp.received("/hang")) == 2

    async def test_the_askers_refusal_is_its_word(self, talk: Talk) -> None:
        talk.csp.answer = says(None, status_code=2001)
        assert told(await talk.command("START_SESSION", start(talk.csp), **TO_CSO)) == (200, 1000, ACCEPTED)
        await talk.result(our_url(talk.cso.sent[0]), {"result": "ACCEPTED"})
        await talk.settled()
        assert await talk.states() == [("REFUSED", 1)]

    @pytest.mark.ocpi_rule(22)
    async def test_none_in_time_is_told_to_nobody_and_a_late_one_still_passed_on(self, talk: Talk) -> None:
        talk.answers({"result": "ACCEPTED", "timeout": 0})
        await talk.command("START_SESSION", start(talk.csp), **TO_CSO)
        await talk.tick()
        (_, none) = await talk.events("command.resulted")
        assert (none.stage, none.result, none.failure) == ("RESULT", None, "NO_RESULT")
        assert talk.csp.sent == []
        await talk.result(our_url(talk.cso.sent[0]), {"result": "TIMEOUT"})
        (sent,) = await talk.handed_over()
        assert sent.document == {"result": "TIMEOUT"}
        await talk.tick()
        assert [event.result for event in await talk.events("command.resulted")] == ["ACCEPTED", None, "TIMEOUT"]

    async def test_nothing_is_taken_once_a_conversation_is_over(self, talk: Talk) -> None:
        await talk.command("START_SESSION", start(talk.csp), **TO_CSO)
        async with talk.gateway.context.engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE gateway.conversations SET expires_at = now() - interval '1 s'")
        assert told(await talk.result(our_url(talk.cso.sent[0]), {"result": "ACCEPTED"}))[0] == 404
        await talk.tick()
        assert await talk.gateway.rows("SELECT 1 FROM gateway.conversations") == []


class TestReservations:
    @pytest.mark.ocpi_rule(22)
    @pytest.mark.ocpi_rule(17)
    async def test_two_home_csps_may_use_one_id_and_each_cancels_its_own(self, talk: Talk) -> None:
        await talk.publish("locations", samples.location())
        await talk.command("RESERVE_NOW", reserve(talk))
        token = samples.token(country_code="DE", party_id="OTH")
        assert told(await talk.command("RESERVE_NOW", reserve(talk, token=token), OTHER_CSP))[1] == 1000
        cancel = {"response_url": f"{talk.csp.url}/cancelled", "reservation_id": "r1"}
        assert told(await talk.command("CANCEL_RESERVATION", cancel, OTHER_CSP)) == (200, 1000, ACCEPTED)
        first, second, third = talk.cso.sent
        assert [each.headers["ocpi-from-party-id"] for each in (first, second, third)] == ["CSP", "OTH", "OTH"]
        assert third.document["reservation_id"] == "r1"
        assert third.headers["ocpi-to-party-id"] == "SUN"

    async def test_the_cso_may_cancel_where_it_confirmed(self, talk: Talk) -> None:
        await talk.command("RESERVE_NOW", reserve(talk), **TO_CSO)
        ours = our_url(talk.cso.sent[0])
        for result in ("ACCEPTED", "CANCELED_RESERVATION", "CANCELED_RESERVATION"):
            assert told(await talk.result(ours, {"result": result})) == (200, 1000, None)
        sent = await talk.handed_over(2)
        await talk.settled()
        assert [each.document["result"] for each in sent] == ["ACCEPTED", "CANCELED_RESERVATION"]

    @pytest.mark.ocpi_rule(22)
    async def test_its_mapping_lives_as_long_as_it_does(self, talk: Talk) -> None:
        end = system_clock() + timedelta(days=30)
        await talk.command("RESERVE_NOW", reserve(talk, expiry_date=format_utc(end)), **TO_CSO)
        (mapping,) = await talk.gateway.rows("SELECT * FROM gateway.conversations")
        (kept,) = await talk.gateway.rows("SELECT * FROM gateway.reservations")
        assert min(mapping["expires_at"], kept["expires_at"]) > end

    async def test_an_agreement_has_to_cover_reservations(self, talk: Talk) -> None:
        answer = await talk.command("RESERVE_NOW", reserve(talk), **routed(OTHER_CSO))
        assert told(answer)[:2] == (200, 2000)
        assert "RESERVATION" in answer.json()["status_message"]


@pytest.mark.ocpi_rule(22)
async def test_both_versions_talk_to_each_other(database_url: str, tmp_path: Path) -> None:
    async with talking(database_url, tmp_path, BOUNDS, {CSO: V2_3_0}) as talk:
        talk.answers(ACCEPTED)
        assert told(await talk.command("START_SESSION", start(talk.csp), **TO_CSO)) == (200, 1000, ACCEPTED)
        ours = our_url(talk.cso.sent[0])
        assert ours.startswith("https://hub.example/ocpi/2.3.0/sender/commands/results/")
        assert told(await talk.result(ours, {"result": "ACCEPTED"})) == (200, 1000, None)
        await talk.handed_over()
        body = start(talk.csp, token=samples.token(type="EMAID"), extension="kept")
        newer = await talk.command("START_SESSION", body, CSP, "2.3.0", **routed(OTHER_CSO))
        assert told(newer) == (200, 1000, ACCEPTED)
        sent = talk.cso.sent[1]
        assert our_url(sent).startswith("https://hub.example/ocpi/2.2.1/")
        assert (sent.document["token"]["type"], sent.document["extension"]) == ("OTHER", "kept")
        older, requested = await talk.events("command.requested")
        assert (older.protocol, requested.protocol) == ("OCPI-2.2.1", "OCPI-2.3.0")
        assert requested.credential_type == "EMAID"
        # The operator reads the issuer's own type, as far as the token is held here.
        named_older = start(talk.csp, token=samples.token(type="OTHER"))
        await talk.command("START_SESSION", named_older, **TO_CSO)
        token = samples.token(type="EMAID")
        place = f"/ocpi/2.3.0/receiver/tokens/NL/CSP/{token['uid']}?type=EMAID"
        assert (await talk.client(CSP).put(place, json=token)).status_code == 201
        await talk.command("START_SESSION", named_older, **TO_CSO)
        assert [each.document["token"]["type"] for each in talk.cso.sent[2:]] == ["OTHER", "EMAID"]


def reserve(talk: Talk, **fields: Any) -> dict[str, Any]:
    end = format_utc(system_clock() + timedelta(hours=1))
    return start(talk.csp, **{"expiry_date": end, "reservation_id": "R1", **fields})
