import asyncio
from collections.abc import Collection, Mapping

import pytest

from services.core.errors import Unavailable
from services.gateway.partners.together import Together


class Source:
    """Knows the lengths of words, but for those that nobody knows."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.error: BaseException | None = None
        self.begun, self.go = asyncio.Event(), asyncio.Event()
        self.go.set()

    async def load(self, words: Collection[str]) -> Mapping[str, int]:
        self.asked.append(sorted(words))
        self.begun.set()
        await self.go.wait()
        if self.error is not None:
            raise self.error
        return {word: len(word) for word in words if word != "nobody"}


async def test_what_is_asked_for_at_once_is_looked_up_at_once() -> None:
    source = Source()
    together = Together(source.load)
    found = await asyncio.gather(*(together.get(word) for word in ("a", "bb", "a", "nobody")))
    assert found == [1, 2, 1, None]
    assert await together.get("ccc") == 3
    assert source.asked == [["a", "bb", "nobody"], ["ccc"]]


async def test_who_comes_while_others_are_looked_up_is_next() -> None:
    source = Source()
    source.go.clear()
    together = Together(source.load)
    first = asyncio.create_task(together.get("a"))
    await source.begun.wait()
    # What is asked for again meanwhile may have changed since.
    others = [asyncio.create_task(together.get(word)) for word in ("a", "bb")]
    await asyncio.sleep(0)
    source.go.set()
    assert [await first, *(await asyncio.gather(*others))] == [1, 1, 2]
    assert source.asked == [["a"], ["a", "bb"]]


async def test_an_error_is_everybodys_and_the_next_is_tried_again() -> None:
    source = Source()
    source.error = Unavailable("away")
    together = Together(source.load)
    for error in await asyncio.gather(together.get("a"), together.get("b"), return_exceptions=True):
        assert error is source.error
    source.error = None
    assert await together.get("a") == 1


async def test_who_gives_up_takes_nothing_from_the_others() -> None:
    source = Source()
    source.go.clear()
    together = Together(source.load)
    impatient, patient = (asyncio.create_task(together.get("a")) for _ in range(2))
    await source.begun.wait()
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    source.go.set()
    assert await patient == 1
