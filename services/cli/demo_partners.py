"""Launches the two stand-in partner systems as processes of their own and speaks to their control servers."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from services.cli.demo_story import NotSeen
from services.core.errors import Unavailable
from services.runtime.embedded.layout import CHECKOUT
from services.runtime.security import client_context

READY_SECONDS = 20
STOP_SECONDS = 5
REQUEST_SECONDS = 60


@dataclass(slots=True)
class StandIn:
    """A running stand-in partner.

    Attributes:
        party: Its party id.
        ca_file: The authority of its certificate, which the platform must trust to call it.
        versions_url: Its OCPI versions endpoint.
    """

    party: str
    ca_file: Path
    versions_url: str
    _control_url: str
    _session: aiohttp.ClientSession

    async def act(self, path: str, /, **order: object) -> Any:
        """Tell it to act, and return what it says.

        Raises:
            NotSeen: when it cannot do so.
        """
        async with self._session.post(f"{self._control_url}{path}", json=order) as response:
            answer = await response.json()
        if response.status != 200:
            raise NotSeen(f"the stand-in {self.party} could not {path.strip('/')}: {json.dumps(answer)[:600]}")
        return answer

    async def seen(self, module: str, count: int = 1, wait_seconds: float = 15, **filters: str) -> list[dict[str, Any]]:
        """What it received of a module, as soon as there are `count`.

        Raises:
            NotSeen: when there are fewer within the time.
        """
        answer = await self.act("/seen", module=module, count=count, wait_seconds=wait_seconds, **filters)
        found: list[dict[str, Any]] = answer["seen"]
        if len(found) < count:
            wanted = ", ".join(f"{name} {value}" for name, value in filters.items())
            raise NotSeen(f"expected {count} of {module} ({wanted}) at {self.party} within {wait_seconds:.0f} s")
        return found


@asynccontextmanager
async def stand_in(
    kind: str, party: str, platform_ca: Path, folder: Path, log_file: Path, *, version: str = "2.2.1"
) -> AsyncIterator[StandIn]:
    """Run a stand-in (`cso` or `csp`) for as long as the context is open; it ends with us, whatever ends us.

    Args:
        kind: Which of the two.
        party: Its party id.
        platform_ca: The authority of the platform's certificate.
        folder: For the authority of its own.
        log_file: For what it says.
        version: The version of OCPI that it speaks.

    Raises:
        Unavailable: when it does not start, or the stand-ins are not part of this installation.
    """
    if not (CHECKOUT / "tests" / "partners").is_dir():
        raise Unavailable("the stand-in partners are part of a source checkout; this installation has none")
    arguments = ["--party", party, "--version", version, "--stop-on-eof"]
    arguments += ["--platform-ca", str(platform_ca), "--folder", str(folder)]
    with log_file.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", f"tests.partners.{kind}", *arguments,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log, cwd=CHECKOUT,
        )  # fmt: skip
    try:
        ready = await _ready(process, party, log_file)
        tls = client_context(Path(ready["ca_file"]))
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=tls),
            headers={"Authorization": f"Bearer {ready['control_token']}"},
            timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
        ) as session:
            yield StandIn(party, Path(ready["ca_file"]), ready["versions_url"], ready["control_url"], session)
    finally:
        await _stop(process)


@asynccontextmanager
async def together(*stand_ins: AbstractAsyncContextManager[StandIn]) -> AsyncIterator[list[StandIn]]:
    """Start stand-ins at the same time, each as `stand_in` says; they all end with the context, or when one fails."""
    async with AsyncExitStack() as stack:
        entering = (stack.enter_async_context(each) for each in stand_ins)
        begun = await asyncio.gather(*entering, return_exceptions=True)
        for each in begun:
            if isinstance(each, BaseException):
                raise each
        yield [each for each in begun if isinstance(each, StandIn)]


async def _ready(process: asyncio.subprocess.Process, party: str, log_file: Path) -> dict[str, Any]:
    line = b""
    if process.stdout is not None:
        with contextlib.suppress(TimeoutError):
            line = await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
    if not line:
        raise Unavailable(f"the stand-in {party} did not start within {READY_SECONDS} s: see {log_file}")
    ready: dict[str, Any] = json.loads(line)
    return ready


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
