"""Invoice reconciliation, in both ways of billing, over a real PostgreSQL."""

from typing import Any

import pytest
from sqlalchemy import text

from services.gateway.deliveries.rendering import ObjectRenderer
from services.gateway.deliveries.settlement import Leased
from services.gateway.deliveries.turns import Rendered
from services.gateway.ocpi.versions import V2_3_0
from tests.integration.gateway.bench import CSO, CSP, OTHER, Bench, ocpi, routed
from tests.integration.gateway.versions import NEW, OLD, call, data, pushed
from tests.unit.gateway import samples
from tests.unit.gateway.samples_2_3_0 import invoice

MODULE = "invoicereconciliation"
PLACE = f"receiver/{MODULE}/FR/SUN/R1"
AGREED = text(
    "INSERT INTO gateway.agreements (visited_cso, home_csp, agreement_id, version, status, services, valid_from) "
    f"VALUES ('{CSO}', 'AT-TWO', 'A2', 1, 'ACTIVE', '{{CHARGING}}', '2020-01-01')"
)


async def post(bench: Bench, body: Any = None, client: str = "cso", **headers: str) -> Any:
    return await call(bench, client, "POST", NEW, f"receiver/{MODULE}", body or invoice(), **headers)


async def put(bench: Bench, body: Any, client: str = "cso", place: str = PLACE, **headers: str) -> Any:
    return await call(bench, client, "PUT", NEW, place, body, **headers)


async def listed(bench: Bench, client: str) -> Any:
    return data(await call(bench, client, "GET", NEW, f"sender/{MODULE}"))


async def sent(bench: Bench) -> list[tuple[str, str, Rendered]]:
    """What waits for whom, and as what request it goes out."""
    found = []
    for row in await bench.rows("SELECT * FROM gateway.deliveries WHERE module = :module", module=MODULE):
        leased = Leased(**{name: row[name] for name in Leased.__dataclass_fields__})
        async with bench.engine.connect() as connection:
            (write,) = (await ObjectRenderer(bench.vault).read(connection, [leased])).values()
        found.append((leased.sender, leased.partner, write(V2_3_0)))
    return found


async def test_a_new_record_is_posted_and_a_changed_one_put(bench: Bench) -> None:
    assert ocpi(await post(bench, **routed(CSP)))[:2] == (201, 1000)
    ((sender, partner, request),) = await sent(bench)
    assert (sender, partner, request) == (CSO, CSP, Rendered("POST", "", samples.as_body(invoice())))
    changed = invoice(cdrs=["CDR1", "CDR2"], last_updated=samples.LATER)
    assert ocpi(await put(bench, changed, **routed(CSP)))[:2] == (200, 1000)
    # What was never delivered is new to its receiver, however often it changed.
    assert (await sent(bench))[0][2] == Rendered("POST", "", samples.as_body(changed))
    async with bench.engine.begin() as connection:
        await connection.execute(text("TRUNCATE gateway.deliveries"))
    again = invoice(cdrs=["CDR2"], last_updated=samples.LATER)
    assert ocpi(await put(bench, again, **routed(CSP)))[:2] == (200, 1000)
    assert (await sent(bench))[0][2] == Rendered("PUT", "FR/SUN/R1", samples.as_body(again))
    published = await bench.events("invoice.published")
    assert [(each.version, each.cdr_ids) for each in published] == [(1, ["CDR1"]), (2, ["CDR1", "CDR2"]), (3, ["CDR2"])]


@pytest.mark.ocpi_rule(17)
async def test_the_cdrs_tell_whom_it_is_for_with_direct_billing(bench: Bench) -> None:
    unknown = ocpi(await post(bench))
    assert (unknown[:2], "OCPI-to" in unknown[2]) == ((200, 4001), True)
    await pushed(bench, OLD, "cdrs")
    assert ocpi(await post(bench, invoice(cdrs=["cdr1", "NOT-KNOWN"])))[:2] == (201, 1000)
    assert [each[:2] for each in await sent(bench)] == [(CSO, CSP)]
    assert await listed(bench, "csp") == [invoice(cdrs=["cdr1", "NOT-KNOWN"])]
    assert await listed(bench, "cso") == []


@pytest.mark.ocpi_rule(17)
async def test_the_cdrs_tell_whom_it_is_for_with_reverse_billing(bench: Bench) -> None:
    await pushed(bench, OLD, "cdrs")
    record = invoice(country_code="NL", party_id="CSP")
    assert ocpi(await post(bench, record, "csp"))[:2] == (201, 1000)
    ((sender, partner, request),) = await sent(bench)
    assert (sender, partner, request.method) == (CSP, CSO, "POST")
    assert await listed(bench, "cso") == [record]
    own = await call(bench, "csp", "GET", NEW, f"receiver/{MODULE}/nl/csp/r1")
    assert data(own) == record


async def test_one_record_for_each_of_two_partners(bench: Bench) -> None:
    async with bench.engine.begin() as connection:
        await connection.execute(AGREED)
    try:
        await pushed(bench, OLD, "cdrs")
        token = samples.cdr_token(country_code="AT", party_id="TWO")
        await pushed(bench, OLD, "cdrs", samples.cdr(id="CDR2", cdr_token=token))
        both = ocpi(await post(bench, invoice(cdrs=["CDR1", "CDR2"])))
        assert (both[:2], "AT-TWO, NL-CSP" in both[2]) == ((200, 2001), True)
        for number, party in ((1, CSP), (2, "AT-TWO")):
            body = invoice(cdrs=[f"CDR{number}"])
            assert ocpi(await post(bench, body, **(routed(party) if number == 2 else {})))[:2] == (201, 1000)
        assert await listed(bench, "csp") == [invoice(cdrs=["CDR1"])]
        assert ocpi(await call(bench, "cso", "GET", NEW, PLACE))[1] == 2001
        assert data(await call(bench, "cso", "GET", NEW, PLACE, **routed("AT-TWO"))) == invoice(cdrs=["CDR2"])
        assert ocpi(await call(bench, "cso", "DELETE", NEW, PLACE))[1] == 2001
        assert ocpi(await call(bench, "cso", "DELETE", NEW, PLACE, **routed("AT-TWO")))[:2] == (200, 1000)
        assert data(await call(bench, "cso", "GET", NEW, PLACE)) == invoice(cdrs=["CDR1"])
    finally:
        async with bench.engine.begin() as connection:
            await connection.execute(text("DELETE FROM gateway.agreements WHERE home_csp = 'AT-TWO'"))


async def test_a_record_that_was_an_error_is_taken_back(bench: Bench) -> None:
    assert ocpi(await call(bench, "cso", "DELETE", NEW, PLACE))[0] == 404
    await post(bench, **routed(CSP))
    assert ocpi(await call(bench, "cso", "DELETE", NEW, PLACE))[:2] == (200, 1000)
    assert (await sent(bench))[0][2] == Rendered("DELETE", "FR/SUN/R1")
    assert await listed(bench, "csp") == []
    assert (await call(bench, "cso", "GET", NEW, PLACE)).status_code == 404
    assert (await call(bench, "cso", "DELETE", NEW, PLACE)).status_code == 404
    assert (await bench.events("invoice.published"))[-1].removed is True


@pytest.mark.ocpi_rule(18)
async def test_what_is_refused(bench: Bench) -> None:
    other = ocpi(await put(bench, invoice(id="R2"), **routed(CSP)))
    assert (other[:2], other[2].startswith("id:")) == ((200, 2001), True)
    assert ocpi(await put(bench, invoice(), "other"))[0] == 404
    assert ocpi(await post(bench, client="other"))[:2] == (200, 2001)
    assert ocpi(await post(bench, **routed(OTHER)))[:2] == (200, 4001)
    assert ocpi(await post(bench, invoice(cdrs=["C" * 40]), **routed(CSP)))[:2] == (200, 2001)
    assert ocpi(await post(bench, invoice(cdrs=["C" * 39]), **routed(CSP)))[:2] == (201, 1000)
    stale = invoice(invoice_id="other", last_updated=samples.BEFORE)
    assert ocpi(await put(bench, stale, **routed(CSP)))[:2] == (200, 2001)
    assert ocpi(await post(bench, invoice(cdrs=["c" * 39]), **routed(CSP)))[:2] == (200, 1000)


async def test_2_2_1_does_not_have_it(bench: Bench) -> None:
    for path in (f"sender/{MODULE}", f"receiver/{MODULE}"):
        assert (await call(bench, "cso", "GET", OLD, path)).status_code == 404


async def test_an_agreement_may_leave_it_to_lists(bench: Bench) -> None:
    async with bench.engine.begin() as connection:
        await connection.execute(
            text(f"INSERT INTO gateway.delivery_modes VALUES ('{CSO}', '{CSP}', '{MODULE}', 'NONE')")
        )
    try:
        record = invoice(country_code="NL", party_id="CSP")
        assert ocpi(await post(bench, record, "csp", **routed(CSO)))[:2] == (201, 1000)
        assert ocpi(await post(bench, **routed(CSP)))[:2] == (201, 1000)
        assert await sent(bench) == []
        assert await listed(bench, "cso") == [record]
    finally:
        async with bench.engine.begin() as connection:
            await connection.execute(text("TRUNCATE gateway.delivery_modes"))
