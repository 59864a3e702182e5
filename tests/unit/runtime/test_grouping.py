"""Groups of requests: one transaction for many, and each its own answer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from services.core.errors import BadContent, Unavailable
from services.runtime.grouping import Grouper


class Transactions:
    """Counts transactions; `away` makes them fail."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.away = False

    async def run(self, act: Callable[[Any], Awaitable[Any]]) -> Any:
        await asyncio.sleep(0)
        if self.away:
            raise Unavailable("away")
        return await act(self)


async def decide(work: Any, requests: Sequence[int]) -> list[int]:
    work.sizes.append(len(requests))
    if 13 in requests:
        raise BadContent("13")
    return [10 * request for request in requests]


def grouper(transactions: Transactions, queue: int = 100) -> Grouper[int, int]:
    return Grouper(transactions, decide, max_batch_requests=8, max_wait_milliseconds=0, max_queue_requests=queue)


async def test_requests_share_transactions_and_get_their_own_answers() -> None:
    transactions = Transactions()
    tested = grouper(transactions)
    running = asyncio.create_task(tested.run())
    answers = await asyncio.gather(*(tested.submit(n) for n in range(13)))
    running.cancel()
    assert answers == [10 * n for n in range(13)]
    assert transactions.sizes == [8, 5]


async def test_the_one_request_that_is_refused_is_found_and_the_others_are_answered() -> None:
    tested = grouper(Transactions())
    running = asyncio.create_task(tested.run())
    answers = await asyncio.gather(*(tested.submit(n) for n in range(10, 17)), return_exceptions=True)
    running.cancel()
    assert [a for a in answers if isinstance(a, int)] == [100, 110, 120, 140, 150, 160]
    assert isinstance(answers[3], BadContent)


async def test_a_full_queue_and_a_database_that_is_away_are_unavailable() -> None:
    transactions = Transactions()
    tested = grouper(transactions, queue=1)
    waiting = asyncio.create_task(tested.submit(1))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="too many"):
        await tested.submit(2)
    transactions.away = True
    running = asyncio.create_task(tested.run())
    with pytest.raises(Unavailable, match="away"):
        await waiting
    running.cancel()


async def test_what_waits_at_the_end_is_told_so() -> None:
    tested = grouper(Transactions())
    waiting = asyncio.create_task(tested.submit(1))
    await asyncio.sleep(0)
    running = asyncio.create_task(tested.run())
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(Unavailable, match="stopping"):
        await waiting


async def test_a_commit_is_told_before_its_answers_and_a_failure_is_not() -> None:
    transactions, told = Transactions(), list[str]()
    tested: Grouper[int, int] = Grouper(
        transactions,
        decide,
        max_batch_requests=8,
        max_wait_milliseconds=0,
        max_queue_requests=8,
        on_committed=lambda: told.append("committed"),
    )
    running = asyncio.create_task(tested.run())
    assert await tested.submit(1) == 10
    assert told == ["committed"]
    transactions.away = True
    with pytest.raises(Unavailable):
        await tested.submit(1)
    running.cancel()
    assert told == ["committed"]
