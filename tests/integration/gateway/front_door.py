"""The whole gateway behind its real listener, asked byte by byte: for tests of what partners may not do."""

import asyncio
import json
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from services.core.clock import system_clock
from services.gateway.calls import refusal
from services.gateway.tables import connections
from services.runtime import https
from services.runtime.bounds import Bounds
from services.runtime.work import Work
from tests.integration.gateway.connected import connection
from tests.integration.gateway.whole import Gateway, agreed, invited, whole
from tests.integration.runtime.listener import certificates, client, settings

CSO, CSP, OTHER = "FR-SUN", "NL-CSP", "DE-ZZZ"
_ROLES = {CSO: "CSO", CSP: "CSP", OTHER: "CSO"}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; without a status the connection was closed before there was one."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ocpi(self) -> dict[str, Any]:
        """The envelope."""
        found: dict[str, Any] = json.loads(self.body)
        assert isinstance(found["status_code"], int)
        assert found["timestamp"].endswith("Z")
        return found

    @property
    def told(self) -> tuple[int, int]:
        """HTTP status and OCPI status."""
        return self.status, self.ocpi["status_code"]


@dataclass(frozen=True, slots=True)
class Door:
    """The gateway's public listener."""

    gateway: Gateway
    port: int
    tls: ssl.SSLContext
    ca_file: Path
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection."""
        return await asyncio.open_connection("127.0.0.1", self.port, ssl=self.tls, limit=2**20)

    async def ask(
        self, method: str, target: str, body: bytes = b"", *, who: str | None = CSO, headers: Iterable[str] = ()
    ) -> Reply:
        """Send one request, over an idle connection or a new one; headers replace those that it has by itself."""
        reader, writer = self.idle.pop() if self.idle else await self.connect()
        writer.write(request(method, target, body, who=who, headers=headers))
        reply = await read(reader, has_body=method != "HEAD")
        if reply.headers.get("connection") == "close":
            writer.close()
        else:
            self.idle.append((reader, writer))
        return reply

    async def send(self, *parts: bytes) -> Reply:
        """Send bytes over a connection of their own and read one answer."""
        reader, writer = await self.connect()
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
            return await read(reader)
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            return Reply(0, {}, b"")
        finally:
            writer.close()


def request(
    method: str, target: str, body: bytes = b"", *, who: str | None = CSO, headers: Iterable[str] = ()
) -> bytes:
    """The bytes of a request."""
    own = {"host": "gateway", "content-type": "application/json"}
    if who is not None:
        own["authorization"] = f"Token {b64encode(f'token-of-{who}'.encode()).decode()}"
    if body:
        own["content-length"] = str(len(body))
    given = [line.partition(":")[0].lower() for line in headers]
    lines = [f"{name}: {value}" for name, value in own.items() if name not in given]
    head = "\r\n".join([f"{method} {target} HTTP/1.1", *lines, *headers]) + "\r\n\r\n"
    return head.encode("latin-1") + body


async def read(reader: asyncio.StreamReader, *, has_body: bool = True) -> Reply:
    """Read one answer."""
    head, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    body = await reader.readexactly(int(headers["content-length"])) if has_body else b""
    return Reply(int(head.split()[1]), headers, body)


@asynccontextmanager
async def front_door(
    url: str, folder: Path, *, listener: Mapping[str, Any] | None = None, **groups: Any
) -> AsyncIterator[Door]:
    """Run the gateway with three registered partners, two of them with an agreement, behind TLS."""
    made = certificates(folder)
    given = settings(made, **(listener or {}))
    async with whole(url, folder, **groups) as gateway:
        await gateway.take("partner.registered", *(invited(party, role, None) for party, role in _ROLES.items()))
        await gateway.take("agreement.concluded", agreed(CSO, CSP))
        await gateway.context.transactions.run(_connect)
        refuse = refusal(system_clock, gateway.settings.inbound.retry_after_seconds)
        bounded = Bounds(gateway.app, given, "public", refuse, reads_bodies=False)
        server = https.server(bounded, "127.0.0.1", 0, given)
        serving = asyncio.create_task(server.serve())
        await server.open.wait()
        door = Door(gateway, server.port, client(made), made.ca_file)
        try:
            yield door
        finally:
            for _, writer in door.idle:
                writer.close()
            server.should_exit = True
            await serving


async def _connect(work: Work) -> None:
    for party in _ROLES:
        await work.connection.execute(insert(connections).values(connection(party, "https://partner.example")))
