"""Commands that find nobody, or go wrong, over a real PostgreSQL, with stand-in partners over HTTPS."""

import asyncio

import pytest

from tests.integration.gateway.conversations.conversing import (
    ACCEPTED,
    CSO,
    CSP,
    OTHER_CSO,
    OTHER_CSP,
    TO_CSO,
    Talk,
    routed,
    start,
    told,
)
from tests.integration.gateway.partners import rubbish
from tests.unit.gateway import samples


class TestFinding:
    @pytest.mark.ocpi_rule(17)
    async def test_without_to_headers_the_location_tells(self, talk: Talk) -> None:
        await talk.publish("locations", samples.location())
        assert told(await talk.command("START_SESSION", start(talk.csp, location_id="loc1")))[1] == 1000
        assert talk.cso.sent[0].headers["ocpi-to-party-id"] == "SUN"
        assert told(await talk.command("START_SESSION", start(talk.csp, location_id="L9")))[:2] == (200, 2003)
        await talk.publish("locations", samples.location(country_code="BE", party_id="CPO"), OTHER_CSO)
        assert told(await talk.command("START_SESSION", start(talk.csp)))[:2] == (200, 2001)

    @pytest.mark.ocpi_rule(16)
    async def test_a_command_is_never_broadcast(self, talk: Talk) -> None:
        await talk.publish("locations", samples.location())
        assert told(await talk.command("START_SESSION", start(talk.csp), **routed("NL-RWT")))[1] == 1000
        assert len(talk.cso.sent) == 1

    @pytest.mark.ocpi_rule(17)
    async def test_a_session_tells_its_cso_to_its_own_home_csp_alone(self, talk: Talk) -> None:
        await talk.publish("sessions", samples.session())
        stop = {"response_url": f"{talk.csp.url}/r", "session_id": "S1"}
        assert told(await talk.command("STOP_SESSION", stop)) == (200, 1000, ACCEPTED)
        assert talk.cso.sent[0].path == f"/{CSO}/receiver/commands/STOP_SESSION"
        assert told(await talk.command("STOP_SESSION", stop, OTHER_CSP))[:2] == (200, 4001)
        assert told(await talk.command("STOP_SESSION", stop, OTHER_CSP, **TO_CSO))[:2] == (200, 2001)
        assert len(talk.cso.sent) == 1
        async with talk.gateway.context.engine.begin() as connection:
            await connection.exec_driver_sql("DELETE FROM gateway.contracts")
        assert told(await talk.command("STOP_SESSION", stop, **TO_CSO)) == (200, 1000, ACCEPTED)

    @pytest.mark.ocpi_rule(2)
    async def test_unknown_receivers(self, talk: Talk) -> None:
        cancel = {"response_url": f"{talk.csp.url}/r", "reservation_id": "R9"}
        assert told(await talk.command("CANCEL_RESERVATION", cancel))[:2] == (200, 4001)
        assert told(await talk.command("CANCEL_RESERVATION", cancel, **routed("XX-XXX")))[:2] == (200, 4001)
        assert told(await talk.command("START_SESSION", start(talk.csp), OTHER_CSP, **routed(OTHER_CSO)))[1] == 2001
        token = samples.token(country_code="DE", party_id="OTH")
        answer = await talk.command("START_SESSION", start(talk.csp, token=token), OTHER_CSP, **routed(OTHER_CSO))
        assert told(answer)[:2] == (200, 4001)


class TestErrors:
    @pytest.mark.ocpi_rule(2)
    async def test_a_partners_own_error_passes_through_in_its_words(self, talk: Talk) -> None:
        talk.answers(None, status_code=2003, status_message="no such place")
        answer = await talk.command("START_SESSION", start(talk.csp), **TO_CSO)
        assert (*told(answer)[:2], answer.json()["status_message"]) == (200, 2003, "no such place")
        _, *resulted = await talk.events("command.requested") + await talk.events("command.resulted")
        assert [(event.failure, event.ocpi_status) for event in resulted] == [("REFUSED", 2003)]

    @pytest.mark.ocpi_rule(2)
    @pytest.mark.ocpi_rule(28)
    @pytest.mark.hurried
    async def test_a_cso_that_hangs_costs_only_its_own_and_is_left_alone_for_a_while(self, talk: Talk) -> None:
        talk.cso.answer = None
        asked = [asyncio.create_task(talk.command("START_SESSION", start(talk.csp), **TO_CSO)) for _ in range(4)]
        answers = [told(await each)[:2] for each in asked]
        assert sorted(answers) == [(200, 4002), (200, 4002), (200, 4003), (200, 4003)]
        assert told(await talk.command("START_SESSION", start(talk.csp), **TO_CSO))[:2] == (200, 4002)
        before = len(talk.cso.sent)
        assert told(await talk.command("START_SESSION", start(talk.csp), **TO_CSO))[:2] == (200, 4003)
        assert len(talk.cso.sent) == before
        talk.answers(ACCEPTED)
        # Another party is another matter, and nothing that failed is sent again.
        assert told(await talk.command("START_SESSION", start(talk.csp), **routed(OTHER_CSO)))[1] == 1000
        assert len(talk.cso.sent) == before + 1

    @pytest.mark.ocpi_rule(2)
    async def test_answers_that_are_no_ocpi_and_partners_that_are_not_connected(self, talk: Talk) -> None:
        talk.cso.answer = rubbish
        assert told(await talk.command("START_SESSION", start(talk.csp), **TO_CSO))[:2] == (200, 4000)
        async with talk.gateway.context.engine.begin() as connection:
            await connection.exec_driver_sql(
                f"UPDATE gateway.connections SET endpoints = '[]' WHERE platform = '{OTHER_CSO}'"
            )
            await connection.exec_driver_sql(f"DELETE FROM gateway.connections WHERE platform = '{CSO}'")
        talk.gateway.forget()
        assert told(await talk.command("START_SESSION", start(talk.csp), **TO_CSO))[:2] == (200, 4003)
        assert told(await talk.command("START_SESSION", start(talk.csp), **routed(OTHER_CSO)))[:2] == (200, 4000)

    @pytest.mark.parametrize(
        "evil", ["http://emsp.example/x", "https://localhost/x", "https://127.0.0.1:1/x", "https://hub.example/x", None]
    )
    async def test_evil_response_urls_are_never_called(self, talk: Talk, evil: str | None) -> None:
        answer = await talk.command("START_SESSION", start(talk.csp, response_url=evil), **TO_CSO)
        assert told(answer)[:2] == (200, 2001)
        assert answer.json()["status_message"].startswith("response_url:")
        assert talk.cso.sent == []
        assert await talk.events("command.requested") == []

    async def test_what_is_no_command(self, talk: Talk) -> None:
        assert told(await talk.command("SELF_DESTRUCT", {}, **TO_CSO))[:2] == (404, 2000)
        path = "/ocpi/2.2.1/receiver/commands/START_SESSION"
        assert (await talk.client(CSP).get(path)).status_code == 405
        assert (await talk.client(CSP).post(path, content=b"{")).status_code == 400
        assert talk.cso.sent == []
