"""What was delivered under an agreement is owed after its end: late sessions and CDRs are taken, new ones are not."""

import pytest

from tests.integration.gateway.bench import Bench, change, ocpi, post, put
from tests.unit.gateway import samples

BEFORE, AFTER = "2026-03-01T08:00:00Z", "2026-03-01T10:00:00Z"


@pytest.fixture
def url(url: str) -> str:
    change(url, "UPDATE gateway.agreements SET status = 'ENDED', valid_until = '2026-03-01T09:00:00Z'")
    return url


async def test_a_cdr_of_a_session_that_started_under_the_agreement_is_taken(bench: Bench) -> None:
    assert ocpi(await post(bench, samples.cdr(start_date_time=BEFORE)))[:2] == (201, 1000)
    assert len(await bench.rows("SELECT 1 FROM gateway.deliveries")) == 1


async def test_a_cdr_of_a_session_that_started_after_its_end_is_not(bench: Bench) -> None:
    late = samples.cdr(start_date_time=AFTER, end_date_time="2026-03-01T11:00:00Z")
    status, code, message = ocpi(await post(bench, late))
    assert (status, code) == (200, 2001)
    assert "no agreement in force" in message


async def test_a_session_that_started_under_the_agreement_is_followed_to_its_end(bench: Bench) -> None:
    assert ocpi(await put(bench, "sessions/FR/SUN/S1", samples.session(start_date_time=BEFORE)))[:2] == (201, 1000)
    change = {"status": "COMPLETED", "last_updated": samples.LATER}
    answer = await bench.clients["cso"].patch("/receiver/sessions/FR/SUN/S1", json=change)
    assert ocpi(answer)[:2] == (200, 1000)


async def test_nothing_else_is_published_under_it(bench: Bench) -> None:
    assert ocpi(await put(bench, "tariffs/FR/SUN/T1", samples.tariff()))[:2] == (201, 1000)
    assert await bench.rows("SELECT 1 FROM gateway.deliveries") == []
