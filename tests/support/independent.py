"""Runs the partner system that others wrote, as a process in an environment of its own."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from services.runtime.embedded.deployment import Deployment
from services.runtime.embedded.layout import CHECKOUT
from services.runtime.security import client_context
from tests.partners import certificates
from tests.support.waiting import eventually

INTERPRETER: Final = CHECKOUT / ".venv" / "independent" / "bin" / "python"
_PROGRAM: Final = CHECKOUT / "tests" / "independent" / "extrawest.py"
_READY_SECONDS: Final = 20
_STOP_SECONDS: Final = 5


@dataclass(slots=True)
class Independent:
    """One running partner, told what to do by its control paths."""

    party: str
    client: httpx.AsyncClient

    async def register(self, versions_url: str, registration_token: str) -> Any:
        """Run the handshake; returns the roles that the platform reports."""
        order = {"versions_url": versions_url, "registration_token": registration_token}
        return (await self.client.post("/control/register", json=order)).json()

    async def push(self, module: str, id: str, value: dict[str, Any]) -> Any:
        """Keep an own object and push it; returns what the platform answered."""
        kept = json.dumps({"module": module, "id": id, "object": value}, default=float)
        (await self.client.put("/control/objects", content=kept)).raise_for_status()
        answer = (await self.client.post("/control/push", json={"module": module, "id": id})).json()
        return answer["receiver_responses"][0]

    async def call(self, module: str, role: str, path: str, body: Any = None) -> Any:
        """Post to an endpoint of the platform; returns the envelope of its answer."""
        order = {"module": module, "role": role, "path": path, "body": body}
        return (await self.client.post("/control/call", json=order)).json()

    async def holds(self, module: str, id: str) -> dict[str, Any]:
        """Return an object that reached it, as soon as it is there."""

        async def is_there() -> bool:
            return await self.find(module, id) is not None

        await eventually(is_there, timeout_seconds=30, what=f"{module} {id} at {self.party}")
        found = await self.find(module, id)
        assert found is not None
        return found

    async def find(self, module: str, id: str) -> dict[str, Any] | None:
        """Return an object that it holds now, or None."""
        found: list[dict[str, Any]] = (await self.client.get("/control/objects", params={"module": module})).json()
        field = {"tokens": "uid", "commands": "command_id"}.get(module, "id")
        return next((each for each in found if str(each.get(field)).lower() == id.lower()), None)


@asynccontextmanager
async def independent_partner(
    deployment: Deployment, role: str, party: str, folder: Path
) -> AsyncIterator[Independent]:
    """Run a partner (`cpo` or `emsp`) whose certificate the deployment trusts."""
    ca, certificate, key = certificates.make(folder, party)
    shutil.copyfile(ca, deployment.layout.partner_authorities / f"{party}.pem")
    options = ["--role", role, "--party", party, "--certificate", str(certificate), "--key", str(key)]
    with (deployment.layout.logs / f"independent-{party}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            INTERPRETER, _PROGRAM, *options, "--hub-ca", deployment.ca_file, cwd=folder,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        ready = json.loads(await asyncio.wait_for(process.stdout.readline(), _READY_SECONDS))
        async with httpx.AsyncClient(base_url=ready["base_url"], verify=client_context(ca), timeout=30) as client:
            yield Independent(party, client)
    finally:
        await _stop(process)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
