"""The HTTPS server: uvicorn with TLS 1.3 at least, bounded connections and a client's certificate in the ASGI scope."""

import asyncio
import contextlib
import socket
import ssl
from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar, Final, cast

import uvicorn
from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.core.errors import RoamwattError
from services.runtime import metrics
from services.runtime.security import server_context
from services.runtime.settings import HttpsSettings

_FAREWELL_SECONDS: Final = 0.5
_TLS_VERSIONS: Final = {"TLSv1.3": 0x0304, "TLSv1.2": 0x0303}


class ListenerError(RoamwattError):
    """A listener that cannot be opened; the text says on which address and what to change."""


class Server(uvicorn.Server):
    """A server on a socket that is bound already, so that its port is known before it serves.

    It leaves signals to the process: whoever runs it sets `should_exit`. `open` is set once connections are taken.
    """

    def __init__(self, config: uvicorn.Config, listener: socket.socket) -> None:
        super().__init__(config)
        self._listener = listener
        self.port: int = listener.getsockname()[1]
        self.open = asyncio.Event()

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until `should_exit`, then finish what is under way within the setting's bound."""
        await super().serve(sockets or [self._listener])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take connections, and set `open`."""
        await super().startup(sockets)
        self.open.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing: signals are the process's."""
        yield


def server(
    app: ASGIApp, host: str, port: int, settings: HttpsSettings, *, ask_client_certificate: bool = False
) -> Server:
    """Return a server for an application, bound and not yet serving; over TLS where a certificate is set.

    Args:
        app: The application.
        host: The address to listen on.
        port: The port, 0 to let the system choose (see `Server.port`).
        settings: Certificate and bounds.
        ask_client_certificate: Ask for a client certificate from the authorities in `client_ca_file`.

    Raises:
        ListenerError: when the address cannot be bound.
        services.runtime.settings.SettingsError: when the certificate cannot be used.
    """
    context = server_context(settings, ask_client=ask_client_certificate)
    config = uvicorn.Config(
        cast(Any, app),
        http=_protocol(settings),
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=settings.backlog_connections,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=settings.stop_seconds,
    )
    config.load()
    config.ssl = context
    return Server(config, _bind(host, port))


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named, or asyncio leaves small packets to wait for acknowledgements.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        advice = "choose another port in ROAMWATT_HTTPS__ADMIN_PORT or ROAMWATT_HTTPS__PUBLIC_PORT (0: any free one)"
        raise ListenerError(f"cannot listen on {host}:{port}: {error.strerror}; {advice}") from None
    return listener


def _protocol(settings: HttpsSettings) -> type[asyncio.Protocol]:
    class BoundedProtocol(_Protocol):
        max_connections = settings.max_connections
        max_connections_per_address = settings.max_connections_per_address
        addresses: ClassVar[Counter[str]] = Counter()
        max_header_bytes = settings.max_header_bytes
        receive_seconds = settings.receive_seconds
        send_seconds = settings.send_seconds

    return BoundedProtocol


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with bounds that it lacks and the ASGI `tls` extension (version 0.2)."""

    max_connections: int
    max_connections_per_address: int
    addresses: ClassVar[Counter[str]]
    max_header_bytes: int
    receive_seconds: float
    send_seconds: float

    _tls: dict[str, Any] | None = None
    _header_bytes = 0
    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _address = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        address = str((transport.get_extra_info("peername") or ("",))[0])
        from_there = self.addresses[address]
        if len(self.connections) >= self.max_connections or from_there >= self.max_connections_per_address:
            metrics.HTTP_CONNECTIONS_REFUSED.labels("too_many").inc()
            transport.abort()
            return
        self._address = address
        self.addresses[address] = from_there + 1
        super().connection_made(transport)
        self._tls = _tls_extension(transport.get_extra_info("ssl_object"))
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        if self.transport is not None:
            self._read()
            self._count_out()
            super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self.send_seconds, self._give_up)

    def resume_writing(self) -> None:
        self._read()
        super().resume_writing()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._header_bytes = 0
        if self._tls is not None:
            self.scope["extensions"] = cast(Any, {"tls": self._tls})
        if self._deadline is None:
            self._arm()

    def on_url(self, url: bytes) -> None:
        self._count(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(name, value)
        super().on_header(name, value)

    def on_message_complete(self) -> None:
        self._disarm()
        super().on_message_complete()

    def shutdown(self) -> None:
        super().shutdown()
        if self.cycle is None or self.cycle.response_complete:
            # A client that does not read now never answers the end of the TLS session; the stop need not wait for it.
            self.loop.call_later(_FAREWELL_SECONDS, self.transport.abort)

    def _count(self, *parts: bytes) -> None:
        self._header_bytes += sum(map(len, parts))
        if self._header_bytes > self.max_header_bytes:
            raise ValueError("headers over their bound")  # httptools turns it to a 400

    def _arm(self) -> None:
        self._deadline = self.loop.call_later(self.receive_seconds, self._give_up)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _count_out(self) -> None:
        self.addresses[self._address] -= 1
        if not self.addresses[self._address]:
            del self.addresses[self._address]

    def _read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _give_up(self) -> None:
        self._deadline = self._unread = None
        metrics.HTTP_CONNECTIONS_REFUSED.labels("too_slow").inc()
        self.transport.abort()


def _tls_extension(connection: ssl.SSLObject | None) -> dict[str, Any] | None:
    if connection is None:
        return None
    certificate = connection.getpeercert(binary_form=True)
    chain = [ssl.DER_cert_to_PEM_cert(certificate)] if certificate else []
    return {"client_cert_chain": chain, "tls_version": _TLS_VERSIONS.get(connection.version() or "")}


def client_certificate(scope: Scope) -> str | None:
    """Return the client's certificate (PEM) out of an ASGI scope, or None where it showed none."""
    chain: list[str] = scope.get("extensions", {}).get("tls", {}).get("client_cert_chain", [])
    return chain[0] if chain else None
