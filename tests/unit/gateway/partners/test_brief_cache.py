import asyncio

from services.gateway.partners.brief_cache import BriefCache


class Source:
    def __init__(self) -> None:
        self.loaded: list[str] = []
        self.now = 0.0

    async def load(self, key: str) -> str:
        self.loaded.append(key)
        self.now += 0.4
        return f"{key}{len(self.loaded)}"


async def test_it_loads_again_when_an_entry_is_old() -> None:
    source = Source()
    cache: BriefCache[str, str] = BriefCache(10, 1.0, lambda: source.now)
    assert [await cache.get("a", source.load), await cache.get("a", source.load)] == ["a1", "a1"]
    source.now = 0.99
    assert await cache.get("a", source.load) == "a1"
    # Its life counts from before it was loaded.
    source.now = 1.0
    assert await cache.get("a", source.load) == "a2"


async def test_it_is_bounded() -> None:
    source = Source()
    cache: BriefCache[str, str] = BriefCache(2, 100.0, lambda: source.now)
    for key in "abc":
        await cache.get(key, source.load)
    await cache.get("c", source.load)
    await cache.get("a", source.load)
    assert source.loaded == ["a", "b", "c", "a"]


async def test_it_forgets() -> None:
    source = Source()
    cache: BriefCache[str, str] = BriefCache(2, 100.0, lambda: source.now)
    await cache.get("a", source.load)
    cache.clear()
    assert await cache.get("a", source.load) == "a2"


class Slow:
    """A source that answers when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def load(self, _key: str) -> str:
        self.asked += 1
        return await self.answer


async def test_of_many_who_ask_at_once_one_loads() -> None:
    source = Slow()
    cache: BriefCache[str, str] = BriefCache(2, 1.0, lambda: 0.0)
    waiting = [asyncio.create_task(cache.get("a", source.load)) for _ in range(5)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    source.answer.set_result("x")
    assert await asyncio.gather(*waiting[1:]) == ["x"] * 4
    assert source.asked == 1


async def test_a_failure_reaches_all_who_wait_and_is_not_kept() -> None:
    source = Slow()
    cache: BriefCache[str, str] = BriefCache(2, 1.0, lambda: 0.0)
    waiting = [asyncio.create_task(cache.get("a", source.load)) for _ in range(3)]
    await asyncio.sleep(0)
    source.answer.set_exception(ValueError("away"))
    assert [str(each) for each in await asyncio.gather(*waiting, return_exceptions=True)] == ["away"] * 3
    assert await cache.get("a", Source().load) == "a1"


async def test_what_was_being_loaded_when_it_forgot_is_not_kept() -> None:
    source = Slow()
    cache: BriefCache[str, str] = BriefCache(2, 1.0, lambda: 0.0)
    waiting = asyncio.create_task(cache.get("a", source.load))
    await asyncio.sleep(0)
    cache.clear()
    source.answer.set_result("old")
    assert await waiting == "old"
    assert await cache.get("a", Source().load) == "a1"
