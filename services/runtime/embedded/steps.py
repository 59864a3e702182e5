"""Telling what a start did, and how long it took."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

OnStep = Callable[[str, float], None]
"""Called after each step of a start with what was done and the seconds it took."""


def silent(_step: str, _seconds: float) -> None:
    """Tell nothing."""


@contextmanager
def timed(step: str, on_step: OnStep) -> Iterator[None]:
    """Tell of the step once it is done; one that fails is not told of."""
    began = time.monotonic()
    yield
    on_step(step, time.monotonic() - began)
