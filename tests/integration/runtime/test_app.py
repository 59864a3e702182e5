import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.registry.__main__ import build
from services.registry.settings import RegistrySettings
from services.runtime import topics
from services.runtime.app import Process
from services.runtime.settings import KafkaSettings
from tests.support.cluster import Cluster
from tests.support.waiting import eventually

TOKEN = "0123456789abcdef"
NOWHERE = "127.0.0.1:1"
DATABASE_NOWHERE = "postgresql://127.0.0.1:1/roamwatt"


def settings(folder: Path, bootstrap_servers: str, database_url: str) -> RegistrySettings:
    key = X25519PrivateKey.generate().public_key()
    (folder / "letters.pub").write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return RegistrySettings.model_validate(
        {
            "kafka": {"bootstrap_servers": bootstrap_servers},
            "database": {"url": database_url, "retry_max_seconds": 0.5, "connect_timeout_seconds": 2},
            "admin": {"token": TOKEN},
            "dead_letters": {"public_key_file": folder / "letters.pub"},
        }
    )


class Asking:
    """The admin listener of a running process."""

    def __init__(self, process: Process, session: aiohttp.ClientSession) -> None:
        self.base = f"http://127.0.0.1:{process.admin.port}"
        self.session = session

    async def get(self, path: str, token: str | None = TOKEN) -> tuple[int, Any]:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        async with self.session.get(self.base + path, headers=headers) as answer:
            body = await answer.text()
            return answer.status, json.loads(body) if body.startswith("{") else body

    async def is_ready(self) -> bool:
        return (await self.get("/ready"))[0] == 200

    async def is_not_ready(self) -> bool:
        return not await self.is_ready()


@asynccontextmanager
async def running(given: RegistrySettings) -> AsyncIterator[Asking]:
    """Run the registry in this process until the end of the block; it must then stop by itself, and in time."""
    stop, process = asyncio.Event(), Process(build(given))
    task = asyncio.create_task(process.run(stop))
    try:
        async with aiohttp.ClientSession() as session:
            await process.admin.open.wait()
            yield Asking(process, session)
    finally:
        stop.set()
        assert await asyncio.wait_for(task, given.process.stop_seconds + 1) == 0


async def test_without_kafka_and_postgresql_a_service_stays_up_and_says_that_it_is_not_ready(tmp_path: Path) -> None:
    async with running(settings(tmp_path, NOWHERE, DATABASE_NOWHERE)) as asking:
        assert (await asking.get("/health"))[0] == 200
        status, content = await asking.get("/ready")
        assert (status, content["ready"]) == (503, False)
        assert content["reasons"]
        assert "roamwatt_ready 0.0" in (await asking.get("/metrics"))[1]
        assert (await asking.get("/admin/runtime", token=None))[0] == 401
        status, content = await asking.get("/admin/runtime")
        assert (status, content["error"]) == (503, "unavailable")


async def test_service_comes_by_itself_when_its_servers_do(cluster: Cluster, database_url: str, tmp_path: Path) -> None:
    await topics.create(KafkaSettings(bootstrap_servers=cluster.bootstrap_servers))
    given = settings(tmp_path, cluster.bootstrap_servers, database_url)
    cluster.postgres.stop()
    await asyncio.to_thread(cluster.kafka.stop)
    async with running(given) as asking:
        assert await asking.is_not_ready()
        await asyncio.to_thread(cluster.postgres.start)
        await asyncio.to_thread(cluster.kafka.start)
        await eventually(asking.is_ready, timeout_seconds=30, what="readiness after the start of both")
        cluster.postgres.stop()
        await eventually(asking.is_not_ready, what="the loss of PostgreSQL")
        await asyncio.to_thread(cluster.postgres.start)
        await eventually(asking.is_ready, timeout_seconds=30, what="readiness after PostgreSQL's return")


async def test_common_part_of_the_admin_api(cluster: Cluster, database_url: str, tmp_path: Path) -> None:
    await topics.create(KafkaSettings(bootstrap_servers=cluster.bootstrap_servers))
    async with running(settings(tmp_path, cluster.bootstrap_servers, database_url)) as asking:
        await eventually(asking.is_ready, timeout_seconds=30, what="readiness")
        status, content = await asking.get("/admin/runtime")
        assert (status, content["service"], content["ready"], len(content["lanes"])) == (200, "registry", True, 1)
        assert await asking.get("/admin/dead-letters?limit=5") == (200, {"dead_letters": []})
        assert (await asking.get("/admin/dead-letters?limit=0"))[0] == 422
        for unknown in ("7", "00000000-0000-0000-0000-000000000007"):
            status, content = await asking.get(f"/admin/dead-letters/{unknown}")
            assert (status, content["detail"]) == (404, "there is no such dead letter")
        status, content = await asking.get("/admin/recover")
        assert (status, content["service"], content["halted"]) == (200, "registry", None)


async def test_process_ends_at_sigterm_with_status_0(tmp_path: Path) -> None:
    given = settings(tmp_path, NOWHERE, DATABASE_NOWHERE)
    environment = {
        "ROAMWATT_KAFKA__BOOTSTRAP_SERVERS": given.kafka.bootstrap_servers,
        "ROAMWATT_DATABASE__URL": given.database.url,
        "ROAMWATT_DEAD_LETTERS__PUBLIC_KEY_FILE": str(given.dead_letters.public_key_file),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.registry", env=environment, stderr=asyncio.subprocess.PIPE
    )
    try:
        assert process.stderr is not None
        async with asyncio.timeout(30):
            while b'"listening"' not in await process.stderr.readline():
                pass
        process.send_signal(signal.SIGTERM)
        _out, rest = await asyncio.wait_for(process.communicate(), given.process.stop_seconds + 5)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0
    assert b'"stopped"' in rest


async def test_process_that_cannot_start_says_why_in_one_line_of_the_log() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.registry", env={}, stderr=asyncio.subprocess.PIPE
    )
    _out, written = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 2
    assert b"ROAMWATT_DEAD_LETTERS__PUBLIC_KEY_FILE" in written
    assert b"Traceback" not in written
