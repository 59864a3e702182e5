import asyncio
from datetime import timedelta

from services.cli.replay_partner import Acknowledged
from services.cli.replay_send import Kind, send_rows, steps
from services.core.errors import Unavailable
from services.exports.files import ImportedSession
from tests.unit.exports.rows import END, START, imported

DONE = Acknowledged(1000, "", None, 200, 1)


def test_steps_come_in_order_of_business_time_and_of_each_row() -> None:
    early = imported("1", started_at=START, ended_at=END)
    late = imported("2", started_at=START + timedelta(minutes=30), ended_at=START + timedelta(minutes=40))
    assert [(each.row, each.kind) for each in steps([late, early])] == [
        (1, Kind.START),
        (0, Kind.START),
        (0, Kind.END),
        (0, Kind.CDR),
        (1, Kind.END),
        (1, Kind.CDR),
    ]


def test_a_row_that_ends_before_it_starts_keeps_its_order() -> None:
    backwards = imported(started_at=END, ended_at=START)
    assert [each.kind for each in steps([backwards])] == [Kind.START, Kind.END, Kind.CDR]


async def test_no_request_of_a_row_starts_before_the_one_before_it_was_answered() -> None:
    log: list[tuple[str, Kind, str]] = []

    async def act(row: ImportedSession, kind: Kind) -> Acknowledged:
        log.append((row.row_id, kind, "asked"))
        for _ in range(int(row.row_id) % 3):
            await asyncio.sleep(0)
        log.append((row.row_id, kind, "answered"))
        return DONE

    rows = [imported(str(number), line=number) for number in range(20)]
    sent = await send_rows(rows, act, 7, lambda _kind: None)
    assert sorted(sent.cdrs) == list(range(20))
    for row in rows:
        mine = [(kind, what) for row_id, kind, what in log if row_id == row.row_id]
        assert mine == [(kind, what) for kind in Kind for what in ("asked", "answered")]


async def test_never_more_in_flight_than_asked_for() -> None:
    running = most = 0

    async def act(_row: ImportedSession, _kind: Kind) -> Acknowledged:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return DONE

    await send_rows([imported(str(number)) for number in range(30)], act, 4, lambda _kind: None)
    assert most == 4


async def test_a_refusal_is_counted_by_reason_with_its_lines_and_the_rest_goes_on() -> None:
    async def act(row: ImportedSession, kind: Kind) -> Acknowledged:
        if row.row_id == "1" and kind is Kind.CDR:
            return Acknowledged(2001, "total_cost is missing", None, 200, 1)
        return DONE

    sent = await send_rows([imported("1", line=2), imported("2", line=3)], act, 2, lambda _kind: None)
    assert sent.refusals == {"cdr: 2001 total_cost is missing": [2]}
    assert sent.cdrs == [3]
    assert sent.acknowledged == {Kind.START: 2, Kind.END: 2, Kind.CDR: 1}


async def test_what_is_never_acknowledged_is_told_by_its_line() -> None:
    async def act(row: ImportedSession, kind: Kind) -> Acknowledged:
        if row.row_id == "1" and kind is Kind.END:
            raise Unavailable("away")
        return DONE

    seen: list[Kind] = []
    sent = await send_rows([imported("1", line=2), imported("2", line=3)], act, 2, seen.append)
    assert sent.unacknowledged == [2]
    assert len(seen) == 6
