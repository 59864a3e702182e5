"""Operators see what is pulled, and bring partners in line, over the admin API and a real PostgreSQL."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.gateway.partners import Partner
from tests.integration.gateway.pulling.lists import (
    CSO,
    CSP,
    Shelf,
    agree,
    plan,
    pulling,
    registered,
    serve,
    state,
    walked,
)
from tests.integration.gateway.whole import Gateway
from tests.unit.gateway.samples import tariff


@pytest.fixture
def admin(gateway: Gateway) -> httpx.AsyncClient:
    return gateway.operator()


async def test_lists_are_shown_and_read_anew_by_an_operators_wish(
    gateway: Gateway, cso: Partner, admin: httpx.AsyncClient, tmp_path: Path
) -> None:
    shelf = Shelf([tariff(id=f"T{number}") for number in range(5)])
    serve(cso, tariffs=shelf)
    await registered(gateway, tmp_path, CSO, "CSO", cso, "tariffs")
    await plan(gateway)
    (row,) = (await admin.get("/pulls")).json()["pulls"]
    assert (row["partner"], row["module"], row["situation"], row["full_completed_at"]) == (CSO, "tariffs", "DUE", None)
    async with pulling(gateway):
        first = await walked(gateway, CSO, "tariffs")
        del shelf.objects[1:]
        asked = await admin.post(f"/partners/{CSO}/resync", json={"module": "tariffs", "full": True})
        assert asked.json()["pulls"] == [{"partner": CSO, "module": "tariffs"}]
        await walked(gateway, CSO, "tariffs", first["completed_at"])
    (row,) = (await admin.get("/pulls", params={"of": "fr-sun"})).json()["pulls"]
    assert (row["situation"], row["objects"], row["same"], row["failures"]) == ("IN LINE", 1, 1, 0)
    assert (await admin.get("/pulls", params={"of": "NO-NE0"})).json() == {"pulls": []}


async def test_a_failing_list_is_tried_at_once_when_an_operator_asks(
    gateway: Gateway, cso: Partner, admin: httpx.AsyncClient, tmp_path: Path
) -> None:
    await registered(gateway, tmp_path, CSO, "CSO", cso, "tariffs")
    await plan(gateway)
    await gateway.context.transactions.run(_long_pause)
    asked = await admin.post(f"/partners/{CSO}/resync", json={})
    assert asked.status_code == 200
    row = await state(gateway, CSO, "tariffs")
    assert row["failures"] == 0
    assert row["due_at"].isoformat().replace("+00:00", "Z")[:19] == asked.json()["asked_at"][:19]


async def _long_pause(work: Any) -> None:
    from sqlalchemy import text

    await work.connection.execute(text("UPDATE gateway.pulls SET failures = 9, due_at = now() + interval '1 hour'"))


async def test_what_a_partner_may_see_is_delivered_again(
    gateway: Gateway, cso: Partner, admin: httpx.AsyncClient, tmp_path: Path
) -> None:
    await registered(gateway, tmp_path, CSP, "CSP", cso)
    await agree(gateway, CSO, CSP)
    begun = await admin.post(f"/partners/{CSP}/resync", json={"outgoing": True, "module": "tariffs"})
    assert begun.json()["deliveries"] == [{"partner": CSP, "owner": CSO, "module": "tariffs"}]
    (snapshot,) = await gateway.rows("SELECT * FROM gateway.snapshots")
    assert (snapshot["partner"], snapshot["module"], snapshot["completed_at"]) == (CSP, "tariffs", None)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"module": "cables"}, 422),
        ({"accept_removals": True}, 422),
        ({"outgoing": True, "module": "cdrs"}, 422),
        ({"ful": True}, 422),
        ({}, 404),
        ({"outgoing": True}, 404),
    ],
)
async def test_what_cannot_be_asked_for_is_refused(admin: httpx.AsyncClient, body: dict[str, Any], status: int) -> None:
    assert (await admin.post("/partners/NO-NE0/resync", json=body)).status_code == status
