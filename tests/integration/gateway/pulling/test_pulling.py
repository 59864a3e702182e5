"""Lists of partners, pulled over a real PostgreSQL from real HTTPS servers that lose their place, lie and hang."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from aiohttp import web

from services.core.clock import format_utc, system_clock
from tests.integration.gateway.partners import Partner, Sent, rubbish, unavailable
from tests.integration.gateway.pulling.lists import (
    CSO,
    CSP,
    OTHER,
    THIRD,
    Document,
    Shelf,
    again,
    agree,
    another_replica,
    held,
    locations,
    page_of,
    plan,
    pulling,
    registered,
    serve,
    state,
    walked,
)
from tests.integration.gateway.whole import Gateway
from tests.support.waiting import eventually
from tests.unit.gateway.samples import LATER, location, tariff, token


def of_party(party: str, documents: list[Document]) -> list[Document]:
    country, _, party_id = party.partition("-")
    return [each | {"country_code": country, "party_id": party_id} for each in documents]


@pytest.mark.ocpi_rule(28)
async def test_a_partner_that_registers_late_is_brought_in_line_while_another_hangs(
    gateway: Gateway, partners: Mapping[str, Partner], tmp_path: Path
) -> None:
    shelf = Shelf(locations(2_000))
    serve(partners[CSO], locations=shelf)
    partners[OTHER].answer = None
    await registered(gateway, tmp_path, CSO, "CSO", partners[CSO], "locations")
    await registered(gateway, tmp_path, OTHER, "CSO", partners[OTHER], "locations", "tariffs")
    await agree(gateway, CSO, CSP)
    async with pulling(gateway):
        row = await walked(gateway, CSO, "locations")
    assert await held(gateway, "locations") == {each["id"] for each in shelf.objects}
    assert (row["last_walk"]["new"], row["last_walk"]["total"], row["failures"]) == (2_000, 2_000, 0)
    # What is pulled is published and delivered like what is pushed.
    (queued,) = await gateway.rows("SELECT count(*), min(partner) AS partner FROM gateway.deliveries")
    assert (queued["count"], queued["partner"]) == (2_000, CSP)
    sent = partners[CSO].sent
    assert len({each.headers["x-correlation-id"] for each in sent}) == 1
    assert len({each.headers["x-request-id"] for each in sent}) == len(sent) == 20
    assert {each.headers["authorization"] for each in sent} == {"Token dG9rZW4tYg=="}
    assert {(each.headers["ocpi-to-party-id"], each.headers["ocpi-from-party-id"]) for each in sent} == {("SUN", "RWT")}
    # Of the one that hangs one list is asked for at a time.
    assert len(partners[OTHER].sent) == 1


async def test_an_object_that_comes_by_push_and_by_pull_is_one(
    gateway: Gateway, partners: Mapping[str, Partner], tmp_path: Path
) -> None:
    shelf = Shelf(locations(50))
    serve(partners[CSO], locations=shelf)
    await registered(gateway, tmp_path, CSO, "CSO", partners[CSO], "locations")
    async with pulling(gateway):
        await walked(gateway, CSO, "locations")
        shelf.objects[7] = shelf.objects[7] | {"name": "Changed", "last_updated": LATER}
        row = await again(gateway, CSO, "locations", full=True)
    counts = {name: row["last_walk"][name] for name in ("new", "changed", "same")}
    assert counts == {"new": 0, "changed": 1, "same": 49}
    versions = await gateway.rows("SELECT version, count(*) FROM gateway.locations GROUP BY version ORDER BY version")
    assert [(each["version"], each["count"]) for each in versions] == [(1, 49), (2, 1)]
    (events,) = await gateway.rows("SELECT count(*) FROM gateway.outbox WHERE topic = 'location.published'")
    assert events["count"] == 51


async def test_a_walk_goes_on_where_an_outage_or_a_restart_left_it(
    gateway: Gateway, partners: Mapping[str, Partner], tmp_path: Path
) -> None:
    shelf = Shelf(locations(1_000))
    down = asyncio.Event()

    def before(number: int, sent: Sent) -> web.Response | None:
        if number == 6:
            down.set()
        return unavailable(sent) if down.is_set() else None

    shelf.before = before
    serve(partners[CSO], locations=shelf)
    await registered(gateway, tmp_path, CSO, "CSO", partners[CSO], "locations")
    async with pulling(gateway):

        async def is_failing() -> bool:
            return bool((await state(gateway, CSO, "locations"))["failures"] > 1)

        await eventually(is_failing, what="the outage to be noticed")
    row = await state(gateway, CSO, "locations")
    assert (row["lease"], row["walk"]["pages"], row["full_completed_at"]) == (None, 5, None)
    assert "503" in row["last_error"]
    down.clear()
    shelf.before = lambda _number, _sent: None
    asked = len(shelf.asked)
    async with pulling(gateway):
        row = await walked(gateway, CSO, "locations")
    assert [each["offset"] for each in shelf.asked[asked:]] == [str(offset) for offset in range(500, 1_000, 100)]
    assert (len(await held(gateway, "locations")), row["last_walk"]["objects"]) == (1_000, 1_000)
    assert (row["failures"], row["last_error"]) == (0, None)


async def test_lists_that_are_not_as_ocpi_has_them(
    gateway: Gateway, partners: Mapping[str, Partner], tmp_path: Path
) -> None:
    """One has neither Link nor total, one repeats its pages for ever, one leads to another host."""
    bare = Shelf(locations(230), cap=70, link=False, total=False)
    serve(partners[CSO], locations=bare)
    circle = [page_of(of_party(OTHER, locations(150)[start : start + 50])) for start in (0, 50, 100)]
    round_and_round = Shelf([])

    def before(number: int, sent: Sent) -> web.Response:
        body = circle[number % 3].body
        link = f'<https://{sent.headers["host"]}/locations?offset={number * 50}>; rel="next"'
        return web.Response(body=body, headers={"Link": link}, content_type="application/json")

    round_and_round.before = before
    serve(partners[OTHER], locations=round_and_round)
    elsewhere = {"Link": f'<{partners[CSO].url.replace("127.0.0.1", "localhost")}/stolen>; rel="next"'}
    partners[THIRD].answer = lambda _sent: page_of(of_party(THIRD, locations(5)), elsewhere)
    await registered(gateway, tmp_path, CSO, "CSO", partners[CSO], "locations", pages_without_link=True)
    for name in (OTHER, THIRD):
        await registered(gateway, tmp_path, name, "CSO", partners[name], "locations")
    async with pulling(gateway):
        await walked(gateway, CSO, "locations")

        async def is_given_up() -> bool:
            rows = [await state(gateway, name, "locations") for name in (OTHER, THIRD)]
            return all(row["failures"] > 0 for row in rows)

        await eventually(is_given_up, what="the two to be given up")
    assert len(await held(gateway, "locations")) == 230
    assert len(await held(gateway, "locations", OTHER)) == 150
    assert (await state(gateway, OTHER, "locations"))["last_error"] == "its pages repeat themselves"
    assert "another host" in (await state(gateway, THIRD, "locations"))["last_error"]
    assert not partners[CSO].received("stolen")


async def test_what_is_wrong_in_a_list_is_counted_and_reported_and_the_rest_is_taken(
    gateway: Gateway, partners: Mapping[str, Partner], tmp_path: Path
) -> None:
    good = locations(30)
    no_city = location(id="NOCITY")
    del no_city["city"]
    twice = b'{"id":"TWICE","id":"TWICE","country_code":"FR","party_id":"SUN"}'
    strange = of_party(OTHER, [location(id="STRANGE")])[0]
    shelf = Shelf([*good[:10], no_city, b'{"a":"\xff"}', *good[10:20], twice, strange, *good[20:]], cap=10)
    cards = Shelf([token(), token(uid="SECRETCARD", whitelist="SOMETIMES")])
    serve(partners[CSO], locations=shelf)
    serve(partners[OTHER], tokens=cards)
    garbage = {3, 4}
    shelf.before = lambda number, sent: rubbish(sent) if number in garbage else None
    await registered(gateway, tmp_path, CSO, "CSO", partners[CSO], "locations")
    await registered(gateway, tmp_path, CSP, "CSP", partners[OTHER], "tokens")
    async with pulling(gateway):
        row = await walked(gateway, CSO, "locations")
        cards_row = await walked(gateway, CSP, "tokens")
    assert await held(gateway, "locations") == {each["id"] for each in good}
    counts = {name: row["last_walk"][name] for name in ("new", "wrong", "strange", "nameless")}
    assert counts == {"new": 30, "wrong": 3, "strange": 1, "nameless": 2}
    assert (cards_row["last_walk"]["new"], cards_row["last_walk"]["wrong"]) == (1, 1)
    lines = await gateway.rows("SELECT * FROM gateway.refusals ORDER BY object_id")
    assert [(each["party"], each["module"], each["object_id"], each["source"]) for each in lines] == [
        (CSO, "locations", "", "PULLED"),
        (CSO, "locations", "", "PULLED"),
        (CSO, "locations", "NOCITY", "PULLED"),
    ]
    assert "city" in lines[2]["reasons"][0]["detail"]
    assert "SECRETCARD" not in str(lines)


async def test_a_list_is_walked_by_one_replica_alone(
    gateway: Gateway, partners: Mapping[str, Partner], tmp_path: Path
) -> None:
    shelf = Shelf(locations(500), cap=50)
    serve(partners[CSO], locations=shelf, tariffs=Shelf([tariff()]))
    await registered(gateway, tmp_path, CSO, "CSO", partners[CSO], "locations", "tariffs")
    async with another_replica(gateway), pulling(gateway):
        await walked(gateway, CSO, "locations")
        await walked(gateway, CSO, "tariffs")
    offsets = [int(each["offset"]) for each in shelf.asked]
    assert offsets == list(range(0, 500, 50))


@pytest.mark.ocpi_rule(13)
async def test_a_late_arrival_that_no_delta_sees_is_found_by_a_full_walk(
    gateway: Gateway, partners: Mapping[str, Partner], tmp_path: Path
) -> None:
    shelf = Shelf(locations(20))
    serve(partners[CSO], locations=shelf)
    await registered(gateway, tmp_path, CSO, "CSO", partners[CSO], "locations")
    async with pulling(gateway):
        await walked(gateway, CSO, "locations")
        shelf.objects.append(location(id="LATE", last_updated="2025-01-01T00:00:00Z"))
        shelf.objects.append(location(id="NEW", last_updated=format_utc(system_clock())))
        row = await again(gateway, CSO, "locations", full=False)
        assert (row["last_walk"]["kind"], "date_from" in shelf.asked[-1]) == ("DELTA", True)
        assert {"NEW"} == await held(gateway, "locations") - {each["id"] for each in locations(20)}
        row = await again(gateway, CSO, "locations", full=True)
    assert (row["last_walk"]["kind"], row["last_walk"]["new"]) == ("FULL", 1)
    assert "LATE" in await held(gateway, "locations")


async def test_what_a_whole_list_does_not_have_any_more_is_removed_with_care(
    gateway: Gateway, partners: Mapping[str, Partner], tmp_path: Path
) -> None:
    shelf = Shelf([tariff(id=f"T{number:03}") for number in range(60)])
    cards = Shelf([token(uid=f"CARD{number}") for number in range(3)])
    serve(partners[CSO], tariffs=shelf)
    serve(partners[OTHER], tokens=cards)
    await registered(gateway, tmp_path, CSO, "CSO", partners[CSO], "tariffs")
    await registered(gateway, tmp_path, CSP, "CSP", partners[OTHER], "tokens")
    await agree(gateway, CSO, CSP)
    async with pulling(gateway):
        await walked(gateway, CSO, "tariffs")
        await walked(gateway, CSP, "tokens")
        # A steady walk is proof enough; a list without a total has to be walked twice.
        del shelf.objects[:2]
        await again(gateway, CSO, "tariffs", full=True)
        assert len(await held(gateway, "tariffs")) == 58
        shelf.total = False
        del shelf.objects[:2]
        await again(gateway, CSO, "tariffs", full=True)
        assert len(await held(gateway, "tariffs")) == 58
        await again(gateway, CSO, "tariffs", full=True)
        assert len(await held(gateway, "tariffs")) == 56
        # More than half at once is an operator's decision.
        shelf.total, shelf.objects[:], cards.objects[:] = True, shelf.objects[:10], []
        row = await again(gateway, CSO, "tariffs", full=True)
        assert "46 of 56" in row["doubt"]
        assert len(await held(gateway, "tariffs")) == 56
        row = await again(gateway, CSO, "tariffs", full=True, approved=True)
        assert (row["doubt"], row["approved"], len(await held(gateway, "tariffs"))) == (None, False, 10)
        await again(gateway, CSP, "tokens", full=True)
    assert len(await held(gateway, "tokens", CSP)) == 3
    removed = await gateway.rows("SELECT 1 FROM gateway.tariffs WHERE removed")
    assert len(removed) == 50
    assert await gateway.rows("SELECT * FROM gateway.pull_expected") == []


async def test_rows_follow_the_partners_endpoints(
    gateway: Gateway, partners: Mapping[str, Partner], tmp_path: Path
) -> None:
    await registered(gateway, tmp_path, CSO, "CSO", partners[CSO], "locations", "tokens", "cdrs")
    await plan(gateway)
    rows = await gateway.rows("SELECT module FROM gateway.pulls ORDER BY module")
    assert [row["module"] for row in rows] == ["cdrs", "locations"]
    await registered(gateway, tmp_path, CSO, "CSO", partners[CSO], "locations")
    await plan(gateway)
    rows = await gateway.rows("SELECT module FROM gateway.pulls")
    assert [row["module"] for row in rows] == ["locations"]
