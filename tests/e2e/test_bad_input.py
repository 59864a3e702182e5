"""What partners get wrong, over HTTPS: each is refused or judged clearly, and the rest goes on."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from services.cli import demo_steps as steps
from services.cli.demo_steps import Roaming
from services.runtime.embedded.deployment import Deployment
from tests.support.records import records
from tests.support.roaming import a_cdr, a_place, a_session, an_unsent_cdr, two_partners

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def roaming(deployment: Deployment) -> AsyncIterator[Roaming]:
    async with two_partners(deployment) as partners:
        steps.taken(await partners.csp.act("/tokens", uid=steps.WHITELISTED, whitelist="ALWAYS"), "token")
        yield partners


def refused(reply: dict[str, Any], status_code: int | None = None) -> str:
    """The platform's own words for a refusal in the OCPI layer."""
    assert reply["http_status"] == 200, reply["body"]
    assert 2000 <= reply["status_code"] < 5000, reply["body"]
    if status_code is not None:
        assert reply["status_code"] == status_code, reply["body"]
    assert reply["body"].get("timestamp", "").endswith("Z")
    return str(reply["body"]["status_message"])


@pytest.mark.parametrize("body", ["{not json", "", '{"id": "1"', '{"x": NaN}', "\ufeff{}"])
async def test_a_malformed_body_is_http_400_with_an_ocpi_body(roaming: Roaming, body: str) -> None:
    reply = await roaming.cso.act("/send", module="cdrs", method="POST", raw=body)
    assert reply["http_status"] == 400
    assert 2000 <= reply["body"]["status_code"] < 3000


@pytest.mark.parametrize(
    ("body", "words"),
    [
        *((each, "must be a JSON object") for each in ("[]", "null", "7", '"text"')),
        *((each, "country_code: missing") for each in ("{}", '{"id": "1"}')),
        ('{"id": "1", "id": "2"}', "stands twice in one object"),
    ],
)
async def test_json_that_is_no_such_object_is_refused_in_the_ocpi_layer(
    roaming: Roaming, body: str, words: str
) -> None:
    reply = await roaming.cso.act("/send", module="cdrs", method="POST", raw=body)
    assert words in refused(reply, 2001)


async def test_a_field_that_is_missing_is_named(roaming: Roaming) -> None:
    session_id = await a_session(roaming, await a_place(roaming))
    said = refused(await a_cdr(roaming, session_id, without=["total_cost"]), 2001)
    assert "total_cost" in said


async def test_a_caller_with_an_unknown_token_gets_401(roaming: Roaming) -> None:
    headers = {"Authorization": "Token bm90LWEtdG9rZW4="}
    reply = await roaming.cso.act("/send", module="cdrs", method="POST", body={}, headers=headers)
    assert reply["http_status"] == 401
    assert reply["body"]["status_code"] >= 2000


async def test_an_unknown_party_as_home_csp_is_refused(roaming: Roaming) -> None:
    session_id = await a_session(roaming, await a_place(roaming))
    stranger = steps.credential(roaming, steps.WHITELISTED) | {"country_code": "ZZ", "party_id": "ZZZ"}
    said = refused(await a_cdr(roaming, session_id, changes={"cdr_token": stranger}))
    assert "ZZ-ZZZ" in said


async def test_an_unknown_receiver_in_the_routing_headers_is_4001(roaming: Roaming) -> None:
    place = await a_place(roaming)
    session_id = await a_session(roaming, place)
    body = await an_unsent_cdr(roaming, session_id)
    reply = await roaming.cso.act("/send", module="cdrs", method="POST", body=body, receiver="ZZ-ZZZ")
    assert "ZZ-ZZZ" in refused(reply, 4001)


async def test_an_object_of_another_owner_is_refused_and_reaches_nobody(roaming: Roaming) -> None:
    place = await a_place(roaming)
    own = (await roaming.csp.seen("locations", object_id=place["location_id"]))[-1]["body"]
    foreign = own | {"id": "FOREIGN", "country_code": "ZZ", "party_id": "ZZZ"}
    reply = await roaming.cso.act("/send", module="locations", method="PUT", path="/ZZ/ZZZ/FOREIGN", body=foreign)
    assert reply["http_status"] in {200, 404}
    assert reply["status_code"] >= 2000
    marker = await a_place(roaming)
    await roaming.csp.seen("locations", object_id=marker["location_id"])
    assert not await roaming.csp.seen("locations", count=0, object_id="FOREIGN")


async def test_an_id_in_the_body_that_is_not_the_one_in_the_url_is_2001(roaming: Roaming) -> None:
    place = await a_place(roaming)
    (seen, *_) = await roaming.csp.seen("tariffs", object_id=place["tariff_id"])
    body = seen["body"] | {"id": "OTHER"}
    url = f"/{roaming.cso.party.replace('-', '/')}/{place['tariff_id']}"
    reply = await roaming.cso.act("/send", module="tariffs", method="PUT", path=url, body=body)
    assert "id: is not the one in the URL" in refused(reply, 2001)


async def test_a_patch_without_last_updated_is_2001(roaming: Roaming) -> None:
    session_id = await a_session(roaming, await a_place(roaming))
    path = "/{}/{}/".format(*roaming.cso.party.split("-")) + session_id
    reply = await roaming.cso.act("/send", module="sessions", method="PATCH", path=path, body={"kwh": 11})
    assert "last_updated" in refused(reply, 2001)


async def test_a_repeated_cdr_with_the_same_content_is_success_with_the_same_location_and_no_second_event(
    deployment: Deployment, roaming: Roaming
) -> None:
    session_id = await a_session(roaming, await a_place(roaming))
    first = await a_cdr(roaming, session_id)
    steps.taken(first, "CDR")
    cdr_id = first["sent"]["id"]
    same = dict(reversed(list(first["sent"].items()))) | {"remark": None, "last_updated": "2026-01-01T00:00:00Z"}
    for body in (first["sent"], same):
        again = await roaming.cso.act("/send", module="cdrs", method="POST", body=body)
        assert (again["http_status"], again["status_code"]) == (200, 1000)
        assert again["headers"]["location"] == first["headers"]["location"]
    await steps.verdict_of(roaming, cdr_id)
    for topic in ("cdr.submitted", "cdr.cleared", "sdr.cleared"):
        assert len(await asyncio.to_thread(records, deployment, topic, lambda each: each["cdr_id"] == cdr_id)) == 1


async def test_a_repeated_cdr_with_other_content_is_2001_and_names_the_field(
    deployment: Deployment, roaming: Roaming
) -> None:
    session_id = await a_session(roaming, await a_place(roaming))
    first = await a_cdr(roaming, session_id)
    steps.taken(first, "CDR")
    said = refused(await a_cdr(roaming, session_id, changes={"total_energy": 11}), 2001)
    assert "total_energy" in said
    cdr_id = first["sent"]["id"]
    await steps.verdict_of(roaming, cdr_id)
    submitted = await asyncio.to_thread(records, deployment, "cdr.submitted", lambda each: each["cdr_id"] == cdr_id)
    assert [each["total_energy"] for each in submitted] == ["10"]


async def test_a_cdr_that_names_neither_session_nor_tariff_is_accepted_with_informing_findings(
    roaming: Roaming,
) -> None:
    session_id = await a_session(roaming, await a_place(roaming))
    whole = await an_unsent_cdr(roaming, session_id)
    untariffed = [{name: each[name] for name in each if name != "tariff_id"} for each in whole["charging_periods"]]
    changes = {"charging_periods": untariffed}
    sent = await a_cdr(roaming, session_id, without=["session_id", "tariffs"], changes=changes)
    steps.taken(sent, "CDR")
    found = await steps.verdict_of(roaming, sent["sent"]["id"])
    assert found["verdict"] == "ACCEPTED"
    assert {"SESSION_NOT_NAMED", "TARIFF_NOT_NAMED"} <= set(found["finding_codes"])


async def test_a_cdr_that_names_a_session_that_never_comes_is_flagged_after_the_deadline(roaming: Roaming) -> None:
    session_id = await a_session(roaming, await a_place(roaming))
    sent = await a_cdr(roaming, session_id, changes={"session_id": "NEVER-REPORTED"})
    steps.taken(sent, "CDR")
    found = await steps.verdict_of(roaming, sent["sent"]["id"])
    assert found["verdict"] == "FLAGGED"
    assert "SESSION_NOT_FOUND" in found["finding_codes"]


async def test_a_nul_character_is_refused_and_the_next_request_goes_on(roaming: Roaming) -> None:
    session_id = await a_session(roaming, await a_place(roaming))
    reply = await a_cdr(roaming, session_id, changes={"remark": "a\u0000b"})
    assert "remark: a NUL character" in refused(reply, 2001)
    steps.taken(await a_cdr(roaming, session_id), "CDR without it")


@pytest.mark.parametrize(
    ("kwh", "minutes", "verdict", "code"),
    [
        ("-60.81", 30, "FLAGGED", "ENERGY_NEGATIVE"),
        ("1430.08", 30, "FLAGGED", "ENERGY_IMPLAUSIBLE"),
        ("10", 60 * 30, "FLAGGED", "TIME_IMPLAUSIBLE"),
        ("0", 30, "ACCEPTED", "ENERGY_ZERO"),
        ("10", -30, "REJECTED", "TIME_REVERSED"),
    ],
)
async def test_energies_and_times_as_real_files_have_them_are_judged(
    roaming: Roaming, kwh: str, minutes: int, verdict: str, code: str
) -> None:
    place = await a_place(roaming)
    session_id = await a_session(roaming, place, kwh=kwh, minutes=minutes, minutes_ago=60 * 31 if minutes > 60 else 60)
    sent = await a_cdr(roaming, session_id)
    steps.taken(sent, "CDR")
    found = await steps.verdict_of(roaming, sent["sent"]["id"])
    assert (found["verdict"], code in found["finding_codes"]) == (verdict, True), found


async def test_two_cdrs_for_one_connector_at_one_time_flag_the_second(roaming: Roaming) -> None:
    place = await a_place(roaming)
    verdicts = []
    for minutes_ago in (60, 50):
        session_id = await a_session(roaming, place, minutes_ago=minutes_ago)
        sent = await a_cdr(roaming, session_id)
        steps.taken(sent, "CDR")
        verdicts.append(await steps.verdict_of(roaming, sent["sent"]["id"]))
    assert "CONNECTOR_OVERLAP" not in verdicts[0]["finding_codes"]
    assert "CONNECTOR_OVERLAP" in verdicts[1]["finding_codes"]
    assert verdicts[1]["verdict"] == "FLAGGED"


async def test_a_number_beyond_all_bounds_is_judged_and_not_lost(roaming: Roaming) -> None:
    session_id = await a_session(roaming, await a_place(roaming))
    body = json.dumps(await an_unsent_cdr(roaming, session_id) | {"id": f"BIG-{session_id}"}).replace(
        '"total_energy": 10', '"total_energy": 1e40'
    )
    reply = await roaming.cso.act("/send", module="cdrs", method="POST", raw=body)
    if reply["status_code"] != 1000:
        assert "total_energy" in refused(reply, 2001)
        return
    found = await steps.verdict_of(roaming, f"BIG-{session_id}")
    assert (found["verdict"], "NUMBER_OUT_OF_RANGE" in found["finding_codes"]) == ("REJECTED", True), found
