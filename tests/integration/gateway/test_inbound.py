"""CDRs and refusals over a real PostgreSQL: decided, stored, published and answered."""

import asyncio
import json
from typing import Any

import pytest

from services.core.meter_values import read
from services.gateway.settings import InboundSettings
from tests.integration.gateway.bench import CSO, CSP, Bench, ocpi, post, put, routed, running
from tests.support.cluster import Cluster
from tests.support.waiting import eventually
from tests.unit.clearing.audit import ocmf as meters
from tests.unit.clearing.samples import END, START
from tests.unit.gateway import samples


def signed_by_driver() -> dict[str, Any]:
    """A reading that names the driver, with the public key of who signed it."""
    begin, end = meters.reading("100", START, "B"), meters.reading("110", END, "E")
    reading = meters.record(begin, end, ID=samples.cdr_token()["uid"], IT="ISO14443")
    values = [{"nature": "End", "plain_data": reading, "signed_data": reading}]
    return {"encoding_method": "OCMF", "public_key": meters.public().hex(), "signed_values": values}


class TestCdrs:
    @pytest.mark.ocpi_rule(23)
    async def test_a_new_one_is_created_once_and_queued_for_its_home_csp(self, bench: Bench) -> None:
        answer = await post(bench, samples.cdr(), **{"X-Request-ID": "r1", "X-Correlation-ID": "c1"})
        assert ocpi(answer)[:2] == (201, 1000)
        assert answer.headers["location"].endswith("/ocpi/2.2.1/receiver/cdrs/FR-SUN/CDR1")
        assert (answer.headers["x-request-id"], answer.headers["x-correlation-id"]) == ("r1", "c1")
        (event,) = await bench.events("cdr.submitted")
        assert (event.visited_cso, event.home_csp, event.cdr_id, event.version) == (CSO, CSP, "CDR1", 1)
        assert (event.total_cost_excl_tax, event.total_cost_incl_tax, event.total_energy) == ("2.5", "3", "10")
        (delivery,) = await bench.rows("SELECT partner, module, object_id, correlation_id FROM gateway.deliveries")
        assert dict(delivery) == {"partner": CSP, "module": "cdrs", "object_id": "CDR1", "correlation_id": "c1"}

    @pytest.mark.ocpi_rule(23)
    async def test_the_same_again_is_no_second_one(self, bench: Bench) -> None:
        first = await post(bench, samples.cdr())
        reordered = dict(reversed(samples.cdr(remark=None, last_updated=samples.LATER, id="cdr1").items()))
        again = await post(bench, reordered)
        assert ocpi(again)[:2] == (200, 1000)
        assert again.headers["location"] == first.headers["location"]
        assert len(await bench.events("cdr.submitted")) == 1
        assert len(await bench.rows("SELECT 1 FROM gateway.deliveries")) == 1

    @pytest.mark.ocpi_rule(23)
    async def test_other_content_under_the_same_id_names_the_field(self, bench: Bench) -> None:
        await post(bench, samples.cdr())
        answer = await post(bench, samples.cdr(total_cost={"excl_vat": 2.6, "incl_vat": 3}))
        status, code, message = ocpi(answer)
        assert (status, code) == (200, 2001)
        assert message.startswith("total_cost.excl_vat: differs")
        assert len(await bench.events("cdr.submitted")) == 1

    async def test_a_signed_reading_that_names_the_driver_is_told_as_checked_and_without_the_name(
        self, bench: Bench
    ) -> None:
        uid, signed = samples.cdr_token()["uid"], signed_by_driver()
        assert ocpi(await post(bench, samples.cdr(signed_data=signed)))[:2] == (201, 1000)
        (event,) = await bench.events("cdr.submitted")
        (value,) = event.signed_data.values
        assert (value.fits_own_key, event.signed_data.withheld) == (True, 0)
        assert [each.kwh for each in read(value.signed_data).readings] == [100, 110]
        (row,) = await bench.rows("SELECT value FROM gateway.outbox WHERE topic = 'cdr.submitted'")
        assert b"M-1" in row["value"]
        assert uid.encode().lower() not in row["value"].lower()

    async def test_what_is_beyond_the_bounds_of_checking_stays_sealed(self, bench: Bench, url: str) -> None:
        async with running(url, inbound=InboundSettings(max_checked_reading_characters=100)) as tighter:
            assert ocpi(await post(tighter, samples.cdr(signed_data=signed_by_driver())))[:2] == (201, 1000)
        (event,) = await bench.events("cdr.submitted")
        assert (event.signed_data.values, event.signed_data.withheld) == ([], 1)

    async def test_many_at_once_share_transactions_and_each_counts_once(self, bench: Bench) -> None:
        bodies = [samples.cdr(id=f"C{number % 50}") for number in range(200)]
        answers = await asyncio.gather(*(post(bench, body) for body in bodies))
        assert sorted(answer.status_code for answer in answers) == [200] * 150 + [201] * 50
        assert len(await bench.events("cdr.submitted")) == 50

    async def test_two_replicas_take_the_same_new_ones_once(self, bench: Bench, url: str) -> None:
        async with running(url) as second:
            bodies = [
                samples.cdr(id=f"C{number}", cdr_token=samples.cdr_token(uid=f"U{number % 7}")) for number in range(60)
            ]
            answers = await asyncio.gather(*(post(each, body) for body in bodies for each in (bench, second)))
        assert sorted(answer.status_code for answer in answers) == [200] * 60 + [201] * 60
        assert len({event.cdr_id for event in await bench.events("cdr.submitted")}) == 60
        assert len(await bench.events("cdr.submitted")) == 60
        assert len(await bench.rows("SELECT 1 FROM gateway.contracts")) == 7

    @pytest.mark.ocpi_rule(23)
    async def test_its_location_leads_its_sender_to_it_and_nobody_else(self, bench: Bench) -> None:
        location = (await post(bench, samples.cdr())).headers["location"].split("2.2.1")[1]
        mine = await bench.clients["cso"].get(location)
        assert json.loads(mine.content)["data"] == samples.cdr()
        assert ocpi(await bench.clients["csp"].get(location))[0] == 404
        assert ocpi(await bench.clients["cso"].get("/receiver/cdrs/FR-SUN/OTHER"))[0] == 404

    @pytest.mark.ocpi_rule(23)
    async def test_a_credit_cdr_waits_for_the_cdr_that_it_takes_back(self, bench: Bench) -> None:
        await post(bench, samples.cdr())
        credit = samples.cdr(id="CDR1-C", credit=True, credit_reference_id="CDR1", total_cost={"excl_vat": -2.5})
        assert ocpi(await post(bench, credit))[:2] == (201, 1000)
        found = await bench.rows("SELECT object_id, after_object_id FROM gateway.deliveries ORDER BY object_id")
        assert [tuple(row.values()) for row in found] == [("CDR1", None), ("CDR1-C", "CDR1")]
        assert [event.credit for event in await bench.events("cdr.submitted")] == [False, True]

    async def test_nothing_stored_or_published_shows_the_card(self, bench: Bench) -> None:
        await post(bench, samples.cdr())
        await put(bench, "tokens/NL/CSP/04A1B2C3", samples.token(), client="csp")
        await put(bench, "sessions/FR/SUN/S1", samples.session())
        for table in ("cdrs", "tokens", "sessions", "contracts", "deliveries", "outbox"):
            for row in await bench.rows(f"SELECT t::text AS shown, t.* FROM gateway.{table} t"):
                raw = row["shown"].encode() + b"".join(
                    bytes(v) for v in row.values() if isinstance(v, bytes | memoryview)
                )
                assert b"04A1B2C3" not in raw.upper()
                assert b"04A1B2C3".hex().encode() not in raw
                assert b"C00000001" not in raw


class TestRefusals:
    @pytest.mark.parametrize("body", [b"", b"{", b'{"a":"\xff"}', b'{"a":"\\ud800"}', b"[1,]", b"{} {}"])
    @pytest.mark.ocpi_rule(1)
    async def test_what_is_no_json_is_400(self, bench: Bench, body: bytes) -> None:
        assert ocpi(await post(bench, body))[:2] == (400, 2000)

    @pytest.mark.parametrize(
        ("body", "named"),
        [
            (b"[]", "must be a JSON object"),
            (b'{"id":1,"id":2}', "a key stands twice"),
            (samples.as_body(samples.cdr(remark="a\0b")), "remark: a NUL character"),
            (samples.as_body(samples.cdr(x={"y": ["\0"]})), "x.y[0]: a NUL character"),
            (samples.as_body({k: v for k, v in samples.cdr().items() if k != "total_cost"}), "total_cost: missing"),
            (samples.as_body(samples.cdr(total_energy="10")), "total_energy: must be a number"),
            (samples.as_body(samples.cdr(total_energy=True)), "total_energy: must be a number"),
            (samples.as_body(samples.cdr(end_date_time="tomorrow")), "end_date_time: must be a DateTime"),
            (samples.as_body(samples.cdr(x=json.loads("[" * 40 + "]" * 40))), "levels"),
            (samples.as_body(samples.cdr(credit=True)), "credit_reference_id: missing"),
        ],
    )
    @pytest.mark.ocpi_rule(1)
    async def test_what_cannot_be_taken_is_2001_and_says_why(self, bench: Bench, body: bytes, named: str) -> None:
        status, code, message = ocpi(await post(bench, body))
        assert (status, code) == (200, 2001)
        assert named in message

    async def test_one_bad_cdr_of_a_group_does_not_touch_the_others(self, bench: Bench) -> None:
        stranger = samples.cdr_token(party_id="XXX")
        bodies = [samples.cdr(id=f"C{n}", **({"cdr_token": stranger} if n == 5 else {})) for n in range(10)]
        answers = await asyncio.gather(*(post(bench, body) for body in bodies))
        assert [ocpi(answer)[1] for answer in answers] == [2001 if n == 5 else 1000 for n in range(10)]

    async def test_an_unknown_home_csp_is_named(self, bench: Bench) -> None:
        body = samples.cdr(cdr_token=samples.cdr_token(country_code="SE", party_id="QQQ"))
        status, code, message = ocpi(await post(bench, body))
        assert (status, code) == (200, 2001)
        assert "SE-QQQ" in message

    @pytest.mark.ocpi_rule(2)
    async def test_a_party_addressed_without_agreement_is_4001(self, bench: Bench) -> None:
        assert ocpi(await post(bench, samples.cdr(), **routed("SE-QQQ")))[:2] == (200, 4001)
        assert ocpi(await put(bench, "tariffs/FR/SUN/T1", samples.tariff(), **routed("SE-QQQ")))[:2] == (200, 4001)

    @pytest.mark.ocpi_rule(18)
    async def test_an_owner_that_is_not_the_caller(self, bench: Bench) -> None:
        assert ocpi(await post(bench, samples.cdr(), client="other"))[:2] == (200, 2001)
        assert ocpi(await put(bench, "locations/FR/SUN/LOC1", samples.location(), client="other"))[:2] == (404, 2001)
        assert ocpi(await put(bench, "tokens/NL/CSP/04A1B2C3", samples.token(), client="cso"))[:2] == (404, 2001)
        assert ocpi(await put(bench, "locations/FR/SUN/LOC2", samples.location()))[:2] == (200, 2001)
        other = samples.location(party_id="OTH")
        assert ocpi(await put(bench, "locations/FR/SUN/LOC1", other))[:2] == (200, 2001)

    async def test_a_sender_that_is_not_the_caller(self, bench: Bench) -> None:
        headers = {"OCPI-from-country-code": "NL", "OCPI-from-party-id": "CSP"}
        assert ocpi(await post(bench, samples.cdr(), **headers))[:2] == (200, 2001)

    @pytest.mark.ocpi_rule(1)
    async def test_who_has_no_token_is_401_and_what_is_no_route_404_or_405(self, bench: Bench) -> None:
        client = bench.clients["cso"]
        assert ocpi(await client.get("/sender/cdrs", headers={"Authorization": "Token bm9ib2R5"}))[0] == 401
        assert ocpi(await client.get("/sender/cdrs", headers={"Authorization": ""}))[0] == 401
        assert ocpi(await client.get("/sender/nothing"))[0] == 404
        assert ocpi(await client.delete("/receiver/cdrs"))[0] == 405
        assert ocpi(await client.delete("/receiver/locations/FR/SUN/LOC1"))[0] == 405

    @pytest.mark.ocpi_rule(1)
    async def test_a_body_over_the_bound_is_413(self, bench: Bench) -> None:
        large = samples.cdr(remark="x" * 500_000)
        assert ocpi(await post(bench, large))[:2] == (413, 2000)


@pytest.mark.ocpi_rule(1)
async def test_postgresql_away_is_503_with_an_ocpi_body_and_comes_back(bench: Bench, cluster: Cluster) -> None:
    assert ocpi(await post(bench, samples.cdr()))[0] == 201
    await asyncio.to_thread(cluster.postgres.stop)
    try:
        answer = await post(bench, samples.cdr(id="CDR2"))
        read = await bench.clients["csp"].get("/sender/cdrs")
    finally:
        await asyncio.to_thread(cluster.postgres.start)
    assert ocpi(answer)[:2] == (503, 3000)
    assert ocpi(read)[:2] == (503, 3000)
    assert "retry-after" in answer.headers
    await eventually(lambda: _is_back(bench))
    assert ocpi(await post(bench, samples.cdr(id="CDR2")))[:2] == (201, 1000)
    assert ocpi(await post(bench, samples.cdr()))[:2] == (200, 1000)


async def _is_back(bench: Bench) -> bool:
    return (await bench.clients["csp"].get("/sender/cdrs")).status_code == 200
