"""What is pulled of each module, in both versions, and what that leads to at the receivers."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.core.clock import format_utc, system_clock
from services.gateway.deliveries.rendering import wire
from services.gateway.object_store import newest
from services.gateway.ocpi.versions import V2_2_1
from services.gateway.presence.telling import update_clients
from services.gateway.pulling import store
from services.runtime.work import Work
from tests.integration.gateway.partners import Partner
from tests.integration.gateway.pulling.lists import (
    CSO,
    CSP,
    Shelf,
    again,
    agree,
    held,
    plan,
    pulling,
    registered,
    serve,
    state,
    walked,
)
from tests.integration.gateway.whole import Gateway
from tests.unit.gateway import samples, samples_2_3_0

SAMPLES: dict[str, Any] = {"OCPI-2.2.1": samples, "OCPI-2.3.0": samples_2_3_0}
NOW = system_clock()
RECENT, OLD = format_utc(NOW - timedelta(days=1)), format_utc(NOW - timedelta(days=3))


@pytest.mark.parametrize("protocol", sorted(SAMPLES))
async def test_every_module_is_pulled_in_the_version_that_the_partner_speaks(
    gateway: Gateway, cso: Partner, csp: Partner, tmp_path: Path, protocol: str
) -> None:
    made = SAMPLES[protocol]
    dated = {"start_date_time": RECENT, "last_updated": RECENT}
    shelves = {
        "locations": Shelf([made.location()]),
        "tariffs": Shelf([made.tariff()]),
        "sessions": Shelf([made.session(**dated)]),
        "cdrs": Shelf([made.cdr(**dated, end_date_time=RECENT)]),
    }
    serve(cso, **shelves)
    serve(csp, tokens=Shelf([made.token()]))
    await agree(gateway, CSO, CSP)
    await registered(gateway, tmp_path, CSO, "CSO", cso, *shelves, protocol=protocol)
    await registered(gateway, tmp_path, CSP, "CSP", csp, "tokens", protocol=protocol)
    async with pulling(gateway):
        for module in shelves:
            assert (await walked(gateway, CSO, module))["last_walk"]["new"] == 1, module
        assert (await walked(gateway, CSP, "tokens"))["last_walk"]["new"] == 1
    for module in (*shelves, "tokens"):
        (row,) = await gateway.rows(f"SELECT protocol FROM gateway.{module}")
        assert row["protocol"] == protocol
    sealed = await gateway.rows("SELECT body FROM gateway.tokens UNION ALL SELECT body FROM gateway.cdrs")
    assert all(b"uid" not in bytes(row["body"]) for row in sealed)


@pytest.mark.ocpi_rule(9)
async def test_sessions_and_cdrs_are_asked_for_from_the_agreements_beginning_and_never_removed(
    gateway: Gateway, cso: Partner, tmp_path: Path
) -> None:
    began = NOW - timedelta(days=2)
    fresh = [samples.cdr(id=f"C{n}", start_date_time=RECENT, last_updated=RECENT) for n in range(3)]
    sessions = Shelf([samples.session(start_date_time=RECENT, last_updated=RECENT)])
    cdrs = Shelf([samples.cdr(id="BEFORE", start_date_time=OLD, last_updated=OLD), *fresh])
    serve(cso, sessions=sessions, cdrs=cdrs)
    await registered(gateway, tmp_path, CSO, "CSO", cso, "sessions", "cdrs")
    async with pulling(gateway):
        # Without any agreement nothing is asked for.
        await plan(gateway)
        assert (sessions.asked, cdrs.asked) == ([], [])
        await agree(gateway, CSO, CSP, began)
        await walked(gateway, CSO, "cdrs")
        await walked(gateway, CSO, "sessions")
        assert {each["date_from"] for each in (*sessions.asked, *cdrs.asked)} == {format_utc(began)}
        cdrs.objects.clear()
        row = await again(gateway, CSO, "cdrs", full=True)
        assert row["doubt"] is None
        await again(gateway, CSO, "sessions", full=False)
    assert all("date_from" in each for each in sessions.asked)
    assert await held(gateway, "cdrs") == {"C0", "C1", "C2"}


async def test_a_cdr_that_was_pushed_is_not_cleared_again_and_a_changed_one_is_reported(
    gateway: Gateway, cso: Partner, tmp_path: Path
) -> None:
    cdr = samples.cdr(start_date_time=RECENT, last_updated=RECENT)
    shelf = Shelf([cdr])
    serve(cso, cdrs=shelf)
    await agree(gateway, CSO, CSP)
    await registered(gateway, tmp_path, CSO, "CSO", cso, "cdrs")
    client = gateway.client(f"token-of-{CSO}")
    pushed = await client.post("/ocpi/2.2.1/receiver/cdrs", content=samples.as_body(cdr))
    assert pushed.status_code == 201
    async with pulling(gateway):
        row = await walked(gateway, CSO, "cdrs")
        assert (row["last_walk"]["new"], row["last_walk"]["same"]) == (0, 1)
        # Who pushes is not asked for what changed.
        assert row["delta_due_at"] - row["completed_at"] > timedelta(days=6)
        shelf.objects = [cdr | {"total_energy": 99}]
        row = await again(gateway, CSO, "cdrs", full=True)
    assert row["last_walk"]["wrong"] == 1
    (line,) = await gateway.rows("SELECT * FROM gateway.refusals")
    assert (line["object_id"], line["source"]) == ("CDR1", "PULLED")
    assert "total_energy" in line["reasons"][0]["detail"]
    events = await gateway.rows("SELECT 1 FROM gateway.outbox WHERE topic = 'cdr.submitted'")
    assert len(events) == 1


async def test_invoices_are_pulled_of_either_issuer_behind_the_cdrs_that_tell_for_whom_they_are(
    gateway: Gateway, cso: Partner, csp: Partner, tmp_path: Path
) -> None:
    dated = {"start_date_time": RECENT, "end_date_time": RECENT, "last_updated": RECENT}
    direct = samples_2_3_0.invoice(last_updated=RECENT)
    unknown = direct | {"id": "R2", "cdrs": ["NOBODYS"]}
    reverse = direct | {"country_code": "NL", "party_id": "CSP", "id": "R3"}
    cdrs = Shelf([samples_2_3_0.cdr(**dated)])
    serve(cso, cdrs=cdrs, invoicereconciliation=Shelf([direct, unknown]))
    serve(csp, invoicereconciliation=Shelf([reverse]))
    await agree(gateway, CSO, CSP)
    newer = "OCPI-2.3.0"
    await registered(gateway, tmp_path, CSO, "CSO", cso, "cdrs", "invoicereconciliation", protocol=newer)
    async with pulling(gateway):
        row = await walked(gateway, CSO, "invoicereconciliation")
        assert (row["last_walk"]["new"], row["last_walk"]["wrong"]) == (1, 1)
        await registered(gateway, tmp_path, CSP, "CSP", csp, "invoicereconciliation", protocol=newer)
        await plan(gateway)
        assert (await walked(gateway, CSP, "invoicereconciliation"))["last_walk"]["new"] == 1
    kept = await gateway.rows("SELECT owner, object_id, audience FROM gateway.invoicereconciliation ORDER BY object_id")
    assert [tuple(each.values()) for each in kept] == [(CSO, "R1", CSP), (CSP, "R3", CSO)]
    (line,) = await gateway.rows("SELECT * FROM gateway.refusals")
    assert (line["object_id"], line["source"]) == ("R2", "PULLED")
    # It can be read by whom it is for.
    client = gateway.client(f"token-of-{CSP}")
    listed = (await client.get("/ocpi/2.3.0/sender/invoicereconciliation")).json()["data"]
    assert listed == [direct]


async def test_a_module_that_a_version_does_not_have_is_not_asked_for(
    gateway: Gateway, cso: Partner, tmp_path: Path
) -> None:
    shelf = Shelf([])
    serve(cso, invoicereconciliation=shelf, tariffs=Shelf([]))
    await agree(gateway, CSO, CSP)
    await registered(gateway, tmp_path, CSO, "CSO", cso, "invoicereconciliation", "tariffs")
    async with pulling(gateway):
        await walked(gateway, CSO, "tariffs")
    row = await state(gateway, CSO, "invoicereconciliation")
    assert (row["last_error"], shelf.asked) == ("OCPI-2.2.1 has no such module", [])


@pytest.mark.ocpi_rule(27)
async def test_a_location_that_is_gone_reaches_its_receivers_without_valid_evses(
    gateway: Gateway, cso: Partner, tmp_path: Path
) -> None:
    shelf = Shelf([samples.location(id=name) for name in ("STAYS", "GOES")])
    serve(cso, locations=shelf)
    await agree(gateway, CSO, CSP)
    await registered(gateway, tmp_path, CSO, "CSO", cso, "locations")
    async with pulling(gateway):
        await walked(gateway, CSO, "locations")
        gone = shelf.objects.pop()
        await again(gateway, CSO, "locations", full=True)
        assert await held(gateway, "locations") == {"STAYS"}
        async with gateway.context.engine.connect() as connection:
            row = (await newest(connection, "locations", CSP, [(CSO, "GOES")]))[CSO, "GOES"]
        sent = wire("locations", row, row.body, V2_2_1)
        assert (sent.method, b"REMOVED" in (sent.body or b"")) == ("PUT", True)
        waiting = await gateway.rows("SELECT object_id, object_version FROM gateway.deliveries ORDER BY object_id")
        assert [tuple(each.values()) for each in waiting] == [("GOES", 2), ("STAYS", 1)]
        # Listed again, with the date that it had, it is back.
        shelf.objects.append(gone)
        row_again = await again(gateway, CSO, "locations", full=True)
    assert row_again["last_walk"]["changed"] == 1
    assert await held(gateway, "locations") == {"STAYS", "GOES"}


async def test_after_an_outage_of_ours_everybody_is_asked_for_what_changed(
    gateway: Gateway, cso: Partner, tmp_path: Path
) -> None:
    shelf = Shelf([samples.tariff()])
    serve(cso, tariffs=shelf)
    await registered(gateway, tmp_path, CSO, "CSO", cso, "tariffs")
    async with pulling(gateway):
        row = await walked(gateway, CSO, "tariffs")
        assert row["due_at"] > row["completed_at"] + timedelta(minutes=1)
        await plan(gateway)
        assert (await state(gateway, CSO, "tariffs"))["due_at"] == row["due_at"]
        await gateway.context.transactions.run(_an_hour_passes)
        await plan(gateway)
        row = await walked(gateway, CSO, "tariffs", row["completed_at"])
    assert row["last_walk"]["kind"] == "DELTA"


@pytest.mark.ocpi_rule(28)
async def test_who_comes_back_is_asked_for_what_changed(gateway: Gateway, cso: Partner, tmp_path: Path) -> None:
    serve(cso, tariffs=Shelf([samples.tariff()]))
    await registered(gateway, tmp_path, CSO, "CSO", cso, "tariffs")
    async with pulling(gateway):
        row = await walked(gateway, CSO, "tariffs")
        await gateway.context.transactions.run(update_clients)
        await gateway.context.transactions.run(_it_was_away)
        await gateway.context.transactions.run(update_clients)
        row = await walked(gateway, CSO, "tariffs", row["completed_at"])
    assert row["last_walk"]["kind"] == "DELTA"


async def _it_was_away(work: Work) -> None:
    await work.connection.execute(text("UPDATE gateway.clients SET status = 'OFFLINE'"))


async def _an_hour_passes(work: Work) -> None:
    await work.connection.execute(text("UPDATE gateway.pull_clock SET beat_at = now() - interval '1 hour'"))


async def test_who_registers_anew_is_read_from_the_beginning(gateway: Gateway, cso: Partner, tmp_path: Path) -> None:
    serve(cso, tariffs=Shelf([samples.tariff()]))
    await registered(gateway, tmp_path, CSO, "CSO", cso, "tariffs")
    async with pulling(gateway):
        first = await walked(gateway, CSO, "tariffs")
    await registered(gateway, tmp_path, CSO, "CSO", cso, "tariffs", since=NOW)
    await plan(gateway)
    row = await state(gateway, CSO, "tariffs")
    assert (row["full_completed_at"], row["high_water"], row["walk"]) == (None, None, None)
    async with pulling(gateway):
        row = await walked(gateway, CSO, "tariffs", first["completed_at"])
    assert (row["last_walk"]["kind"], row["last_walk"]["same"]) == ("FULL", 1)


async def test_what_is_switched_off_is_not_asked_for(gateway: Gateway, cso: Partner, tmp_path: Path) -> None:
    shelf = Shelf([samples.tariff()])
    serve(cso, tariffs=shelf, locations=Shelf([]))
    await registered(gateway, tmp_path, CSO, "CSO", cso, "tariffs", "locations", pull={"tariffs": "OFF"})
    async with pulling(gateway):
        await walked(gateway, CSO, "locations")
    row = await state(gateway, CSO, "tariffs")
    assert "switched off" in row["last_error"]
    assert shelf.asked == []


async def test_a_lease_that_was_lost_writes_nothing(gateway: Gateway, cso: Partner, tmp_path: Path) -> None:
    await registered(gateway, tmp_path, CSO, "CSO", cso, "tariffs")
    await plan(gateway)
    run = gateway.context.transactions.run
    (mine,) = await run(lambda work: store.claim(work.connection, uuid4(), work.now, 60, 10))
    assert await run(lambda work: store.claim(work.connection, uuid4(), work.now, 60, 10)) == []
    # An operator begins it anew meanwhile.
    await run(lambda work: store.ask_for(work.connection, CSO, ["tariffs"], work.now, full=True))
    (theirs,) = await run(lambda work: store.claim(work.connection, uuid4(), work.now, 60, 10))
    with pytest.raises(store.LostLease):
        await run(lambda work: store.save(work.connection, mine, last_error="late"))
    await run(lambda work: store.save(work.connection, theirs, last_error="in time"))
    assert (await state(gateway, CSO, "tariffs"))["last_error"] == "in time"
