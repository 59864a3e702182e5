"""Lists over a real PostgreSQL: pages that neither skip nor repeat, what is counted, and who sees what."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from sqlalchemy import text

from services.gateway.deliveries.rendering import ObjectRenderer
from services.gateway.deliveries.settlement import Leased
from services.gateway.object_store import Key, ObjectStore, Row
from services.gateway.ocpi.versions import V2_2_1
from services.gateway.settings import ListSettings
from services.runtime.work import Work
from tests.integration.gateway.bench import CSO, CSP, OTHER, Bench, ocpi, put, routed, running
from tests.support.waiting import eventually
from tests.unit.gateway import samples

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
SECOND_CSO = "IT-SOL"
AGREED = text(
    "INSERT INTO gateway.agreements (visited_cso, home_csp, agreement_id, version, status, services, valid_from) "
    "VALUES (:cso, :csp, 'A2', 1, 'ACTIVE', '{CHARGING}', '2020-01-01')"
)


@pytest.fixture
async def bench(url: str) -> AsyncIterator[Bench]:
    """Two eMSPs, `csp` and `other`, that roam with the one CSO `cso`."""
    lists = ListSettings(exact_count_rows=3, count_seconds=600, max_page_bytes=2_000)
    async with running(url, lists=lists) as bench:
        async with bench.engine.begin() as connection:
            await connection.execute(text("UPDATE gateway.peers SET roles = '{CSP}' WHERE party = :p"), {"p": OTHER})
            await connection.execute(AGREED, {"cso": CSO, "csp": OTHER})
        yield bench


async def listed(bench: Bench, path: str, client: str = "csp", **headers: str) -> tuple[list[Any], Any]:
    """What a list holds, and its headers."""
    answer = await bench.clients[client].get(path, headers=headers)
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)["data"], answer.headers


def following(headers: Any) -> str:
    """The path of the next page."""
    return cast(str, headers["link"]).partition(">")[0].removeprefix("<").partition("2.2.1")[2]


def row(object_id: str, owner: str, body: bytes | None = None) -> Row:
    content = body or json.dumps({"id": object_id}).encode()
    return Row(Key.of(owner, object_id), object_id, "", 1, False, SINCE, None, content, "OCPI-2.2.1")


async def store(bench: Bench, *rows: Row) -> None:
    """Keep objects as if their owner had pushed them."""

    async def act(work: Work) -> None:
        for each in rows:
            await ObjectStore("tariffs").insert(work, [each])

    await bench.transactions.run(act)


async def waits(bench: Bench) -> bool:
    """Whether a transaction waits for its turn."""
    return bool(await bench.rows("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))


def ids(objects: Sequence[Any]) -> list[str]:
    return [each["id"] for each in objects]


class TestPages:
    @pytest.mark.ocpi_rule(8)
    async def test_what_is_taken_back_while_a_client_follows_links_hides_nothing_from_it(self, bench: Bench) -> None:
        for number in range(1, 6):
            await put(bench, f"tariffs/FR/SUN/T{number}", samples.tariff(id=f"T{number}"))
        first, headers = await listed(bench, "/sender/tariffs?limit=2")
        await bench.clients["cso"].delete("/receiver/tariffs/FR/SUN/T1")
        second, headers = await listed(bench, following(headers))
        third, headers = await listed(bench, following(headers))
        assert (ids(first), ids(second), ids(third)) == (["T1", "T2"], ["T3", "T4"], ["T5"])
        assert "link" not in headers
        by_itself, _ = await listed(bench, "/sender/tariffs?limit=2&offset=2")
        assert ids(by_itself) == ["T4", "T5"]

    @pytest.mark.ocpi_rule(8)
    async def test_a_transaction_that_comes_late_stands_behind_what_was_served(self, bench: Bench) -> None:
        inserted, go_on = asyncio.Event(), asyncio.Event()

        async def late(work: Work) -> None:
            await ObjectStore("tariffs").insert(work, [row("SLOW", CSO)])
            inserted.set()
            await go_on.wait()

        slow = asyncio.create_task(bench.transactions.run(late))
        await inserted.wait()
        quick = asyncio.create_task(store(bench, row("QUICK", CSO)))
        await eventually(lambda: waits(bench))
        assert (await listed(bench, "/sender/tariffs"))[0] == []
        go_on.set()
        await asyncio.gather(slow, quick)
        assert ids((await listed(bench, "/sender/tariffs"))[0]) == ["SLOW", "QUICK"]

    async def test_what_comes_back_after_it_was_taken_back_stands_at_the_end(self, bench: Bench) -> None:
        for number in (1, 2):
            await put(bench, f"tariffs/FR/SUN/T{number}", samples.tariff(id=f"T{number}"))
        await bench.clients["cso"].delete("/receiver/tariffs/FR/SUN/T1")
        await put(bench, "tariffs/FR/SUN/T1", samples.tariff())
        assert ids((await listed(bench, "/sender/tariffs"))[0]) == ["T2", "T1"]

    @pytest.mark.ocpi_rule(8)
    async def test_large_objects_make_a_page_shorter_and_the_cap_in_force_says_so(self, bench: Bench) -> None:
        large = [
            row(f"L{number}", CSO, body=json.dumps({"id": f"L{number}", "x": "x" * 900}).encode())
            for number in range(5)
        ]
        await store(bench, *large, row("HUGE", CSO, body=json.dumps({"id": "HUGE", "x": "x" * 9000}).encode()))
        path, seen = "/sender/tariffs?limit=4", list[tuple[list[str], str]]()
        while path:
            objects, headers = await listed(bench, path)
            assert headers["x-total-count"] == "6"
            seen.append((ids(objects), headers["x-limit"]))
            path = following(headers) if "link" in headers else ""
        assert seen == [(["L0", "L1"], "2"), (["L2", "L3"], "2"), (["L4"], "1"), (["HUGE"], "4")]

    async def test_a_cursor_that_is_none_is_named(self, bench: Bench) -> None:
        status, code, message = ocpi(await bench.clients["csp"].get("/sender/tariffs?cursor=x"))
        assert (status, code) == (200, 2001)
        assert message.startswith("cursor:")


class TestCounts:
    @pytest.mark.ocpi_rule(8)
    async def test_few_are_counted_each_time_and_many_may_be_a_moment_old(self, bench: Bench) -> None:
        for number in range(1, 4):
            await store(bench, row(f"T{number}", CSO))
            assert (await listed(bench, "/sender/tariffs"))[1]["x-total-count"] == str(number)
        await store(bench, row("T4", CSO))
        assert (await listed(bench, "/sender/tariffs?limit=1"))[1]["x-total-count"] == "4"
        await store(bench, row("T5", CSO))
        assert (await listed(bench, "/sender/tariffs?limit=1"))[1]["x-total-count"] == "4"
        objects, headers = await listed(bench, "/sender/tariffs")
        assert (len(objects), headers["x-total-count"]) == (5, "5")


class TestOwners:
    async def test_a_list_of_all_merges_owners_in_the_order_of_creation_and_one_of_a_named_owner_is_its_own(
        self, bench: Bench
    ) -> None:
        async with bench.engine.begin() as connection:
            await connection.execute(AGREED, {"cso": SECOND_CSO, "csp": CSP})
        await store(bench, row("A", SECOND_CSO), row("B", CSO), row("C", SECOND_CSO), row("D", "FR-ZZZ"))
        bench_url = "/sender/tariffs"
        for to in ({}, routed("NL-RWT")):
            objects, headers = await listed(bench, bench_url, **to)
            assert (ids(objects), headers["x-total-count"]) == (["A", "B", "C"], "3")
        objects, headers = await listed(bench, bench_url, **routed(SECOND_CSO))
        assert (ids(objects), headers["x-total-count"]) == (["A", "C"], "2")
        refused = await bench.clients["csp"].get(bench_url, headers=routed("FR-ZZZ"))
        assert ocpi(refused)[:2] == (200, 4001)
        assert ids((await listed(bench, bench_url, client="other"))[0]) == ["B"]


class TestOneTariffIdForTwoHomeCsps:
    """No price of one home-CSP may reach another, whichever way it is looked for."""

    path = "tariffs/FR/SUN/T1"

    @pytest.fixture
    async def prices(self, bench: Bench) -> Bench:
        assert ocpi(await put(bench, self.path, samples.tariff(currency="CHF"), **routed(CSP)))[0] == 201
        assert ocpi(await put(bench, self.path, samples.tariff(currency="DKK"), **routed(OTHER)))[0] == 201
        return bench

    async def test_lists_and_counts(self, prices: Bench) -> None:
        await put(prices, "tariffs/FR/SUN/ONLY", samples.tariff(id="ONLY"), **routed(OTHER))
        for client, currency, count in (("csp", "CHF", "1"), ("other", "DKK", "2")):
            objects, headers = await listed(prices, "/sender/tariffs", client=client)
            assert (objects[0]["currency"], headers["x-total-count"]) == (currency, count)

    async def test_what_is_for_all_stands_back_behind_what_is_for_one(self, prices: Bench) -> None:
        await put(prices, self.path, samples.tariff(currency="EUR"))
        await prices.clients["cso"].delete(f"/receiver/{self.path}", headers=routed(CSP))
        assert (await listed(prices, "/sender/tariffs"))[0] == []
        assert [each["currency"] for each in (await listed(prices, "/sender/tariffs", client="other"))[0]] == ["DKK"]

    async def test_its_owner_reads_each_by_naming_the_partner(self, prices: Bench) -> None:
        for party, currency in ((CSP, "CHF"), (OTHER, "DKK")):
            answer = await prices.clients["cso"].get(f"/receiver/{self.path}", headers=routed(party))
            assert json.loads(answer.content)["data"]["currency"] == currency
        assert ocpi(await prices.clients["cso"].get(f"/receiver/{self.path}"))[0] == 404

    async def test_one_object_by_its_id(self, bench: Bench) -> None:
        for party, name in ((CSP, "for csp"), (OTHER, "for other")):
            await put(bench, "locations/FR/SUN/LOC1", samples.location(name=name), **routed(party))
        for client, name in (("csp", "for csp"), ("other", "for other")):
            answer = await bench.clients[client].get("/sender/locations/LOC1")
            assert json.loads(answer.content)["data"]["name"] == name

    async def test_deliveries(self, prices: Bench) -> None:
        names = Leased.__dataclass_fields__
        rows = [
            Leased(**{name: each[name] for name in names})
            for each in await prices.rows("SELECT * FROM gateway.deliveries ORDER BY partner")
        ]
        assert [each.partner for each in rows] == [OTHER, CSP]
        renderer = ObjectRenderer(prices.vault)
        for each, currency in zip(rows, ("DKK", "CHF"), strict=True):
            async with prices.engine.connect() as connection:
                (write,) = (await renderer.read(connection, [each])).values()
            assert json.loads(write(V2_2_1).body or b"")["currency"] == currency

    async def test_events(self, prices: Bench) -> None:
        published = await prices.events("tariff.published")
        assert [(event.audience, event.currency) for event in published] == [(CSP, "CHF"), (OTHER, "DKK")]
        keys = await prices.rows("SELECT convert_from(key, 'UTF8') AS key FROM gateway.outbox ORDER BY sequence")
        assert [each["key"] for each in keys] == [f"{CSO}|T1|{CSP}|1", f"{CSO}|T1|{OTHER}|1"]
