import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from services.core.errors import Unavailable
from services.runtime import metrics
from services.runtime.service import Timer
from services.runtime.settings import ProcessSettings
from services.runtime.supervise import run_timer, supervise
from services.runtime.work import Transactions, Work
from tests.support.waiting import eventually

FAST = ProcessSettings(restart_min_seconds=0.001, restart_max_seconds=0.002)


class InlineTransactions:
    async def run(self, act: Callable[[Work], Awaitable[Any]]) -> Any:
        return await act(cast(Work, None))


async def stopped(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("failure", [None, Unavailable("away"), ValueError("bug")])
async def test_loop_that_ends_or_fails_begins_again_and_is_counted(failure: Exception | None) -> None:
    runs: list[int] = []

    async def loop() -> None:
        runs.append(1)
        if failure:
            raise failure

    name = f"loop {failure!r}"
    task = asyncio.create_task(supervise(name, loop, FAST))
    await eventually(lambda: len(runs) >= 3)
    await stopped(task)
    restarts = metrics.REGISTRY.get_sample_value("roamwatt_loop_restarts_total", {"loop": name})
    assert restarts is not None
    assert restarts >= 2


async def timed(*results: bool | Exception, every_seconds: float) -> int:
    """How often a timer acted while its results lasted; then it is held."""
    left, acts = list(results), 0

    async def act(_work: Work) -> bool:
        nonlocal acts
        acts += 1
        result = left.pop(0) if left else await asyncio.get_running_loop().create_future()
        if isinstance(result, Exception):
            raise result
        return bool(result)

    task = asyncio.create_task(run_timer(Timer("t", every_seconds, act), cast(Transactions, InlineTransactions())))
    for _ in range(50):
        await asyncio.sleep(0)
    if every_seconds < 1:
        await eventually(lambda: acts > len(results))
    await stopped(task)
    return acts


async def test_timer_acts_again_at_once_while_there_is_more() -> None:
    assert await timed(True, True, False, True, every_seconds=3600) == 3


async def test_timer_goes_on_after_failures() -> None:
    assert await timed(ValueError("bug"), Unavailable("away"), False, every_seconds=0.001) == 4
