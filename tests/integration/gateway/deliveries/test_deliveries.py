"""What partners get, over a real PostgreSQL and real HTTPS servers that hang, refuse, answer rubbish and come back."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import text

from services.gateway.deliveries.courier import Courier
from services.gateway.deliveries.dispatcher import Dispatcher
from services.gateway.deliveries.operating import retry
from tests.integration.gateway.delivering import (
    BUSY,
    GOOD,
    HANGING,
    OWNER,
    REFUSING,
    TALKING,
    TOKEN,
    Delivering,
    delivering,
    running,
    until_empty,
)
from tests.integration.gateway.partners import SUCCESS, Partner, Sent, refuse, rubbish, succeed, unavailable
from tests.support.waiting import eventually


async def test_a_partner_out_of_order_costs_nobody_else_anything(
    gateway: Delivering, partners: Mapping[str, Partner]
) -> None:
    partners[HANGING].answer, partners[REFUSING].answer = None, refuse
    partners[TALKING].answer, partners[BUSY].answer = rubbish, unavailable
    ids = [f"LOC{number}" for number in range(20)]
    for object_id in ids:
        await gateway.publish(object_id, tuple(partners))
    async with running(gateway.dispatcher):
        await until_empty(gateway, GOOD)
        await eventually(lambda: _is_parked(gateway, REFUSING, len(ids)), timeout_seconds=30, what="the refused ones")
        # All that time the first requests to the one that hangs were under way; none has come to its end.
        assert {row["tries"] for row in await gateway.queued(HANGING)} == {0}
        assert 0 < len(partners[HANGING].sent) <= gateway.settings.deliveries.max_concurrent_requests
        for name in (HANGING, TALKING, BUSY):
            partners[name].answer = succeed
            partners[name].released.set()
            await until_empty(gateway, name)
            assert partners[name].paths == set(_urls(ids))
    assert sorted(sent.path for sent in partners[GOOD].sent) == sorted(_urls(ids))
    outcomes = {event.object_id: event.outcome for event in await gateway.completed(BUSY)}
    assert outcomes == dict.fromkeys(ids, "DELIVERED")


@pytest.mark.ocpi_rule(14)
async def test_a_request_has_the_headers_of_its_hop(gateway: Delivering, partners: Mapping[str, Partner]) -> None:
    await gateway.post_cdr("CDR1", GOOD, b'{"id":"CDR1"}')
    async with running(gateway.dispatcher):
        await until_empty(gateway, GOOD)
    (sent,) = partners[GOOD].sent
    assert (sent.method, sent.path, sent.body) == ("POST", "/cdrs", b'{"id":"CDR1"}')
    assert sent.headers["authorization"] == "Token dG9rZW4tYg=="
    assert TOKEN not in sent.headers.values()
    assert sent.headers["x-correlation-id"] == "conversation"
    assert sent.headers["x-request-id"] not in {"", "conversation"}
    routing = [sent.headers[f"ocpi-{half}"] for half in ("from-country-code", "from-party-id")]
    assert routing == ["FR", "SUN"]
    assert (sent.headers["ocpi-to-country-code"], sent.headers["ocpi-to-party-id"]) == ("NL", "AAA")


@pytest.mark.ocpi_rule(28)
async def test_of_a_state_only_the_newest_is_sent(gateway: Delivering, partners: Mapping[str, Partner]) -> None:
    for version, content in enumerate(("first", "second", "third"), start=1):
        await gateway.publish("LOC1", [GOOD], version, content)
    async with running(gateway.dispatcher):
        await until_empty(gateway, GOOD)
    assert [sent.document["name"] for sent in partners[GOOD].sent] == ["third"]
    (event,) = await gateway.completed(GOOD)
    assert (event.object_version, event.tries, event.outcome) == (3, 1, "DELIVERED")


async def test_a_state_that_comes_while_an_older_one_is_sent_goes_out_after_it(
    gateway: Delivering, partners: Mapping[str, Partner]
) -> None:
    partners[GOOD].answer = None
    await gateway.publish("LOC1", [GOOD], 1, "first")
    async with running(gateway.dispatcher):
        await eventually(lambda: len(partners[GOOD].sent) == 1)
        await gateway.publish("LOC1", [GOOD], 2, "second")
        partners[GOOD].answer = succeed
        partners[GOOD].released.set()
        await until_empty(gateway, GOOD)
    assert [sent.document["name"] for sent in partners[GOOD].sent] == ["first", "second"]


async def test_a_cdr_is_the_same_bytes_each_time_and_its_address_is_kept(
    gateway: Delivering, partners: Mapping[str, Partner]
) -> None:
    body = b'{ "id":"CDR1",\n "total_energy": 1.10, "unknown": {"a":1e2} }'
    answers = iter((unavailable, rubbish))

    def in_turn(sent: Sent) -> web.Response:
        answered = next(answers, None)
        if answered is not None:
            return answered(sent)
        return web.json_response(SUCCESS, headers={"Location": "https://csp.example/cdrs/7"})

    partners[GOOD].answer = in_turn
    await gateway.post_cdr("CDR1", GOOD, body)
    async with running(gateway.dispatcher):
        await until_empty(gateway, GOOD)
    assert [sent.body for sent in partners[GOOD].sent] == [body] * 3
    assert len({sent.headers["x-request-id"] for sent in partners[GOOD].sent}) == 3
    (address,) = await gateway.rows("SELECT * FROM gateway.cdr_addresses")
    assert dict(address) == {"partner": GOOD, "owner": OWNER, "cdr_id": "CDR1", "url": "https://csp.example/cdrs/7"}


async def test_a_credit_cdr_never_overtakes_its_cdr(gateway: Delivering, partners: Mapping[str, Partner]) -> None:
    def late(sent: Sent) -> web.Response:
        return refuse(sent) if sent.document["id"] == "CDR1" else succeed(sent)

    partners[GOOD].answer = late
    await gateway.post_cdr("CDR1-C", GOOD, b'{"id":"CDR1-C"}', credits="cdr1")
    await gateway.post_cdr("CDR1", GOOD, b'{"id":"CDR1"}')
    await gateway.post_cdr("CDR2", GOOD, b'{"id":"CDR2"}')
    async with running(gateway.dispatcher):
        await eventually(lambda: len(partners[GOOD].sent) == 2)
        await eventually(lambda: _is_parked(gateway, GOOD, 1))
        assert {sent.document["id"] for sent in partners[GOOD].sent} == {"CDR1", "CDR2"}
        partners[GOOD].answer = succeed
        await _retry(gateway)
        await until_empty(gateway, GOOD)
    assert [sent.document["id"] for sent in partners[GOOD].sent[-2:]] == ["CDR1", "CDR1-C"]


@pytest.mark.ocpi_rule(28)
async def test_a_refusal_parks_one_row_and_reaches_its_sender(
    gateway: Delivering, partners: Mapping[str, Partner]
) -> None:
    def choosy(sent: Sent) -> web.Response:
        return refuse(sent) if sent.document["id"] == "CDR2" else succeed(sent)

    partners[GOOD].answer = choosy
    for name in ("CDR1", "CDR2", "CDR3"):
        await gateway.post_cdr(name, GOOD, f'{{"id":"{name}"}}'.encode())
    async with running(gateway.dispatcher):
        await eventually(lambda: len(partners[GOOD].sent) == 3)
        await eventually(lambda: _is_parked(gateway, GOOD, 1))
        (row,) = await gateway.queued(GOOD)
        assert (row["object_id"], row["http_status"], row["ocpi_status"]) == ("CDR2", 200, 2001)
        assert row["last_error"] == "HTTP 200, OCPI 2001 (invalid or missing parameters)"
        (line,) = await gateway.rows("SELECT * FROM gateway.refusals")
        assert (line["party"], line["counterpart"], line["object_id"]) == (OWNER, GOOD, "CDR2")
        assert (line["source"], line["verdict"]) == ("RECEIVER", "REFUSED")
        assert line["reasons"][0]["code"] == "OCPI_2001"
        partners[GOOD].answer = succeed
        await _retry(gateway)
        await until_empty(gateway, GOOD)
    outcomes = [(event.object_id, event.outcome) for event in await gateway.completed(GOOD)]
    assert sorted(outcomes) == [
        ("CDR1", "DELIVERED"),
        ("CDR2", "DELIVERED"),
        ("CDR2", "REFUSED"),
        ("CDR3", "DELIVERED"),
    ]
    assert len({event.event_id for event in await gateway.completed(GOOD)}) == 4


async def test_a_replica_that_stops_gives_back_what_it_was_sending(
    gateway: Delivering, partners: Mapping[str, Partner]
) -> None:
    partners[GOOD].answer = None
    await gateway.publish("LOC1", [GOOD])
    async with running(gateway.dispatcher):
        await eventually(lambda: len(partners[GOOD].sent) == 1)
    (row,) = await gateway.queued(GOOD)
    assert (row["state"], row["lease"], row["tries"]) == ("WAITING", None, 0)


async def test_what_a_dead_replica_had_leased_goes_out_when_its_lease_ends(
    gateway: Delivering, partners: Mapping[str, Partner]
) -> None:
    await gateway.publish("LOC1", [GOOD])
    async with gateway.engine.begin() as connection:
        lease = "UPDATE gateway.deliveries SET lease = gen_random_uuid(), due_at = now() + interval '0.5 seconds'"
        await connection.execute(text(lease))
    async with running(gateway.dispatcher):
        await until_empty(gateway, GOOD)
    assert len(partners[GOOD].sent) == 1


async def test_replicas_share_the_queue(
    gateway: Delivering, database_url: str, tmp_path: Path, partners: Mapping[str, Partner]
) -> None:
    ids = [f"LOC{number}" for number in range(60)]
    for object_id in ids:
        await gateway.publish(object_id, [GOOD])
    async with (
        delivering(database_url, tmp_path, partners, fresh=False) as other,
        running(gateway.dispatcher),
        running(other.dispatcher),
    ):
        await until_empty(gateway, GOOD)
    assert sorted(sent.path for sent in partners[GOOD].sent) == sorted(_urls(ids))
    assert len(await gateway.completed(GOOD)) == len(ids)


async def test_what_this_replica_queued_goes_out_at_once(gateway: Delivering, partners: Mapping[str, Partner]) -> None:
    parts = gateway.dispatcher.parts
    seldom = parts.settings.model_copy(update={"poll_milliseconds": 600_000})
    dispatcher = Dispatcher(gateway.engine, replace(parts, settings=seldom))
    async with running(dispatcher):
        for object_id in ("LOC1", "LOC2"):
            await gateway.publish(object_id, [GOOD])
            dispatcher.wake()
            await until_empty(gateway, GOOD)
    assert [sent.path for sent in partners[GOOD].sent] == _urls(["LOC1", "LOC2"])


async def test_what_a_partner_has_no_endpoint_for_is_left_to_be_pulled(
    gateway: Delivering, partners: Mapping[str, Partner]
) -> None:
    await gateway.publish("LOC1", [GOOD])
    async with gateway.engine.begin() as connection:
        await connection.execute(text("UPDATE gateway.connections SET endpoints = '[]'"))
    # What waits when the endpoint goes is given up, and nothing more is queued.
    await gateway.publish("LOC2", [GOOD])
    assert [row["object_id"] for row in await gateway.queued(GOOD)] == ["LOC1"]
    async with running(gateway.dispatcher):
        await until_empty(gateway, GOOD)
    (event,) = await gateway.completed(GOOD)
    assert (event.outcome, event.tries) == ("GIVEN_UP", 0)
    assert partners[GOOD].sent == []
    assert await gateway.rows("SELECT 1 FROM gateway.refusals") == []


async def test_an_unknown_certificate_is_never_talked_to(
    gateway: Delivering, tmp_path: Path, partners: Mapping[str, Partner]
) -> None:
    (tmp_path / f"{GOOD}.pem").write_bytes(partners[BUSY].ca_file.read_bytes())
    await gateway.publish("LOC1", [GOOD])

    async def failed() -> bool:
        return [row["last_error"] for row in await gateway.queued(GOOD)] != [None]

    async with running(gateway.dispatcher):
        await eventually(failed)
    (row,) = await gateway.queued(GOOD)
    assert "certificate was not accepted" in row["last_error"]
    assert partners[GOOD].sent == []


async def test_nothing_goes_to_a_suspended_partner_also_while_it_is_being_served(
    gateway: Delivering, partners: Mapping[str, Partner]
) -> None:
    suspend = "UPDATE gateway.peers SET status = 'SUSPENDED' WHERE party = :party"
    courier = Courier(GOOD, gateway.dispatcher.parts, gateway.dispatcher.turns)
    await gateway.publish("LOC1", [GOOD])
    async with gateway.engine.begin() as connection:
        await connection.execute(text(suspend), {"party": GOOD})
    turns = asyncio.create_task(gateway.dispatcher.turns.run())
    async with asyncio.timeout(10):
        await courier.serve()
    turns.cancel()
    (row,) = await gateway.queued(GOOD)
    assert (row["state"], row["lease"], row["tries"]) == ("WAITING", None, 0)
    assert partners[GOOD].sent == []


def _urls(ids: list[str]) -> list[str]:
    return [f"/locations/FR/SUN/{each}" for each in ids]


async def _is_parked(gateway: Delivering, partner: str, rows: int) -> bool:
    return [row["state"] for row in await gateway.queued(partner)].count("PARKED") == rows


async def _retry(gateway: Delivering) -> None:
    (row,) = await gateway.rows("SELECT delivery_id FROM gateway.deliveries WHERE state = 'PARKED'")
    await gateway.transactions.run(lambda work: retry(work, row["delivery_id"]))
