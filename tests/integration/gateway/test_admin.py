"""The gateway's admin API over a real PostgreSQL: what an operator sees and may do."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import insert, text

from services.core.clock import system_clock
from services.gateway.deliveries.queue import Delivery, enqueue
from services.gateway.object_store import MODULES
from services.gateway.refusals import RECEIVER, Reason, Refusal, add
from services.gateway.tables import connections
from services.runtime.work import Work
from tests.integration.gateway.connected import connection
from tests.integration.gateway.whole import SINCE, Gateway, agreed, invited, whole

CSO, CSP = "FR-SUN", "NL-CSP"


@pytest.fixture
async def gateway(database_url: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    async with whole(database_url, tmp_path) as here:
        await here.take("partner.registered", invited(CSO, "CSO", "token-a"), invited(CSP, "CSP", "token-a"))
        await here.context.transactions.run(_fill)
        yield here


@pytest.fixture
def admin(gateway: Gateway) -> httpx.AsyncClient:
    return gateway.operator()


async def test_connections_show_who_is_out_of_reach_and_no_secret(admin: httpx.AsyncClient) -> None:
    answer = await admin.get("/connections")
    cso, csp = answer.json()["connections"]
    assert (cso["party"], cso["registered"], cso["protocol"]) == (CSO, False, None)
    assert (csp["party"], csp["registered"], csp["protocol"]) == (CSP, True, "OCPI-2.2.1")
    assert "hash-of-token-c" not in answer.text
    assert "token" not in answer.text


async def test_an_operator_ends_a_registration(admin: httpx.AsyncClient, gateway: Gateway) -> None:
    assert (await admin.delete(f"/connections/{CSP}")).status_code == 204
    assert (await admin.delete(f"/connections/{CSP}")).status_code == 404
    assert await gateway.rows("SELECT 1 FROM gateway.connections") == []


async def test_the_queue_and_a_retry(admin: httpx.AsyncClient, gateway: Gateway) -> None:
    found = (await admin.get("/deliveries", params={"partner": "nl-csp", "state": "PARKED"})).json()
    (parked,) = found["deliveries"]
    assert (parked["object_id"], parked["last_error"]) == ("CDR1", "no")
    assert [(each["state"], each["deliveries"]) for each in found["totals"]] == [("PARKED", 1), ("WAITING", 1)]
    path = f"/deliveries/{parked['delivery_id']}/retry"
    assert (await admin.post(path)).status_code == 200
    assert (await admin.get("/deliveries", params={"state": "PARKED"})).json()["deliveries"] == []
    async with gateway.context.engine.begin() as connection:
        later = "UPDATE gateway.deliveries SET lease = gen_random_uuid(), due_at = :then"
        await connection.execute(text(later), {"then": system_clock() + timedelta(hours=1)})
    assert (await admin.post(path)).status_code == 409
    assert (await admin.post(f"/deliveries/{uuid4()}/retry")).status_code == 404
    assert (await admin.post("/deliveries/none/retry")).status_code == 422


async def test_deliveries_say_why_they_wait(admin: httpx.AsyncClient, gateway: Gateway) -> None:
    async with gateway.context.engine.begin() as connection:
        values = {"then": system_clock() + timedelta(hours=3)}
        sql = "INSERT INTO gateway.breakers VALUES ('NL-CSP', 5, :then, 'no connection', :then)"
        await connection.execute(text(sql), values)
    found = (await admin.get("/deliveries", params={"module": "locations"})).json()
    assert [each["why"] for each in found["deliveries"]] == ["NL-CSP does not answer; next probe in 3 h"]
    assert [(each["deliveries"], each["partner_error"]) for each in found["totals"]] == [(1, "no connection")]


async def test_all_of_a_partner_is_retried(admin: httpx.AsyncClient) -> None:
    assert (await admin.post("/deliveries/retry", json={"partner": CSP, "module": "cdrs"})).json() == {"retried": 1}
    assert (await admin.get("/deliveries", params={"state": "PARKED"})).json()["deliveries"] == []
    assert (await admin.post("/deliveries/retry", json={"partner": CSP})).json() == {"retried": 2}


async def test_what_is_given_up_is_told_to_its_sender_and_as_an_event(
    admin: httpx.AsyncClient, gateway: Gateway
) -> None:
    (parked,) = (await admin.get("/deliveries", params={"state": "PARKED"})).json()["deliveries"]
    assert (await admin.post(f"/deliveries/{parked['delivery_id'][:8]}/give-up")).status_code == 200
    given_up = await admin.post("/deliveries/give-up", json={"partner": CSP, "module": "locations"})
    assert given_up.json() == {"given_up": 1, "more": False}
    assert (await admin.get("/deliveries")).json() == {"deliveries": [], "totals": []}
    lines = (await admin.get(f"/reports/{CSO}")).json()["refusals"][1:]
    assert [(each["object_id"], each["verdict"]) for each in lines] == [("CDR1", "GIVEN_UP"), ("LOC1", "GIVEN_UP")]
    assert "operator" in lines[0]["reasons"][0]["detail"]
    events = await gateway.rows("SELECT value FROM gateway.outbox WHERE topic = 'delivery.completed' ORDER BY sequence")
    decoded: list[Any] = [gateway.context.codec.decode("delivery.completed", each["value"]) for each in events]
    assert [(each.object_id, each.outcome) for each in decoded] == [("CDR1", "GIVEN_UP"), ("LOC1", "GIVEN_UP")]


async def test_what_is_being_sent_is_not_given_up(admin: httpx.AsyncClient, gateway: Gateway) -> None:
    until = {"until": system_clock() + timedelta(hours=1)}
    async with gateway.context.engine.begin() as connection:
        sql = "UPDATE gateway.deliveries SET lease = gen_random_uuid(), due_at = :until WHERE module = 'cdrs'"
        await connection.execute(text(sql), until)
    (leased,) = (await admin.get("/deliveries", params={"module": "cdrs"})).json()["deliveries"]
    assert (await admin.post(f"/deliveries/{leased['delivery_id']}/give-up")).status_code == 409
    given_up = await admin.post("/deliveries/give-up", json={"partner": CSP, "module": "cdrs"})
    assert given_up.json()["given_up"] == 0


async def test_whatever_a_partner_may_see_is_delivered_again(admin: httpx.AsyncClient, gateway: Gateway) -> None:
    assert (await admin.post("/deliveries/resync", json={"partner": CSP})).status_code == 404
    await gateway.take("agreement.concluded", agreed(CSO, CSP))
    begun = (await admin.post("/deliveries/resync", json={"partner": CSP})).json()["begun"]
    assert begun == [{"owner": CSO, "module": module} for module in ("locations", "sessions", "tariffs")]
    only = (await admin.post("/deliveries/resync", json={"partner": CSO, "module": "tokens"})).json()["begun"]
    assert only == [{"owner": CSP, "module": "tokens"}]
    open_ones = await gateway.rows("SELECT owner, module FROM gateway.snapshots WHERE starts_at <= now()")
    assert len(open_ones) == 4


@pytest.mark.ocpi_rule(28)
async def test_how_modules_are_delivered_is_a_matter_of_each_agreement(
    admin: httpx.AsyncClient, gateway: Gateway
) -> None:
    path = f"/deliveries/modes/{CSO}/{CSP}"
    stored = dict.fromkeys(MODULES, "STORED")
    assert (await admin.get(path)).json()["modes"] == stored
    changed = await admin.patch(path, json={"locations": "NONE", "tokens": "NONE", "sessions": "ONCE"})
    assert changed.json()["modes"] == stored | {"locations": "NONE", "tokens": "NONE", "sessions": "ONCE"}
    news = [Delivery(CSP, "locations", CSO, "LOC2", 1), Delivery(CSO, "tokens", CSP, "pseudonym", 1)]
    news += [Delivery(CSP, "sessions", CSO, "S1", 1), Delivery("DE-OTH", "locations", CSO, "LOC2", 1)]
    await gateway.context.transactions.run(lambda work: enqueue(work, news))
    rows = await gateway.rows("SELECT partner, module, kept FROM gateway.deliveries ORDER BY partner, module")
    assert [tuple(row.values()) for row in rows] == [
        ("DE-OTH", "locations", True),
        (CSP, "cdrs", True),
        (CSP, "sessions", False),
    ]
    assert (await admin.patch(path, json={"locations": None, "sessions": "STORED"})).json()["modes"] == stored | {
        "tokens": "NONE"
    }
    assert [row["module"] for row in await gateway.rows("SELECT module FROM gateway.snapshots")] == ["locations"]


@pytest.mark.parametrize("change", [{"bookings": "NONE"}, {"cdrs": "SOMETIMES"}, []])
async def test_modes_that_are_not_understood(admin: httpx.AsyncClient, change: Any) -> None:
    assert (await admin.patch(f"/deliveries/modes/{CSO}/{CSP}", json=change)).status_code == 422


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("retry", {}),
        ("retry", {"partner": "x"}),
        ("give-up", {"partner": CSP}),
        ("give-up", {"partner": CSP, "module": "bookings"}),
        ("resync", {"partner": CSP, "module": "cdrs"}),
    ],
)
async def test_acts_that_are_not_understood(admin: httpx.AsyncClient, path: str, body: dict[str, str]) -> None:
    assert (await admin.post(f"/deliveries/{path}", json=body)).status_code == 422


@pytest.mark.parametrize(
    "query", [{"partner": "x"}, {"state": "GONE"}, {"limit": "0"}, {"limit": "9999"}, {"module": "x"}]
)
async def test_questions_that_cannot_be_answered(admin: httpx.AsyncClient, query: dict[str, str]) -> None:
    assert (await admin.get("/deliveries", params=query)).status_code == 422


async def test_a_partys_report(admin: httpx.AsyncClient) -> None:
    found = (await admin.get(f"/reports/{CSO}")).json()
    assert (found["total"], found["refusals"][0]["verdict"]) == (1, "REFUSED")
    assert (await admin.get(f"/reports/{CSP}")).json()["total"] == 0
    assert (await admin.get(f"/reports/{CSO}", params={"offset": "-1"})).status_code == 422


async def _fill(work: Work) -> None:
    modules = ("locations", "sessions", "cdrs")
    endpoints = [{"identifier": each, "role": "RECEIVER", "url": "https://p/x"} for each in modules]
    row = connection(CSP, "https://csp.example", endpoints, token_hash="hash-of-token-c")
    await work.connection.execute(insert(connections).values(row))
    await enqueue(work, [Delivery(CSP, "cdrs", CSO, "CDR1", 1), Delivery(CSP, "locations", CSO, "LOC1", 1)])
    park = "UPDATE gateway.deliveries SET state = 'PARKED', last_error = 'no' WHERE object_id = 'CDR1'"
    await work.connection.execute(text(park))
    reasons = (Reason("OCPI_2001", "REJECT", "no"),)
    await add(work, [Refusal(uuid4(), CSO, "cdrs", "CDR1", CSP, RECEIVER, "REFUSED", reasons, 1, SINCE)])
