"""Kafka or PostgreSQL are away, and a replica comes back from the dead: no loss, no double, recovery by itself."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from services.exports import objects
from services.runtime.embedded.deployment import Deployment
from tests.faults.misfortunes import Misfortunes
from tests.faults.pair import Pair, charged, registered_pair
from tests.faults.settling import cleared_count, settled
from tests.faults.traffic import Traffic
from tests.support.waiting import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(deployment: Deployment) -> AsyncIterator[Pair]:
    async with registered_pair(deployment) as registered:
        yield registered


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def traffic(pair: Pair) -> Traffic:
    """The module's one record of what was acknowledged: each test adds to it and compares all of it."""
    return Traffic(pair)


@pytest.fixture
def misfortunes(deployment: Deployment) -> Misfortunes:
    return Misfortunes(deployment)


@pytest.fixture(autouse=True)
def _acknowledges_more(traffic: Traffic) -> Iterator[None]:
    before = len(traffic.acknowledged)
    yield
    assert len(traffic.acknowledged) > before


async def assert_whole(deployment: Deployment, traffic: Traffic) -> None:
    comparison = await settled(deployment, traffic)
    assert not traffic.refused, traffic.refused[:5]
    assert comparison.holds, str(comparison)


async def test_without_kafka_pushes_are_acknowledged_and_authorization_gets_503(
    deployment: Deployment, misfortunes: Misfortunes, pair: Pair, traffic: Traffic
) -> None:
    assert await _is_authorized(pair)
    async with traffic.flowing():
        async with misfortunes.kafka_away():
            await traffic.goes_on(50)
            status, body = await pair.authorize()
            assert status == 503
            assert body["status_code"] >= 3000, body
            assert await misfortunes.is_ready("gateway")
        await eventually(lambda: _is_authorized(pair), timeout_seconds=30, what="an authorization")
        await traffic.goes_on(10)
    await assert_whole(deployment, traffic)


async def test_without_postgresql_a_push_gets_503_with_an_ocpi_body_and_nothing_is_lost(
    deployment: Deployment, misfortunes: Misfortunes, pair: Pair, traffic: Traffic
) -> None:
    async with traffic.flowing():
        await traffic.goes_on(10)
        async with misfortunes.postgres_away():
            row = charged("AWAY", 0)
            # Never repeated: were it taken although the answer is 503, the comparison would tell.
            cdr = objects.cdr(pair.city, row, row.charge_point, pair.tariff)
            status, body = await pair.once("POST", "cdrs", value=cdr)
            assert status == 503
            assert body["status_code"] >= 3000, body
            assert body["timestamp"].endswith("Z")
            assert not await misfortunes.is_ready("gateway")
        await traffic.goes_on(10)
    await assert_whole(deployment, traffic)


async def test_a_replica_that_others_took_for_dead_comes_back_and_doubles_nothing(
    deployment: Deployment, misfortunes: Misfortunes, traffic: Traffic
) -> None:
    async with traffic.flowing(), misfortunes.second("clearing"):
        await misfortunes.take_over("clearing")
        async with misfortunes.frozen("clearing", 2):
            await traffic.goes_on(20)
            wanted = len(traffic.acknowledged)
            # The first instance has all of it again only after the second one's session and lease ran out.
            await eventually(
                lambda: _cleared(traffic, wanted), timeout_seconds=60, what=f"{wanted} cleared CDRs without the second"
            )
        await traffic.goes_on(10)
    await assert_whole(deployment, traffic)


async def _is_authorized(pair: Pair) -> bool:
    status, body = await pair.authorize()
    return status == 200 and body["data"]["allowed"] == "ALLOWED"


async def _cleared(traffic: Traffic, wanted: int) -> bool:
    return await cleared_count(traffic) >= wanted
