"""What an agreement makes visible is queued for the counterpart, page by page, over a real PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from services.core.clock import system_clock
from services.gateway.object_store import Key, ObjectStore, Row
from services.gateway.settings import SnapshotSettings
from services.gateway.snapshots import queue_page, restart_snapshots
from services.runtime.work import Work
from tests.integration.gateway.whole import SINCE, Gateway, agreed, whole

CSO, CSP = "FR-SUN", "NL-CSP"


@pytest.fixture
async def gateway(database_url: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    async with whole(database_url, tmp_path, snapshots=SnapshotSettings(settle_seconds=0.001)) as here:
        rows = [_row(CSO, f"LOC{number}") for number in range(5)]
        rows += [_row(CSO, "LOC1", audience=CSP, version=7), _row(CSO, "SECRET", audience="DE-OTH")]
        rows += [_row(CSO, "GONE", removed=True), _row("FR-ZZZ", "FOREIGN")]
        await here.context.transactions.run(lambda work: _store(work, "locations", rows))
        await here.context.transactions.run(lambda work: _store(work, "tokens", [_row(CSP, "pseudonym")]))
        yield here


async def test_every_visible_object_is_queued_once_page_by_page(gateway: Gateway) -> None:
    await gateway.take("agreement.concluded", agreed(CSO, CSP))
    assert await _pages(gateway, rows=2) == 3 + 1 + 1
    assert await _queued(gateway) == {
        *((CSP, "locations", CSO, f"LOC{number}", 7 if number == 1 else 1) for number in range(5)),
        (CSO, "tokens", CSP, "pseudonym", 1),
    }
    progress = await gateway.rows("SELECT module, queued, completed_at FROM gateway.snapshots ORDER BY module")
    assert [(each["module"], each["queued"]) for each in progress] == [("locations", 5), ("tariffs", 0), ("tokens", 1)]
    assert all(each["completed_at"] for each in progress)


async def test_an_agreement_of_later_is_delivered_later(gateway: Gateway) -> None:
    await gateway.take("agreement.concluded", agreed(CSO, CSP, valid_from=system_clock() + timedelta(days=1)))
    assert await _pages(gateway, rows=2) == 0


async def test_older_news_of_an_agreement_changes_nothing(gateway: Gateway) -> None:
    await gateway.take("agreement.concluded", agreed(CSO, CSP, version=2, status="ENDED"))
    await gateway.take("agreement.concluded", agreed(CSO, CSP, version=1))
    assert await gateway.wiring.book.agreements.counterparts(CSO) == []
    assert await _pages(gateway, rows=2) == 0


async def test_the_end_of_an_agreement_takes_back_the_state_that_waits(gateway: Gateway) -> None:
    await gateway.take("agreement.concluded", agreed(CSO, CSP))
    await _pages(gateway, rows=100)
    assert len(await gateway.wiring.book.agreements.counterparts(CSO)) == 1
    await gateway.take("agreement.concluded", agreed(CSO, CSP, version=2, status="ENDED"))
    assert await _queued(gateway) == set()
    gateway.forget()
    assert await gateway.wiring.book.agreements.counterparts(CSP) == []


async def test_who_registers_anew_gets_everything_again(gateway: Gateway) -> None:
    await gateway.take("agreement.concluded", agreed(CSO, CSP))
    await _pages(gateway, rows=100)
    await gateway.context.transactions.run(lambda work: restart_snapshots(work.connection, [CSP], work.now))
    assert await _pages(gateway, rows=100) == 2


async def test_an_agreement_counts_from_its_first_to_before_its_last_moment(gateway: Gateway) -> None:
    now = system_clock()
    await gateway.take("agreement.concluded", agreed(CSO, CSP, valid_from=now, valid_until=now + timedelta(hours=1)))
    (agreement,) = await gateway.wiring.book.agreements.counterparts(CSP)
    assert agreement.counterpart(CSP) == CSO
    assert agreement.is_valid(now)
    assert not agreement.is_valid(now + timedelta(hours=1))
    assert await gateway.wiring.book.agreements.between(CSO, CSP) == agreement
    assert await gateway.wiring.book.agreements.between(CSP, CSO) is None


async def _pages(gateway: Gateway, rows: int) -> int:
    pages = 0
    while await gateway.context.transactions.run(lambda work: queue_page(work, rows)):
        pages += 1
    return pages


async def _queued(gateway: Gateway) -> set[tuple[str, str, str, str, int]]:
    rows = await gateway.rows("SELECT partner, module, owner, object_id, object_version FROM gateway.deliveries")
    return {(r["partner"], r["module"], r["owner"], r["object_id"], r["object_version"]) for r in rows}


def _row(owner: str, object_id: str, audience: str = "", version: int = 1, *, removed: bool = False) -> Row:
    key = Key.of(owner, object_id, audience)
    return Row(key, object_id, "", version, removed, SINCE, None, b"{}", "OCPI-2.2.1")


async def _store(work: Work, module: str, rows: list[Row]) -> None:
    await ObjectStore(module).insert(work, rows)
