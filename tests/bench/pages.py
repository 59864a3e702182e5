"""Measures lists: a page of 100 locations out of a million, the first and the last, as one client reads them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg

from services.core.errors import NotFound
from services.exports import objects
from tests.bench.figures import Figure, percentile
from tests.bench.gateway import WARM_UP_SECONDS, own_headers
from tests.bench.load import Job
from tests.bench.memory import resident_megabytes
from tests.bench.rig import CITY, Bench, load, row

LOCATIONS: Final = 1_000_000
OWNERS: Final = 50
LIMIT: Final = 100
_ID: Final = "@@ID@@"
_AGREE: Final = """
    INSERT INTO gateway.agreements (visited_cso, home_csp, agreement_id, version, status, services, valid_from)
    SELECT 'GB-P' || lpad(n::text, 2, '0'), %s, 'bench ' || n, 1, 'ACTIVE', '{CHARGING}', now() - interval '1 day'
    FROM generate_series(0, %s - 1) n
"""
_FILL: Final = """
    INSERT INTO gateway.locations (
        owner, object_key, audience, object_id, receiver, version, removed, last_updated, body, protocol
    )
    SELECT 'GB-P' || lpad((n %% %s)::text, 2, '0'), 'l' || n, '', 'L' || n, '', 1, false,
        timestamptz '2026-01-01' + n * interval '1 second', convert_to(replace(%s, %s, 'L' || n), 'UTF8'), 'OCPI-2.2.1'
    FROM generate_series(1, %s) n
"""


async def pages(bench: Bench, runs: int, seconds: float) -> list[Figure]:
    """The 99th percentile of a page's latency, first and last, over all owners that the reader may see."""
    async with _filled(bench):
        first = f"{bench.csp.endpoints['locations', 'SENDER']}?limit={LIMIT}"
        # Figures before may have left some more.
        _, total = await _next(bench, first)
        last, _ = await _next(bench, f"{first}&offset={total - 2 * LIMIT}")
        counted = f"{first}&offset={total - LIMIT}"
        before = resident_megabytes(bench.deployment)["gateway"]
        told: dict[str, list[dict[str, Any]]] = {first: [], last: [], counted: []}
        for _ in range(runs):
            for url, found in told.items():
                found.append(await load(_get(bench, url, seconds)))
        after = resident_megabytes(bench.deployment)["gateway"]
    by_offset = median(percentile(each["latencies_ms"], 0.5) for each in told[counted])
    return [
        _figure("page_first", told[first], "", {"locations": total, "owners": OWNERS}),
        _figure(
            "page_last",
            told[last],
            "within twice the first, memory flat",
            {
                "of_first": round(_p99(told[last]) / _p99(told[first]), 2),
                "by_offset_p50_ms": round(by_offset, 1),
                "gateway_mb": {"before": before, "after": after},
            },
        ),
    ]


@asynccontextmanager
async def _filled(bench: Bench) -> AsyncIterator[None]:
    """Store the locations, with agreements of their owners, and take all of it away again."""
    body = json.dumps(objects.location(CITY, _ID, [row()], row().started_at), default=float)
    connection = await psycopg.AsyncConnection.connect(bench.deployment.database_url, autocommit=True)
    async with connection:
        await connection.execute(_AGREE, (str(CITY.csp), OWNERS))
        await connection.execute(_FILL, (OWNERS, body, _ID, LOCATIONS))
        await connection.execute("VACUUM ANALYZE gateway.locations")
        await asyncio.sleep(1)  # what the gateway remembers of agreements is renewed
        try:
            yield
        finally:
            await connection.execute("TRUNCATE gateway.locations")
            await connection.execute("DELETE FROM gateway.agreements WHERE agreement_id LIKE 'bench %%'", ())


def _get(bench: Bench, url: str, seconds: float) -> Job:
    target = urlsplit(url)
    return Job(
        url=url,
        path=f"{target.path}?{target.query}",
        ca_file=str(bench.deployment.ca_file),
        headers=own_headers(bench.csp),
        body="",
        connections=1,
        warm_up_seconds=WARM_UP_SECONDS,
        seconds=seconds,
        good='"status_code":1000',
        prefix="page",
        method="GET",
    )


async def _next(bench: Bench, url: str) -> tuple[str, int]:
    """Where the page's Link leads, and how long the list is."""
    async with bench.csp.session.get(url, headers=bench.csp.headers(routed=True)) as answer:
        found, total = answer.links.get("next"), int(answer.headers.get("X-Total-Count", 0))
        if found is None or total < LOCATIONS:
            raise NotFound(f"the list has no such page: HTTP {answer.status}, {total} in all")
        return str(found["url"]), total


def _figure(name: str, told: list[dict[str, Any]], goal: str, more: dict[str, Any]) -> Figure:
    p50 = median(percentile(each["latencies_ms"], 0.5) for each in told)
    runs = [percentile(each["latencies_ms"], 0.99) for each in told]
    return Figure(name, "ms (p99)", runs, p50_ms=p50, p99_ms=_p99(told), goal=goal, more=more)


def _p99(told: list[dict[str, Any]]) -> float:
    return median(percentile(each["latencies_ms"], 0.99) for each in told)
