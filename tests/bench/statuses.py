"""Measures statuses of EVSEs: how many are accepted a second, against a bare server with one grouped UPDATE."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median
from typing import Any, Final
from urllib.parse import urlsplit

from services.core.errors import Unavailable
from services.exports import objects
from tests.bench.figures import Figure, percentile
from tests.bench.gateway import STOPPED, WARM_UP_SECONDS, bare_server, own_headers
from tests.bench.load import ID, NOW, Job
from tests.bench.rig import CITY, CONNECTIONS, Bench, load, row

LOCATIONS: Final = 200
EVSES: Final = 20
STATUSES: Final = ("CHARGING", "AVAILABLE")


async def status_updates(bench: Bench, runs: int, seconds: float) -> Figure:
    """Statuses acknowledged a second, each another than before; services behind the gateway are stopped."""
    for name in STOPPED:
        await asyncio.to_thread(bench.deployment.stop_service, name)
    await _publish(bench)
    measured: list[dict[str, Any]] = []
    bare: list[float] = []
    async with bare_server(bench.deployment) as bare_url:
        for _ in range(runs):
            job = _job(bench, seconds)
            measured.append(await load(job))
            url = bare_url.replace("/cdrs", "/statuses")
            told = await load(replace(job, url=url, path=f"/statuses/{ID}", headers={}))
            bare.append(told["done"] / told["seconds"])
    for name in STOPPED:
        await asyncio.to_thread(bench.deployment.start_service, name)
    latencies = sorted(each for told in measured for each in told["latencies_ms"])
    return Figure(
        "status_updates",
        "updates/s",
        [told["done"] / told["seconds"] for told in measured],
        bare=median(bare),
        p50_ms=percentile(latencies, 0.5),
        p99_ms=percentile(latencies, 0.99),
        goal="2,000 a second",
        more={"evses": LOCATIONS * EVSES, "connections": CONNECTIONS, "bare_runs": [round(each, 1) for each in bare]},
    )


async def _publish(bench: Bench) -> None:
    now = datetime.now(UTC)
    for number in range(LOCATIONS):
        location = objects.location(CITY, f"S{number}", [row()], now)
        (evse,) = location["evses"]
        location["evses"] = [{**evse, "uid": f"S{number}-{each}"} for each in range(EVSES)]
        answer = await bench.cso.put("locations", f"S{number}", location)
        if not answer.is_success:
            raise Unavailable(f"a location was not taken: {answer.message}")


def _job(bench: Bench, seconds: float) -> Job:
    """Each EVSE in turn, and in the next turn with the other status."""
    root = f"{bench.cso.endpoints['locations', 'RECEIVER']}/{CITY.cso.country_code}/{CITY.cso.party_id}"
    return Job(
        url=root,
        path=f"{urlsplit(root).path}/{ID}",
        ca_file=str(bench.deployment.ca_file),
        headers=own_headers(bench.cso),
        body="",
        bodies=[f'{{"status":"{status}","last_updated":"{NOW}"}}' for status in STATUSES],
        connections=CONNECTIONS,
        warm_up_seconds=WARM_UP_SECONDS,
        seconds=seconds,
        good='"status_code":1000',
        prefix="",
        ids=[f"S{number}/S{number}-{each}" for each in range(EVSES) for number in range(LOCATIONS)],
        method="PATCH",
    )
