"""Clearing takes whole batches, bounded ones, and beside another replica, and misses nothing."""

import asyncio
from typing import Any

from sqlalchemy.event import listen

from tests.integration.clearing_rig import Rig, agreement, in_balance, on, running, session


async def test_a_large_batch_takes_a_handful_of_statements(rig: Rig) -> None:
    numbers, statements = range(300), 0

    def count(*_: Any) -> None:
        nonlocal statements
        statements += 1

    await rig.take("agreement.concluded", agreement())
    listen(rig.engine.sync_engine, "before_cursor_execute", count)
    await rig.take("cdr.submitted", *(on(number, session_id=f"S{number}") for number in numbers))
    assert await rig.scalar("SELECT count(*) FROM clearing.waiting_cdrs") == len(numbers)
    await rig.take("session.tracked", *(session(session_id=f"S{n}", connector_id=f"{n}") for n in numbers))
    assert statements < 30
    assert {verdict for verdict, _ in (await rig.verdicts()).values()} == {"ACCEPTED"}
    assert len(await rig.said()) == len(numbers)
    await in_balance(rig)


async def test_bounded_batches_reach_all_that_wait(database_url: str) -> None:
    async with running(database_url, max_waiting_batch_rows=2) as rig:
        await rig.take("agreement.concluded", agreement())
        await rig.take("cdr.submitted", *(on(number, session_id="S1") for number in range(5)))
        await rig.take("session.tracked", session())
        assert len(await rig.said()) == 2
        assert await rig.tick()
        assert not await rig.tick()
        assert len(await rig.verdicts()) == 5


async def test_two_replicas_that_meet_miss_nothing(rig: Rig) -> None:
    await rig.take("agreement.concluded", agreement())
    cdrs = [on(number, session_id=f"S{number}") for number in range(40)]
    sessions = [session(session_id=f"S{number}", connector_id=f"{number}") for number in range(40)]
    for begin in range(0, 40, 10):
        batch = slice(begin, begin + 10)
        await asyncio.gather(
            rig.take("cdr.submitted", *cdrs[batch]), rig.take("session.tracked", *reversed(sessions[batch]))
        )
    assert len(await rig.verdicts()) == 40
    assert {verdict for verdict, _ in (await rig.verdicts()).values()} == {"ACCEPTED"}


async def test_two_replicas_that_clear_one_connector_see_the_overlap(rig: Rig) -> None:
    await rig.take("agreement.concluded", agreement())
    for number in range(0, 20, 2):
        place = on(number).location
        first, second = on(number, location=place), on(number + 1, location=place)
        await asyncio.gather(rig.take("cdr.submitted", first), rig.take("cdr.submitted", second))
    overlapping = [name for name, (_, codes) in (await rig.verdicts()).items() if "CONNECTOR_OVERLAP" in codes]
    assert len(overlapping) == 10


async def test_two_replicas_that_clear_one_credential_see_the_overlap(rig: Rig) -> None:
    await rig.take("agreement.concluded", agreement())
    for number in range(0, 20, 2):
        who = f"driver-{number}"
        first, second = on(number, pseudonym=who), on(number + 1, pseudonym=who)
        await asyncio.gather(rig.take("cdr.submitted", first), rig.take("cdr.submitted", second))
    overlapping = [name for name, (_, codes) in (await rig.verdicts()).items() if "CREDENTIAL_OVERLAP" in codes]
    assert len(overlapping) == 10


async def test_two_replicas_that_need_the_same_locks_in_other_orders_both_go_on(rig: Rig) -> None:
    await rig.take("agreement.concluded", agreement())
    cdrs = [on(number, pseudonym=f"driver-{number}") for number in range(20)]
    others = [on(100 + n, location=on(n).location, pseudonym=f"driver-{19 - n}") for n in range(20)]
    await asyncio.gather(rig.take("cdr.submitted", *cdrs), rig.take("cdr.submitted", *reversed(others)))
    found = await rig.verdicts()
    overlapping = {name for name, (_, codes) in found.items() if {"CONNECTOR_OVERLAP", "CREDENTIAL_OVERLAP"} & {*codes}}
    assert (len(found), len(overlapping)) == (40, 20)
