"""Measures the gateway: CDR posts against a bare server, and whitelist authorization at a steady rate."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from statistics import median
from typing import Any
from uuid import uuid4

from services.cli.replay_partner import Partner
from services.core.errors import NotFound
from services.exports import objects
from services.runtime.embedded.deployment import Deployment
from services.runtime.embedded.layout import CHECKOUT
from tests.bench.figures import Figure, percentile
from tests.bench.load import ID, Job
from tests.bench.rig import CITY, CONNECTIONS, Bench, cdr_body, load, row

WARM_UP_SECONDS = 3.0
CARDS = 500
AUTHORIZATIONS_PER_SECOND = 300.0
STOPPED = ("clearing", "sessions", "authorization")


async def cdr_post(bench: Bench, runs: int, seconds: float) -> Figure:
    """CDR posts acknowledged a second, the relay running; the services behind are stopped, they are measured alone."""
    for name in STOPPED:
        await asyncio.to_thread(bench.deployment.stop_service, name)
    body = cdr_body()
    headers = own_headers(bench.cso)
    url = bench.cso.endpoints["cdrs", "RECEIVER"]
    ca_file = str(bench.deployment.ca_file)
    measured: list[dict[str, Any]] = []
    bare: list[float] = []
    async with bare_server(bench.deployment) as bare_url:
        for _ in range(runs):
            measured.append(await load(_post(url, ca_file, headers, body, seconds)))
            told = await load(_post(bare_url, ca_file, {}, body, seconds))
            bare.append(told["done"] / told["seconds"])
    for name in STOPPED:
        await asyncio.to_thread(bench.deployment.start_service, name)
    latencies = sorted(each for told in measured for each in told["latencies_ms"])
    return Figure(
        "cdr_post",
        "requests/s",
        [told["done"] / told["seconds"] for told in measured],
        bare=median(bare),
        p50_ms=percentile(latencies, 0.5),
        p99_ms=percentile(latencies, 0.99),
        goal="ratio at least 0.5",
        more={"body_bytes": len(body), "connections": CONNECTIONS, "bare_runs": [round(each, 1) for each in bare]},
    )


async def authorize_whitelist(bench: Bench, runs: int, seconds: float) -> Figure:
    """Latency of real-time authorization of whitelisted cards at a steady rate, from when each was due."""
    now = datetime.now(UTC)
    cards = [f"BENCH{number:06d}" for number in range(CARDS)]
    for card in cards:
        await bench.csp.put("tokens", card, objects.token(CITY, card, now), "?type=RFID")
    await bench.cso.put("tariffs", objects.TARIFF_ID, objects.tariff(CITY, now))
    await bench.cso.put("locations", "1", objects.location(CITY, "1", [row()], now))
    headers = own_headers(bench.cso)
    job = Job(
        url=bench.cso.endpoints["tokens", "SENDER"],
        path=f"/ocpi/2.2.1/sender/tokens/{ID}/authorize?type=RFID",
        ca_file=str(bench.deployment.ca_file),
        headers=headers,
        body='{"location_id": "1", "evse_uids": ["1-1"]}',
        connections=CONNECTIONS,
        warm_up_seconds=WARM_UP_SECONDS * 3,
        seconds=seconds,
        good='"ALLOWED"',
        prefix="",
        ids=cards,
        rate=AUTHORIZATIONS_PER_SECOND,
    )
    await _all_known(bench, cards)
    told = [await load(job) for _ in range(runs)]
    p99s = [percentile(each["latencies_ms"], 0.99) for each in told]
    return Figure(
        "authorize_whitelist",
        "ms (p99)",
        p99s,
        p50_ms=median(percentile(each["latencies_ms"], 0.5) for each in told),
        p99_ms=median(p99s),
        goal="p99 under 25 ms",
        more={
            "per_second": [round(each["done"] / each["seconds"], 1) for each in told],
            "unserved": [each["unserved"] for each in told],
        },
    )


@asynccontextmanager
async def bare_server(deployment: Deployment) -> AsyncIterator[str]:
    """Run the bare server beside the gateway; yields where it takes CDRs."""
    certificate = deployment.services.certificate
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.bare_gateway",
        str(certificate.certificate), str(certificate.key), deployment.database_url,
        stdout=asyncio.subprocess.PIPE, cwd=CHECKOUT,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield f"https://127.0.0.1:{int(await process.stdout.readline())}/cdrs"
    finally:
        process.terminate()
        await process.wait()


def own_headers(partner: Partner) -> dict[str, str]:
    """A partner's headers without those that the load sets itself."""
    own = {"X-Request-ID", "X-Correlation-ID", "Content-Type"}
    return {name: value for name, value in partner.headers(routed=True).items() if name not in own}


def _post(url: str, ca_file: str, headers: dict[str, str], body: str, seconds: float) -> Job:
    return Job(
        url=url,
        path="/" + url.split("/", 3)[3],
        ca_file=ca_file,
        headers=headers,
        body=body,
        connections=CONNECTIONS,
        warm_up_seconds=WARM_UP_SECONDS,
        seconds=seconds,
        good='"status_code":1000',
        prefix=uuid4().hex[:8],
    )


async def _all_known(bench: Bench, cards: list[str]) -> None:
    """Wait until the card issued last is decided: credentials are on their way to authorization for a moment."""
    url = f"{bench.cso.endpoints['tokens', 'SENDER']}/{cards[-1]}/authorize?type=RFID"
    for _ in range(200):
        answer = await bench.cso.send("POST", url, {"location_id": "1", "evse_uids": ["1-1"]})
        if answer.is_success and answer.data["allowed"] == "ALLOWED":
            return
        await asyncio.sleep(0.1)
    message = f"the bench's cards are not known after 20 s: {answer.status_code} {answer.message}"
    raise NotFound(message)
