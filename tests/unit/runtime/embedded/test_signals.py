"""What a signal does to a coroutine that runs."""

import asyncio
import logging
import signal

import pytest

from services.runtime.embedded import signals


async def _forever(ended: list[str], on_its_way: asyncio.Event | None = None) -> None:
    try:
        if on_its_way is not None:
            on_its_way.set()
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)
        ended.append("cleaned up")


def test_what_a_coroutine_returns_is_returned_and_what_it_raises_is_raised() -> None:
    async def fails() -> None:
        raise ValueError("its own")

    assert signals.run(asyncio.sleep(0, "done")) == "done"
    with pytest.raises(ValueError, match="its own"):
        signals.run(fails())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda each: each.name)
def test_a_signal_in_whatever_task_ends_the_whole_once_it_has_cleaned_up(
    number: signal.Signals, caplog: pytest.LogCaptureFixture
) -> None:
    ended: list[str] = []

    async def main() -> None:
        on_its_way = asyncio.Event()

        async def another() -> None:
            await on_its_way.wait()
            signal.raise_signal(number)
            await asyncio.Event().wait()

        other = asyncio.create_task(another())
        try:
            await _forever(ended, on_its_way)
        finally:
            ended.append("cancelled" if other.cancel() else "ended by itself")

    former = signal.getsignal(number)
    with caplog.at_level(logging.ERROR, "asyncio"), pytest.raises(KeyboardInterrupt):
        signals.run(main())
    assert ended == ["cleaned up", "cancelled"]
    assert caplog.records == []
    assert signal.getsignal(number) is former


def test_what_fails_because_it_was_cancelled_is_no_failure_of_its_own() -> None:
    async def main() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise OSError("a connection that was cut off") from None

    with pytest.raises(KeyboardInterrupt):
        signals.run(main())
