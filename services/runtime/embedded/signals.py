"""SIGINT, SIGTERM and SIGHUP: noticed at safe points while processes start and stop, raised otherwise."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


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
