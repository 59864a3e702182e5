"""Locations, tariffs, tokens and sessions, and the lists of them, over a real PostgreSQL."""

import asyncio
import json

import pytest
from sqlalchemy import text

from tests.integration.gateway.bench import CSO, CSP, Bench, ocpi, patch, post, put, routed
from tests.unit.gateway import samples


class TestSessions:
    path = "sessions/FR/SUN/S1"

    @pytest.mark.ocpi_rule(11)
    async def test_put_replaces_and_patch_appends_the_periods(self, bench: Bench) -> None:
        assert ocpi(await put(bench, self.path, samples.session()))[:2] == (201, 1000)
        more = {"last_updated": samples.LATER, "kwh": 3, "charging_periods": [samples.period(tariff_id="T2")]}
        assert ocpi(await patch(bench, self.path, more))[:2] == (200, 1000)
        assert ocpi(await patch(bench, self.path, more))[:2] == (200, 1000)
        held = json.loads((await bench.clients["cso"].get(f"/receiver/{self.path}")).content)["data"]
        assert [each["tariff_id"] for each in held["charging_periods"]] == ["T1", "T2"]
        reported = await bench.events("session.reported")
        assert [(str(event.kwh), event.version) for event in reported] == [("1.50000000", 1), ("3.00000000", 2)]
        assert reported[0].pseudonym == reported[1].pseudonym

    @pytest.mark.ocpi_rule(10)
    async def test_a_patch_needs_its_date_and_a_known_session(self, bench: Bench) -> None:
        assert ocpi(await patch(bench, self.path, {"kwh": 3}))[:2] == (200, 2001)
        assert ocpi(await patch(bench, self.path, {"kwh": 3, "last_updated": samples.NOW}))[0] == 404

    async def test_what_is_older_than_the_state_held_is_refused(self, bench: Bench) -> None:
        await put(bench, self.path, samples.session())
        stale = ocpi(await put(bench, self.path, samples.session(kwh=1, last_updated=samples.BEFORE)))
        assert stale[:2] == (200, 2001)
        assert "last_updated" in stale[2]
        assert "kwh" in stale[2]

    async def test_the_same_content_with_a_newer_date_makes_what_lies_between_stale(self, bench: Bench) -> None:
        await put(bench, self.path, samples.session(last_updated=samples.BEFORE))
        assert ocpi(await put(bench, self.path, samples.session(last_updated=samples.LATER)))[:2] == (200, 1000)
        assert ocpi(await put(bench, self.path, samples.session(kwh=9)))[:2] == (200, 2001)
        assert len(await bench.events("session.reported")) == 1

    async def test_of_many_at_once_the_newest_wins_and_versions_count_without_a_gap(self, bench: Bench) -> None:
        bodies = [samples.session(kwh=n, last_updated=f"2026-03-01T10:00:{n:02}Z") for n in range(20)]
        answers = await asyncio.gather(*(put(bench, self.path, body) for body in bodies))
        reported = await bench.events("session.reported")
        energies = [int(event.kwh) for event in reported]
        assert energies == sorted(set(energies))
        assert energies[-1] == 19
        assert [event.version for event in reported] == list(range(1, len(reported) + 1))
        assert sum(ocpi(answer)[1] == 1000 for answer in answers) == len(reported)

    async def test_a_stored_session_that_was_tampered_with_fails_alone(self, bench: Bench) -> None:
        await put(bench, self.path, samples.session())
        async with bench.engine.begin() as connection:
            await connection.execute(text("UPDATE gateway.sessions SET body = body || decode('00', 'hex')"))
        ids = [f"S{number}" for number in range(8)]
        pushes = (put(bench, f"sessions/FR/SUN/{each}", samples.session(id=each, kwh=2)) for each in ids)
        answers = dict(zip(ids, await asyncio.gather(*pushes), strict=True))
        assert ocpi(answers.pop("S1"))[:2] == (500, 3000)
        assert {ocpi(answer)[:2] for answer in answers.values()} == {(201, 1000)}

    async def test_a_number_beyond_the_platforms_decimals_is_refused_with_its_field(self, bench: Bench) -> None:
        status, code, message = ocpi(await put(bench, self.path, samples.session(kwh=1e30)))
        assert (status, code) == (200, 2001)
        assert message.startswith("kwh:")


class TestLocationsTariffsTokens:
    @pytest.mark.ocpi_rule(16)
    async def test_a_broadcast_comes_from_the_hub_and_all_else_from_its_owner(self, bench: Bench) -> None:
        await put(bench, "locations/FR/SUN/LOC1", samples.location())
        await put(bench, "locations/FR/SUN/LOC2", samples.location(id="LOC2"), **routed("NL-RWT"))
        await put(bench, "locations/FR/SUN/LOC3", samples.location(id="LOC3"), **routed(CSP))
        rows = await bench.rows("SELECT object_id, sender FROM gateway.deliveries ORDER BY object_id")
        assert [row["sender"] for row in rows] == [CSO, "NL-RWT", CSO]

    @pytest.mark.ocpi_rule(12)
    async def test_a_push_of_an_evse_moves_the_location(self, bench: Bench) -> None:
        await put(bench, "locations/FR/SUN/LOC1", samples.location())
        change = {"status": "CHARGING", "last_updated": samples.LATER}
        assert ocpi(await patch(bench, "locations/FR/SUN/LOC1/e1", change))[:2] == (200, 1000)
        second = samples.evse(uid="E2")
        assert ocpi(await put(bench, "locations/FR/SUN/LOC1/E2", second))[:2] == (200, 1000)
        held = json.loads((await bench.clients["csp"].get("/sender/locations/LOC1")).content)["data"]
        assert [each["status"] for each in held["evses"]] == ["CHARGING", "AVAILABLE"]
        assert held["last_updated"] == samples.LATER
        assert [event.version for event in await bench.events("location.published")] == [1, 2]
        statuses = [(event.evse_uid, event.status) for event in await bench.events("evse.status.changed")]
        assert statuses == [("E1", "AVAILABLE"), ("E1", "CHARGING"), ("E2", "AVAILABLE")]

    async def test_an_older_status_of_one_evse_is_taken_after_a_newer_one_of_another(self, bench: Bench) -> None:
        both = samples.location(evses=[samples.evse(), samples.evse(uid="E2")])
        await put(bench, "locations/FR/SUN/LOC1", both)
        late, later = "2026-03-01T10:30:00Z", "2026-03-01T10:40:00Z"
        path = "locations/FR/SUN/LOC1"
        assert ocpi(await patch(bench, f"{path}/E2", {"status": "CHARGING", "last_updated": later}))[1] == 1000
        assert ocpi(await patch(bench, f"{path}/E1", {"status": "BLOCKED", "last_updated": late}))[1] == 1000
        assert ocpi(await patch(bench, f"{path}/E1", {"status": "CHARGING", "last_updated": samples.BEFORE}))[1] == 2001

    async def test_parts_of_an_unknown_location(self, bench: Bench) -> None:
        assert ocpi(await put(bench, "locations/FR/SUN/LOC1/E2", samples.evse(uid="E2")))[:2] == (404, 2003)

    async def test_a_tariff_for_one_partner_stands_beside_the_one_for_all(self, bench: Bench) -> None:
        await put(bench, "tariffs/FR/SUN/T1", samples.tariff())
        await put(bench, "tariffs/FR/SUN/T1", samples.tariff(currency="CHF"), **routed(CSP))
        listed = json.loads((await bench.clients["csp"].get("/sender/tariffs")).content)["data"]
        assert [each["currency"] for each in listed] == ["CHF"]
        audiences = [(event.audience, event.currency) for event in await bench.events("tariff.published")]
        assert audiences == [("", "EUR"), (CSP, "CHF")]

    async def test_a_deleted_tariff_is_gone_and_may_come_back(self, bench: Bench) -> None:
        path = "tariffs/FR/SUN/T1"
        await put(bench, path, samples.tariff())
        client = bench.clients["cso"]
        assert ocpi(await client.delete(f"/receiver/{path}"))[:2] == (200, 1000)
        assert ocpi(await client.delete(f"/receiver/{path}"))[0] == 404
        assert ocpi(await client.get(f"/receiver/{path}"))[0] == 404
        assert ocpi(await put(bench, path, samples.tariff()))[:2] == (200, 1000)
        flags = [(event.removed, event.version) for event in await bench.events("tariff.published")]
        assert flags == [(False, 1), (True, 2), (False, 3)]

    async def test_a_token_is_found_by_its_credential_and_changed(self, bench: Bench) -> None:
        path = "tokens/NL/CSP/04A1B2C3"
        assert ocpi(await put(bench, path, samples.token(), client="csp"))[:2] == (201, 1000)
        change = {"valid": False, "last_updated": samples.LATER}
        assert ocpi(await patch(bench, path.replace("04A1", "04a1"), change, client="csp"))[:2] == (200, 1000)
        unknown = await patch(bench, f"{path}?type=APP_USER", change, client="csp")
        assert ocpi(unknown)[:2] == (404, 2004)
        issued = await bench.events("credential.issued")
        assert [(event.valid, event.version) for event in issued] == [(True, 1), (False, 2)]
        held = json.loads((await bench.clients["csp"].get(f"/receiver/{path}")).content)["data"]
        assert (held["valid"], held["uid"]) == (False, "04A1B2C3")

    async def test_an_erased_contract_leaves_nothing_to_read(self, bench: Bench) -> None:
        await put(bench, "tokens/NL/CSP/04A1B2C3", samples.token(), client="csp")
        await post(bench, samples.cdr())
        (event,) = await bench.events("credential.issued")
        assert await bench.transactions.run(lambda work: bench.vault.erase(work, event.pseudonym))
        assert ocpi(await bench.clients["csp"].get("/receiver/tokens/NL/CSP/04A1B2C3"))[:2] == (404, 2004)
        assert ocpi(await bench.clients["cso"].get("/receiver/cdrs/FR-SUN/CDR1"))[0] == 404
        listed = await bench.clients["csp"].get("/sender/cdrs")
        assert (json.loads(listed.content)["data"], listed.headers["x-total-count"]) == ([], "0")
        await put(bench, "tokens/NL/CSP/04A1B2C3", samples.token(), client="csp")
        assert (await bench.events("credential.issued"))[1].pseudonym != event.pseudonym


class TestLists:
    @pytest.mark.ocpi_rule(8)
    async def test_pages_by_offset_keep_their_filters(self, bench: Bench) -> None:
        for number in range(7):
            await post(bench, samples.cdr(id=f"C{number}", last_updated=f"2026-03-0{number + 1}T00:00:00Z"))
        client, seen, url = bench.clients["csp"], list[str](), "/sender/cdrs?limit=2&date_from=2026-03-02T00:00:00Z"
        while url:
            answer = await client.get(url)
            assert (answer.headers["x-total-count"], answer.headers["x-limit"]) == ("6", "2")
            seen += [each["id"] for each in json.loads(answer.content)["data"]]
            link = answer.headers.get("link", "")
            url = link.partition(">")[0].removeprefix("<").partition("2.2.1")[2]
        assert seen == [f"C{number}" for number in range(1, 7)]
        until = await client.get("/sender/cdrs", params={"date_to": "2026-03-02T00:00:00Z"})
        assert [each["id"] for each in json.loads(until.content)["data"]] == ["C0"]

    async def test_who_has_no_part_in_it_sees_nothing(self, bench: Bench) -> None:
        await post(bench, samples.cdr())
        await put(bench, "tariffs/FR/SUN/T1", samples.tariff())
        for module in ("cdrs", "tariffs", "locations", "sessions", "tokens"):
            answer = await bench.clients["other"].get(f"/sender/{module}")
            assert (json.loads(answer.content)["data"], answer.headers["x-total-count"]) == ([], "0")

    @pytest.mark.parametrize(
        "query", ["limit=0", "limit=x", "offset=-1", "date_from=soon", "limit=99999999999999999999"]
    )
    async def test_a_parameter_that_cannot_be_read_is_named(self, bench: Bench, query: str) -> None:
        status, code, message = ocpi(await bench.clients["csp"].get(f"/sender/cdrs?{query}"))
        assert (status, code) == (200, 2001)
        assert message.startswith(query.partition("=")[0])
