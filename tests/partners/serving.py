"""Runs a partner's two HTTPS servers (public and control) in one process, TLS 1.3 at least."""

import argparse
import asyncio
import json
import secrets
import signal
import socket
import ssl
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.routing import Route
from starlette.types import ASGIApp

from tests.partners import certificates, control
from tests.partners import partner as public
from tests.partners.ocpi import NEWER, OLDER, Party
from tests.partners.partner import Partner
from tests.partners.platform import Platform

HOST = "127.0.0.1"
STOP_SECONDS = 2


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, and say so."""
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the process, which has two servers to stop."""
        yield


def arguments(description: str, party: str) -> argparse.Namespace:
    """The options of a partner."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--party", type=Party.parse, default=Party.parse(party), help=f"CC-PPP, default {party}")
    parser.add_argument("--version", choices=(OLDER, NEWER), default=OLDER, help=f"of OCPI, default {OLDER}")
    parser.add_argument("--port", type=int, default=0, help="public port; 0 takes a free one")
    parser.add_argument("--control-port", type=int, default=0, help="control port on loopback; 0 takes a free one")
    parser.add_argument("--control-token", help="default: a random one, printed when ready")
    parser.add_argument("--platform-ca", type=Path, help="PEM file of the CA that signed the platform's certificate")
    parser.add_argument("--certificate", type=Path, help="PEM file of our certificate (with --key and --ca)")
    parser.add_argument("--key", type=Path, help="PEM file of our private key")
    parser.add_argument("--ca", type=Path, help="PEM file of the CA that signed our certificate")
    parser.add_argument("--folder", type=Path, help="where a CA of our own is made if no certificate is given")
    parser.add_argument("--stop-on-eof", action="store_true", help="stop when standard input closes")
    return parser.parse_args()


def serve(
    options: argparse.Namespace,
    role: str,
    modules: tuple[tuple[str, ...], tuple[str, ...]],
    routes: Callable[[Partner], list[Route]],
    acts: Mapping[str, control.Act],
) -> None:
    """Run until SIGTERM, SIGINT or, if asked so, the end of standard input; prints one JSON line when ready.

    Args:
        options: From `arguments`.
        role: OCPI role of the party, CPO or EMSP.
        modules: (those it receives, those it sends).
        routes: Public routes of this kind of partner.
        acts: Control acts of this kind of partner.
    """
    asyncio.run(_serve(options, role, modules, routes, acts))


async def _serve(
    options: argparse.Namespace,
    role: str,
    modules: tuple[tuple[str, ...], tuple[str, ...]],
    routes: Callable[[Partner], list[Route]],
    acts: Mapping[str, control.Act],
) -> None:
    ca_file, certificate_file, key_file = _certificate(options)
    sockets = [_bound(options.port), _bound(options.control_port)]
    base_url, control_url = (f"https://{HOST}:{each.getsockname()[1]}" for each in sockets)
    tls = ssl.create_default_context(cafile=options.platform_ca)
    tls.minimum_version = ssl.TLSVersion.TLSv1_3
    platform = Platform(options.party, role, f"{base_url}/ocpi/versions", tls, options.version)
    partner = Partner(options.party, base_url, platform, *modules)
    token = options.control_token or secrets.token_urlsafe(24)
    applications: list[ASGIApp] = [
        public.application(partner, routes(partner)),
        control.application(partner, token, acts),
    ]
    servers = [_server(each, certificate_file, key_file) for each in applications]
    _stop_on_signals(servers)
    watcher = asyncio.create_task(_stop_on_eof(servers)) if options.stop_on_eof else None
    async with asyncio.TaskGroup() as tasks:
        for server, bound in zip(servers, sockets, strict=True):
            tasks.create_task(server.serve(sockets=[bound]))
        for server in servers:
            await server.listening.wait()
        ready = {
            "party": str(options.party),
            "versions_url": platform.versions_url,
            "token": platform.token_for_us,
            "control_url": control_url,
            "control_token": token,
            "ca_file": str(ca_file),
        }
        print(json.dumps(ready), flush=True)  # noqa: T201 - the caller reads it
    if watcher is not None:
        watcher.cancel()
    await platform.close()


def _certificate(options: argparse.Namespace) -> tuple[Path, Path, Path]:
    if options.certificate and options.key and options.ca:
        return options.ca, options.certificate, options.key
    folder = options.folder or Path(tempfile.mkdtemp(prefix="partner-"))
    return certificates.make(folder, f"Stand-in {options.party}")


def _bound(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((HOST, port))
    return bound


def _server(app: ASGIApp, certificate_file: Path, key_file: Path) -> _Server:
    config = uvicorn.Config(
        app,
        ssl_certfile=certificate_file,
        ssl_keyfile=key_file,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    config.load()
    assert config.ssl is not None
    config.ssl.minimum_version = ssl.TLSVersion.TLSv1_3
    return _Server(config)


def _stop(servers: Sequence[_Server]) -> None:
    for each in servers:
        each.should_exit = True


def _stop_on_signals(servers: Sequence[_Server]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _stop, servers)


async def _stop_on_eof(servers: Sequence[_Server]) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1024):
        pass
    _stop(servers)
