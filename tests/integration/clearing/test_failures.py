"""A database that fails while a CDR is audited is no verdict: nothing is said, and the CDR gets its own one later."""

import asyncio
from typing import Final

import pytest
from sqlalchemy import text

from services.core.errors import Unavailable
from services.runtime.metrics import REGISTRY
from tests.integration.clearing_rig import Rig, agreement, cdr, in_balance, location, session
from tests.support.waiting import eventually
from tests.unit.clearing.samples import CSO

_END_WHO_WAITS: Final = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND datname = current_database()"""


def _counted() -> float:
    labels = {"partner": CSO, "verdict": "ACCEPTED", "rated": "yes"}
    return REGISTRY.get_sample_value("roamwatt_cdrs_cleared_total", labels) or 0.0


async def _fail_at(rig: Rig, table: str) -> None:
    """Hand in a CDR, and end its database session at the moment at which it asks for this table."""

    async def ended() -> bool:
        return bool(await rig.scalar(_END_WHO_WAITS))

    async with rig.engine.begin() as holder:
        await holder.execute(text(f"LOCK TABLE clearing.{table} IN ACCESS EXCLUSIVE MODE"))
        taking = asyncio.create_task(rig.take("cdr.submitted", cdr()))
        await eventually(ended, what=f"somebody who asks for {table}")
        with pytest.raises(Unavailable):
            await taking


@pytest.mark.parametrize("table", ["agreements", "sessions", "locations", "meter_keys", "cdrs", "ledger_entries"])
async def test_a_database_that_fails_is_no_verdict(rig: Rig, table: str) -> None:
    await rig.take("agreement.concluded", agreement())
    await rig.take("location.published", location())
    await rig.take("session.tracked", session())
    before = _counted()
    await _fail_at(rig, table)
    assert (await rig.said(), await rig.said("ledger.posted")) == ([], [])
    assert await rig.scalar("SELECT count(*) FROM clearing.cdrs") == 0
    assert await rig.scalar("SELECT count(*) FROM clearing.waiting_cdrs") == 0
    assert _counted() == before
    await rig.take("cdr.submitted", cdr())
    assert await rig.verdicts() == {"C1": ("ACCEPTED", [])}
    assert _counted() == before + 1
    await in_balance(rig)
