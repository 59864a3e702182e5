"""SIGINT, SIGTERM and SIGHUP: noticed at safe points while processes start and stop, raised otherwise."""

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
T = TypeVar("T")


@contextmanager
def noticing(asked_to_stop: threading.Event) -> Iterator[None]:
    """Only set the event on a signal: an exception between starting a process and noting its pid would lose it."""
    with _handling(lambda _number, _frame: asked_to_stop.set()):
        yield


@contextmanager
def raising() -> Iterator[None]:
    """Raise KeyboardInterrupt for all three, so that `with` blocks clean up as they do after a Ctrl-C."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handling(interrupt):
        yield


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine as `asyncio.run` does; all three cancel it, so that its `with` blocks clean up.

    An exception that is raised between any two steps of a loop would end some other task instead.

    Raises:
        KeyboardInterrupt: when it was cancelled, and has cleaned up.
    """
    asked_to_stop = threading.Event()
    try:
        return asyncio.run(_until(asked_to_stop, main))
    except (Exception, asyncio.CancelledError):
        if asked_to_stop.is_set():
            raise KeyboardInterrupt from None
        raise


async def _until(asked_to_stop: threading.Event, main: Coroutine[Any, Any, T]) -> T:
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(main)

    def stop() -> None:
        asked_to_stop.set()
        task.cancel()

    def noticed(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop)

    with _handling(noticed):
        return await task


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # Python delivers signals to the main thread only
        return
    former = {number: signal.signal(number, handler) for number in _STOPPING}
    try:
        yield
    finally:
        for number, previous in former.items():
            signal.signal(number, previous)
