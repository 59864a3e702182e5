"""Loops that run as long as the service does: one that ends or fails begins again, after a bounded wait."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from services.core.errors import Unavailable
from services.runtime import metrics
from services.runtime.backoff import Backoff
from services.runtime.logs import logger
from services.runtime.service import Timer
from services.runtime.settings import ProcessSettings
from services.runtime.work import Transactions

_log = logger(__name__)


async def supervise(name: str, loop: Callable[[], Awaitable[None]], settings: ProcessSettings) -> None:
    """Run a loop for ever; a loop that ran for longer than the longest wait is restarted after the shortest."""
    backoff = Backoff(settings.restart_min_seconds, settings.restart_max_seconds)
    while True:
        began = time.monotonic()
        try:
            await loop()
            _log.warning("loop ended; it begins again", loop=name)
        except Unavailable as error:
            _log.warning("loop stopped; it begins again", loop=name, reason=error)
        except Exception:
            _log.exception("loop failed; it begins again", loop=name)
        metrics.LOOP_RESTARTS.labels(name).inc()
        if time.monotonic() - began > settings.restart_max_seconds:
            backoff.reset()
        await asyncio.sleep(backoff.next_seconds())


async def run_timer(timer: Timer, transactions: Transactions) -> None:
    """Run a timer's act every so often, each in one work, and again at once while it returns True.

    An act that fails is logged and counted; the next one tries again.
    """
    while True:
        again = await _act(timer, transactions)
        await asyncio.sleep(0 if again else timer.every_seconds)


async def _act(timer: Timer, transactions: Transactions) -> bool:
    try:
        with metrics.TIMER_SECONDS.labels(timer.name).time():
            return await transactions.run(timer.act)
    except Unavailable as error:
        _log.warning("timer could not act", timer=timer.name, reason=error)
    except Exception:
        _log.exception("timer failed", timer=timer.name)
    metrics.TIMER_FAILURES.labels(timer.name).inc()
    return False
