"""Statuses of EVSEs by themselves, over a real PostgreSQL: kept, read, told and delivered without their location."""

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import text

from services.gateway.deliveries.rendering import ObjectRenderer
from services.gateway.deliveries.settlement import Leased
from services.gateway.ocpi.versions import V2_2_1
from tests.integration.gateway.bench import CSP, Bench, change, ocpi, patch, put, routed
from tests.unit.gateway import samples
from tests.unit.gateway import samples_2_3_0 as newer

PLACE = "locations/FR/SUN/LOC1"
RECEIVER = "UPDATE gateway.connections SET endpoints = CAST(:endpoints AS jsonb) WHERE platform = 'csp'"
LATEST = "2026-03-01T12:00:00Z"


@pytest.fixture
def url(url: str) -> str:
    change(url, RECEIVER, endpoints='[{"identifier": "locations", "role": "RECEIVER"}]')
    return url


@pytest.fixture
async def bench(bench: Bench) -> Bench:
    both = samples.location(evses=[samples.evse(), samples.evse(uid="E2")])
    assert ocpi(await put(bench, PLACE, both))[0] == 201
    return bench


async def charge(bench: Bench, uid: str = "e1", status: str = "CHARGING", date: str = samples.LATER) -> Any:
    return ocpi(await patch(bench, f"{PLACE}/{uid}", {"status": status, "last_updated": date}))


async def held(bench: Bench, path: str = "/sender/locations/LOC1", client: str = "csp", **headers: str) -> Any:
    return json.loads((await bench.clients[client].get(path, headers=headers)).content)["data"]


def statuses(location: Any) -> list[str]:
    return [each["status"] for each in location["evses"]]


async def test_it_is_read_everywhere_and_the_location_is_not_published_anew(bench: Bench) -> None:
    assert (await charge(bench))[:2] == (200, 1000)
    for path, client in ((f"/receiver/{PLACE}", "cso"), ("/sender/locations/LOC1", "csp")):
        location = await held(bench, path, client)
        assert statuses(location) == ["CHARGING", "AVAILABLE"]
        assert location["last_updated"] == location["evses"][0]["last_updated"] == samples.LATER
    assert (await held(bench, "/sender/locations/LOC1/E1"))["status"] == "CHARGING"
    since = await held(bench, f"/sender/locations?date_from={samples.LATER}")
    assert [statuses(each) for each in since] == [["CHARGING", "AVAILABLE"]]
    assert await held(bench, f"/sender/locations?date_to={samples.LATER}") == []
    assert len(await bench.events("location.published")) == 1
    told = [(e.evse_uid, e.status, e.version, e.evse_id) for e in await bench.events("evse.status.changed")]
    assert told == [
        ("E1", "AVAILABLE", 1, "FR*SUN*E1"),
        ("E2", "AVAILABLE", 1, "FR*SUN*E1"),
        ("E1", "CHARGING", 2, "FR*SUN*E1"),
    ]


async def test_what_is_older_is_refused_and_the_same_is_no_news(bench: Bench) -> None:
    await charge(bench)
    status, code, message = await charge(bench, status="BLOCKED", date=samples.NOW)
    assert (status, code) == (200, 2001)
    assert "last_updated" in message
    assert (await charge(bench, date=samples.BEFORE))[:2] == (200, 1000)
    assert (await charge(bench, date=LATEST))[:2] == (200, 1000)
    assert (await charge(bench, status="BLOCKED", date="2026-03-01T11:30:00Z"))[1] == 2001
    assert len(await bench.events("evse.status.changed")) == 3


async def test_a_change_of_the_location_keeps_it_and_an_older_location_is_refused(bench: Bench) -> None:
    await charge(bench)
    stale = samples.location(name="older", last_updated="2026-03-01T10:30:00Z")
    assert ocpi(await put(bench, PLACE, stale))[1] == 2001
    assert ocpi(await patch(bench, PLACE, {"name": "Nord", "last_updated": LATEST}))[1] == 1000
    assert statuses(await held(bench)) == ["CHARGING", "AVAILABLE"]
    published = (await bench.events("location.published"))[-1]
    assert [each.status for each in published.evses] == ["CHARGING", "AVAILABLE"]
    assert statuses(json.loads(published.document)) == ["CHARGING", "AVAILABLE"]
    rows = await bench.rows("SELECT evse_key, version, ahead FROM gateway.evse_states ORDER BY evse_key")
    assert [tuple(row.values()) for row in rows] == [("e1", 2, False), ("e2", 1, False)]


async def test_what_comes_with_the_location_is_told_too_and_what_is_left_out_is_forgotten(bench: Bench) -> None:
    await charge(bench)
    only = samples.location(evses=[samples.evse(status="OUTOFORDER", last_updated=LATEST)], last_updated=LATEST)
    assert ocpi(await put(bench, PLACE, only))[1] == 1000
    told = [(e.evse_uid, e.status, e.version) for e in await bench.events("evse.status.changed")][3:]
    assert told == [("E1", "OUTOFORDER", 3)]
    assert (await charge(bench, uid="E2", date=LATEST))[:2] == (404, 2000)


async def test_an_evse_of_before_its_state_was_kept_is_known_all_the_same(bench: Bench) -> None:
    async with bench.engine.begin() as connection:
        await connection.exec_driver_sql("TRUNCATE gateway.evse_states")
    assert (await charge(bench))[:2] == (200, 1000)
    assert statuses(await held(bench)) == ["CHARGING", "AVAILABLE"]
    assert (await charge(bench, status="BLOCKED", date=LATEST))[1] == 1000
    assert len(await bench.events("location.published")) == 2


async def test_a_partners_own_copy_has_states_of_its_own(bench: Bench) -> None:
    own = {"status": "BLOCKED", "last_updated": samples.LATER}
    answer = await bench.clients["cso"].patch(f"/receiver/{PLACE}/E1", json=own, headers=routed(CSP))
    assert ocpi(answer)[1] == 1000
    await charge(bench)
    assert statuses(await held(bench)) == ["BLOCKED", "AVAILABLE"]
    assert statuses(await held(bench, f"/receiver/{PLACE}", "cso")) == ["CHARGING", "AVAILABLE"]
    again = {"status": "RESERVED", "last_updated": LATEST}
    await bench.clients["cso"].patch(f"/receiver/{PLACE}/E1", json=again, headers=routed(CSP))
    assert statuses(await held(bench)) == ["RESERVED", "AVAILABLE"]
    (row,) = await bench.rows("SELECT * FROM gateway.deliveries WHERE module = 'evses'")
    assert await _rendered(bench, row) == ("PATCH", "FR/SUN/LOC1/E1", again)


async def test_it_goes_out_by_itself_and_behind_its_location(bench: Bench) -> None:
    await charge(bench)
    (row,) = await bench.rows("SELECT * FROM gateway.deliveries WHERE module = 'evses'")
    assert (row["partner"], row["object_id"], row["after_object_id"]) == (CSP, "LOC1/E1", "LOC1")
    change = {"status": "CHARGING", "last_updated": samples.LATER}
    assert await _rendered(bench, row) == ("PATCH", "FR/SUN/LOC1/E1", change)
    (whole,) = await bench.rows("SELECT * FROM gateway.deliveries WHERE module = 'locations'")
    method, path, body = await _rendered(bench, whole)
    assert (method, path, statuses(body)) == ("PUT", "FR/SUN/LOC1", ["CHARGING", "AVAILABLE"])


async def test_a_status_of_what_a_version_cannot_show_is_not_for_who_speaks_it(bench: Bench) -> None:
    megawatt = newer.evse(uid="E2", connectors=[samples.connector(standard="MCS")])
    both = newer.location(evses=[newer.evse(), megawatt], last_updated=samples.LATER)
    path = f"https://gateway/ocpi/2.3.0/receiver/{PLACE}"
    assert ocpi(await bench.clients["cso"].put(path, content=samples.as_body(both)))[1] == 1000
    assert [each["uid"] for each in (await held(bench))["evses"]] == ["E1"]
    gone = await bench.clients["csp"].get("/sender/locations/LOC1/E2")
    assert ocpi(gone)[:2] == (404, 2003)
    for uid in ("E1", "E2"):
        assert (await charge(bench, uid=uid, date=LATEST))[1] == 1000
    queued = "SELECT object_id FROM gateway.deliveries WHERE module = 'evses' ORDER BY object_id"
    assert [row["object_id"] for row in await bench.rows(queued)] == ["LOC1/E1"]
    speaks = "UPDATE gateway.connections SET protocol = :protocol WHERE platform = 'csp'"
    async with bench.engine.begin() as connection:
        await connection.execute(text(speaks), {"protocol": "OCPI-2.3.0"})
    await charge(bench, uid="E2", status="BLOCKED", date="2026-03-01T13:00:00Z")
    async with bench.engine.begin() as connection:
        await connection.execute(text(speaks), {"protocol": "OCPI-2.2.1"})
    assert [row["object_id"] for row in await bench.rows(queued)] == ["LOC1/E1", "LOC1/E2"]


async def test_nothing_is_queued_for_who_has_no_receiver(bench: Bench) -> None:
    async with bench.engine.begin() as connection:
        await connection.execute(text(RECEIVER), {"endpoints": "[]"})
    await charge(bench)
    async with bench.engine.begin() as connection:
        endpoints = '[{"identifier": "locations", "role": "RECEIVER"}]'
        await connection.execute(text(RECEIVER), {"endpoints": endpoints})
    assert await bench.rows("SELECT 1 FROM gateway.deliveries WHERE module = 'evses'") == []
    await charge(bench, status="BLOCKED", date=LATEST)
    assert len(await bench.rows("SELECT 1 FROM gateway.deliveries WHERE module = 'evses'")) == 1


async def test_statuses_and_changes_of_the_location_at_once_lose_nothing(bench: Bench) -> None:
    dates = [f"2026-03-01T11:{minute:02}:00Z" for minute in range(24)]
    pushes: list[Any] = [
        charge(bench, uid=("E1", "E2")[n % 2], status=("CHARGING", "AVAILABLE")[n // 2 % 2], date=date)
        for n, date in enumerate(dates)
    ]
    pushes += [ocpi_patch(bench, {"name": f"N{n}", "last_updated": date}) for n, date in enumerate(dates)]
    answers = await asyncio.gather(*pushes)
    assert {code for _, code, _ in answers} <= {1000, 2001}
    location = await held(bench)
    assert [(each["status"], each["last_updated"]) for each in location["evses"]] == [
        ("AVAILABLE", dates[22]),
        ("AVAILABLE", dates[23]),
    ]
    assert location["last_updated"] == dates[23]
    told = await bench.events("evse.status.changed")
    for uid in ("E1", "E2"):
        versions = [event.version for event in told if event.evse_uid == uid]
        assert versions == list(range(1, len(versions) + 1))


async def ocpi_patch(bench: Bench, change: dict[str, str]) -> Any:
    return ocpi(await patch(bench, PLACE, change))


async def _rendered(bench: Bench, row: Any) -> tuple[str, str, Any]:
    leased = Leased(**{name: row[name] for name in Leased.__dataclass_fields__})
    async with bench.engine.connect() as connection:
        (write,) = (await ObjectRenderer(bench.vault).read(connection, [leased])).values()
    rendered = write(V2_2_1)
    return rendered.method, rendered.path, json.loads(rendered.body or b"null")
