"""Measures how one status of an EVSE reaches many partners, against a bare client posting the same."""

import asyncio
import json
import sys
import time
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, Final

import psycopg

from services.core.errors import Unavailable
from services.exports import objects
from services.gateway.partners.connections import secret_name
from services.gateway.partners.secret_box import SecretBox
from services.runtime.embedded.layout import CHECKOUT
from tests.bench.figures import Figure
from tests.bench.gateway import STOPPED
from tests.bench.rig import CITY, Bench, row
from tests.support.waiting import eventually

PARTNERS: Final = 50
EVSES: Final = 100
SINGLES: Final = 20
WAIT_SECONDS: Final = 120
_PEER: Final = """
    INSERT INTO gateway.peers (party, version, platform, status, name, roles)
    VALUES (%s, 1, %s, 'ACTIVE', %s, '{CSP}')
"""
_CONNECTION: Final = """
    INSERT INTO gateway.connections (platform, token_hash, token_sealed, authorization_style, versions_url, protocol,
        endpoints, parties, registered_at, updated_at)
    VALUES (%s, %s, %s, 'BASE64', %s, 'OCPI-2.2.1', %s, ARRAY[%s], now(), now())
"""
_AGREEMENT: Final = """
    INSERT INTO gateway.agreements (visited_cso, home_csp, agreement_id, version, status, services, valid_from)
    VALUES (%s, %s, 'bench', 1, 'ACTIVE', '{CHARGING}', now() - interval '1 day')
"""


async def fanout(bench: Bench, runs: int, seconds: float) -> Figure:
    """Deliveries a second of statuses that reach all partners, and how long a single one takes to reach them."""
    for name in STOPPED:
        await asyncio.to_thread(bench.deployment.stop_service, name)
    certificate = bench.deployment.services.certificate
    arguments = (str(certificate.certificate), str(certificate.key), str(PARTNERS))
    async with _process("tests.bench.sink", *arguments) as sink:
        ports = json.loads(await sink.readline())
        async with _partners(bench, ports):
            here = _Fanout(bench, ports[0])
            await here.prepare()
            rates, bare = [], []
            for _ in range(runs):
                rates.append(await here.all_at_once())
                bare.append(await _bare(bench, ports, seconds))
            singles = sorted([await here.one() for _ in range(SINGLES)])
    for name in STOPPED:
        await asyncio.to_thread(bench.deployment.start_service, name)
    return Figure(
        "fanout",
        "deliveries/s",
        rates,
        bare=median(bare),
        goal="ratio at least 0.5",
        more={
            "partners": PARTNERS,
            "updates_at_once": EVSES,
            "one_update_reaches_all_p50_ms": round(median(singles) * 1000, 1),
            "bare_runs": [round(each, 1) for each in bare],
        },
    )


class _Fanout:
    """One location with many EVSEs, whose statuses go to all partners."""

    def __init__(self, bench: Bench, port: int) -> None:
        self._bench, self._count_url = bench, f"https://127.0.0.1:{port}/count"
        self._root = f"{bench.cso.endpoints['locations', 'RECEIVER']}/{CITY.cso.country_code}/{CITY.cso.party_id}/FAN"
        self._now = datetime.now(UTC).replace(microsecond=0)
        self._turn = 0

    async def prepare(self) -> None:
        """Publish the location and wait until all partners have it."""
        location = objects.location(CITY, "FAN", [row()], self._now)
        (evse,) = location["evses"]
        location["evses"] = [{**evse, "uid": f"F{number}"} for number in range(EVSES)]
        answer = await self._bench.cso.put("locations", "FAN", location)
        if not answer.is_success:
            raise Unavailable(f"the location was not taken: {answer.message}")
        await self._until(PARTNERS)

    async def all_at_once(self) -> float:
        """Change the statuses of all EVSEs at once; returns deliveries a second."""
        began, taken = time.perf_counter(), await self._taken()
        async with asyncio.TaskGroup() as tasks:
            self._turn += 1
            for number in range(EVSES):
                tasks.create_task(self._change(number))
        await self._until(taken + EVSES * PARTNERS)
        return EVSES * PARTNERS / (time.perf_counter() - began)

    async def one(self) -> float:
        """Change one status; returns the seconds until all partners have it."""
        began, taken = time.perf_counter(), await self._taken()
        self._turn += 1
        await self._change(0)
        await self._until(taken + PARTNERS)
        return time.perf_counter() - began

    async def _change(self, number: int) -> None:
        date = objects.text_of(self._now + timedelta(seconds=self._turn))
        change = {"status": ("CHARGING", "AVAILABLE")[(self._turn + 1) % 2], "last_updated": date}
        answer = await self._bench.cso.send("PATCH", f"{self._root}/F{number}", change)
        if not answer.is_success:
            raise Unavailable(f"a status was not taken: {answer.message}")

    async def _until(self, taken: int) -> None:
        async def all_taken() -> bool:
            return await self._taken() >= taken

        await eventually(all_taken, timeout_seconds=WAIT_SECONDS, what=f"{taken} deliveries")

    async def _taken(self) -> int:
        async with self._bench.cso.session.get(self._count_url) as answer:
            return int(await answer.read())


async def _bare(bench: Bench, ports: list[int], seconds: float) -> float:
    urls = [f"https://127.0.0.1:{port}/locations" for port in ports]
    async with _process("tests.bench.bare_client", str(bench.deployment.ca_file), str(seconds), *urls) as output:
        return float(await output.readline())


@asynccontextmanager
async def _partners(bench: Bench, ports: list[int]) -> AsyncIterator[None]:
    """Register a partner behind each port, as far as the gateway can tell, and take all of them away again."""
    box = SecretBox(b64decode(bench.deployment.services.keys.master_key_file.read_text()))
    connection = await psycopg.AsyncConnection.connect(bench.deployment.database_url, autocommit=True)
    async with connection:
        for number, port in enumerate(ports):
            party = f"GB-F{number:02}"
            url = f"https://127.0.0.1:{port}"
            endpoints = json.dumps([{"identifier": "locations", "role": "RECEIVER", "url": f"{url}/locations"}])
            await connection.execute(_PEER, (party, party, party))
            secret: Any = box.seal(secret_name(party), b"token")
            await connection.execute(_CONNECTION, (party, f"bench {party}", secret, url, endpoints, party))
            await connection.execute(_AGREEMENT, (str(CITY.cso), party))
        await asyncio.sleep(1)  # what the gateway remembers of agreements is renewed
        try:
            yield
        finally:
            for table, column in (("agreements", "home_csp"), ("peers", "party"), ("connections", "platform")):
                await connection.execute(f"DELETE FROM gateway.{table} WHERE {column} LIKE 'GB-F__'")
            await connection.execute("DELETE FROM gateway.deliveries WHERE partner LIKE 'GB-F__'")


@asynccontextmanager
async def _process(module: str, *arguments: str) -> AsyncIterator[asyncio.StreamReader]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, *arguments, stdout=pipe, cwd=CHECKOUT)
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
