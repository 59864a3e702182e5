"""A partner that sends rubbish, too much or slowly, and what the others notice of it: nothing."""

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.gateway.settings import LimitSettings
from services.runtime import metrics
from tests.integration.gateway.front_door import CSO, CSP, OTHER, Door, Reply, front_door, read, request
from tests.support.cluster import Cluster
from tests.support.waiting import eventually
from tests.unit.gateway import samples

pytestmark = pytest.mark.asyncio(loop_scope="module")
CDRS, LIST = "/ocpi/2.2.1/receiver/cdrs", "/ocpi/2.2.1/sender/cdrs"
LIMITS = LimitSettings(requests_per_minute=200, max_concurrent_requests=4, failed_authentications_per_minute=5)
LISTENER = {
    "receive_seconds": 3,
    "max_concurrent_requests": 20,
    "max_connections": 100,
    "max_connections_per_address": 50,
}
ELSEWHERE = "127.0.0.2"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    with cluster.database() as url:
        async with front_door(url, tmp_path_factory.mktemp("door"), listener=LISTENER, limits=LIMITS) as door:
            yield door


async def all_is_well(door: Door, name: str) -> None:
    """Another partner's requests are answered as ever."""
    for number in range(5):
        posted = await door.ask("POST", CDRS, samples.as_body(samples.cdr(id=f"{name}-{number}")), who=CSO)
        assert posted.told == (201, 1000)
    listed = await door.ask("GET", LIST, who=CSP)
    assert {f"{name}-{number}" for number in range(5)} <= {each["id"] for each in listed.ocpi["data"]}


def refused(module: str, reason: str, platform: str = OTHER) -> float:
    labels = {"platform": platform, "module": module, "reason": reason}
    return metrics.REGISTRY.get_sample_value("roamwatt_requests_refused_total", labels) or 0.0


async def test_one_that_sends_rubbish(door: Door) -> None:
    bodies = [b"\xff" * 10_000, b"[" * 50_000, b'{"id":1,"id":1}', samples.as_body(samples.cdr(id="X" * 50))]

    async def rubbish() -> None:
        for number in range(40):
            reply = await door.ask("POST", CDRS, bodies[number % 4], who=OTHER)
            assert reply.told in {(400, 2000), (200, 2001)}

    sending = [asyncio.create_task(rubbish()) for _ in range(3)]
    await all_is_well(door, "rubbish")
    await asyncio.gather(*sending)


async def test_one_that_sends_bodies_too_large(door: Door) -> None:
    for _ in range(3):
        assert (
            await door.ask("PUT", "/ocpi/2.2.1/receiver/tariffs/DE/ZZZ/T1", b"x" * 400_001, who=OTHER)
        ).status == 413
    assert refused("tariffs", "body") == 3
    await all_is_well(door, "large")


@pytest.mark.ocpi_rule(1)
async def test_one_that_asks_too_often_is_told_when_to_come_again(door: Door) -> None:
    # However slow the machine is: three requests a second are allowed on end, and more than those are sent.
    over: list[Reply] = []
    for _ in range(5_000):
        reply = await door.ask("GET", "/ocpi/2.2.1/sender/tariffs", who=OTHER)
        over += [reply] if reply.status != 200 else []
        if len(over) == 20:
            break
    assert {reply.told for reply in over} == {(429, 2000)}
    assert all(int(reply.headers["retry-after"]) >= 1 for reply in over)
    assert over[0].headers["x-request-id"]
    assert refused("tariffs", "rate") == len(over)
    # Another module of its own goes on, and so does the same module for everybody else.
    assert (await door.ask("GET", "/ocpi/2.2.1/sender/locations", who=OTHER)).told == (200, 1000)
    assert (await door.ask("GET", "/ocpi/2.2.1/sender/tariffs", who=CSP)).told == (200, 1000)
    await all_is_well(door, "often")


async def test_one_that_sends_slowly_has_its_own_places_alone_and_loses_them_in_time(door: Door) -> None:
    slow = [await begun(door, OTHER) for _ in range(LIMITS.max_concurrent_requests)]
    reply = await eventually_refused(door)
    assert (reply.told, reply.headers["retry-after"]) == ((429, 2000), "1")
    await all_is_well(door, "slow")
    # Cut off, unanswered, once its time is over.
    assert [await reader.read() for reader, _ in slow] == [b""] * len(slow)
    assert (await door.ask("GET", "/ocpi/2.2.1/sender/sessions", who=OTHER)).told == (200, 1000)
    for _, writer in slow:
        writer.close()


async def test_one_that_nobody_knows_is_answered_before_its_body_is_there(door: Door) -> None:
    for _ in range(3):
        reader, writer = await begun(door, None)
        assert (await read(reader)).told == (401, 2000)
        writer.close()


@pytest.mark.skipif(sys.platform != "linux", reason="needs a second loopback address")
async def test_one_that_opens_connections_without_end_has_those_of_its_address_alone(door: Door) -> None:
    opened = [await connect(door) for _ in range(60)]
    await all_is_well(door, "connections")
    closed = [reader.at_eof() or await ends(reader) for reader, _ in opened]
    assert sum(closed) >= 10
    for _, writer in opened:
        writer.close()


async def test_one_that_guesses_tokens_is_not_looked_up_any_more_and_the_known_pass(door: Door) -> None:
    await all_is_well(door, "guess")
    replies = [await door.ask("GET", LIST, who=f"guess {number}") for number in range(8)]
    # The tests before failed from this address as well.
    assert {reply.told for reply in replies} <= {(401, 2000), (429, 2000)}
    assert replies[-1].told == (429, 2000)
    assert refused("", "failures", platform="") >= 1
    await all_is_well(door, "guesses")


async def begun(door: Door, who: str | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A request whose body does not come."""
    reader, writer = await door.connect()
    writer.write(request("POST", CDRS, who=who, headers=["content-length: 1000"]) + b"{")
    await writer.drain()
    return reader, writer


async def eventually_refused(door: Door) -> Reply:
    found: list[Reply] = []

    async def is_refused() -> bool:
        found.append(await door.ask("GET", "/ocpi/2.2.1/sender/sessions", who=OTHER))
        return found[-1].status != 200

    await eventually(is_refused)
    return found[-1]


async def connect(door: Door) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", door.port, ssl=door.tls, local_addr=(ELSEWHERE, 0))


async def ends(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(0.05):
            return await reader.read() == b""
    except (TimeoutError, ConnectionError):
        return isinstance(reader.exception(), ConnectionError)
