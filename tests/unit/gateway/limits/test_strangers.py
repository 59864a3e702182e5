import asyncio

import pytest

from services.core.errors import Unavailable
from services.gateway.limits.refusing import TooMany
from services.gateway.limits.strangers import Strangers, caller
from services.gateway.partners.peers import Peer, Unauthorized
from services.gateway.settings import LimitSettings

SETTINGS = LimitSettings(failed_authentications_per_minute=2, max_lookups=1, max_waiting_lookups=1, max_remembered=2)
PEER = Peer("p", frozenset(), {}, registered=True)


class Book:
    """Knows some tokens."""

    def __init__(self, *good: str) -> None:
        self.good, self.asked = set(good), 0

    async def __call__(self, authorization: str | None) -> Peer:
        self.asked += 1
        if authorization not in self.good:
            raise Unauthorized("nobody has this token")
        return PEER


def strangers(now: float = 0.0) -> Strangers:
    return Strangers(SETTINGS, lambda: now)


async def fail(door: Strangers, book: Book, address: str, times: int = 2) -> None:
    for number in range(times):
        with pytest.raises(Unauthorized):
            await door.authenticate(f"bad {number}", address, book)


async def test_an_address_that_failed_too_often_is_not_looked_up_any_more() -> None:
    door, book = strangers(), Book("good")
    await fail(door, book, "192.0.2.1")
    with pytest.raises(TooMany) as caught:
        await door.authenticate("bad", "192.0.2.1", book)
    assert (book.asked, caught.value.retry_after_seconds) == (2, 30)
    await fail(door, book, "192.0.2.2", times=1)


async def test_who_was_known_before_is_not_shut_out_by_its_neighbour_until_its_token_is_dead() -> None:
    door, book = strangers(), Book("good")
    assert await door.authenticate("good", "192.0.2.1", book) is PEER
    await fail(door, book, "192.0.2.1")
    assert await door.authenticate("good", "192.0.2.1", book) is PEER
    book.good.clear()
    with pytest.raises(Unauthorized):
        await door.authenticate("good", "192.0.2.1", book)
    with pytest.raises(TooMany):
        await door.authenticate("good", "192.0.2.1", book)


async def test_few_unknown_tokens_are_looked_up_at_once_and_few_wait() -> None:
    door, going, book = strangers(), asyncio.Event(), Book()

    async def slow(_authorization: str | None) -> Peer:
        book.asked += 1
        await going.wait()
        return PEER

    async def unavailable(number: int) -> bool:
        try:
            await door.authenticate(f"t{number}", "192.0.2.1", slow)
        except Unavailable:
            return True
        return False

    asking = [asyncio.create_task(unavailable(number)) for number in range(5)]
    done, _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
    assert book.asked == 1
    going.set()
    assert sorted(await asyncio.gather(*asking)) == [False, False, True, True, True]
    assert len(done) == 3


@pytest.mark.parametrize(
    ("address", "who"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_failures_are_counted_by_what_one_host_can_have(address: str, who: str) -> None:
    assert caller(address) == who
