"""Partners' HTTPS servers for tests of what the gateway sends: each with a certificate and a will of its own."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from tests.partners.certificates import make

SUCCESS = {"status_code": 1000, "timestamp": "2026-03-01T00:00:00Z"}


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as it arrived; `target` is path and query as they were written."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    target: str = ""

    @property
    def document(self) -> Any:
        """The body as parsed."""
        return json.loads(self.body)


def succeed(_sent: Sent) -> web.Response:
    """Take everything."""
    return web.json_response(SUCCESS)


def refuse(_sent: Sent) -> web.Response:
    """Refuse everything as OCPI does."""
    return web.json_response(SUCCESS | {"status_code": 2001, "status_message": "not like this"})


def rubbish(_sent: Sent) -> web.Response:
    """Answer what is no OCPI."""
    return web.Response(body=b"<html>\xff oops", content_type="text/html")


def unavailable(_sent: Sent) -> web.Response:
    """Be overloaded."""
    return web.json_response(SUCCESS | {"status_code": 3000}, status=503)


@dataclass(slots=True)
class Partner:
    """A partner's server.

    Attributes:
        answer: What it does with a request; None: it never answers.
        sent: What arrived, in order.
    """

    ca_file: Path
    url: str = ""
    answer: Callable[[Sent], web.Response | Awaitable[web.Response]] | None = succeed
    sent: list[Sent] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def paths(self) -> set[str]:
        """Where anything arrived."""
        return {each.path for each in self.sent}

    def received(self, path: str = "") -> list[Sent]:
        """What arrived at paths that hold this text."""
        return [each for each in self.sent if path in each.path]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Note a request and answer it."""
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        path = request.raw_path.partition("?")[0]
        sent = Sent(request.method, unquote(path), request.query_string, headers, body, request.raw_path)
        self.sent.append(sent)
        if self.answer is None:
            await self.released.wait()
            return web.Response(status=504)
        answered = self.answer(sent)
        return await answered if isinstance(answered, Awaitable) else answered


@asynccontextmanager
async def trusted(folder: Path, name: str) -> AsyncIterator[Partner]:
    """Run a partner's server whose authority is among those that the gateway trusts for this platform."""
    async with partner(folder, name) as here:
        (folder / f"{name}.pem").write_bytes(here.ca_file.read_bytes())
        yield here


@asynccontextmanager
async def partner(
    folder: Path, name: str, newest_tls: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED
) -> AsyncIterator[Partner]:
    """Run a partner's server at a port of its own, with a certificate of its own authority."""
    ca_file, certificate_file, key_file = make(folder / name, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file, key_file)
    context.maximum_version = newest_tls
    here = Partner(ca_file)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", here.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    port = runner.addresses[0][1]
    here.url = f"https://127.0.0.1:{port}"
    try:
        yield here
    finally:
        here.released.set()
        await runner.cleanup()
