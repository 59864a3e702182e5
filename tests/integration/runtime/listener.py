"""A listener over real TLS for tests, and the certificates for both of its ends."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from starlette.types import ASGIApp

from services.runtime import https
from services.runtime.bounds import Bounds
from services.runtime.embedded.certificates import Authority, Pair
from services.runtime.settings import HttpsSettings


@dataclass(frozen=True)
class Certificates:
    """A server's certificate from an authority, and a client's that signed itself."""

    ca_file: Path
    server: Pair
    client: Pair


def certificates(folder: Path) -> Certificates:
    """Make all of them below a folder."""
    now = datetime.now(UTC)
    authority = Authority(folder)
    authority.ensure(now)
    return Certificates(authority.ca_file, authority.server("listener", now), _client(folder, now))


def _client(folder: Path, now: datetime) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a partner")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    pair = Pair(folder / "client.pem", folder / "client.key")
    pair.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
    pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return pair


def settings(made: Certificates, **bounds: object) -> HttpsSettings:
    """Return a listener's settings with some bounds changed."""
    files = {"certificate_file": made.server.certificate, "key_file": made.server.key}
    return HttpsSettings.model_validate({**files, "client_ca_file": made.client.certificate, **bounds})


@asynccontextmanager
async def serving(app: ASGIApp, given: HttpsSettings) -> AsyncIterator[https.Server]:
    """Serve an application behind its bounds until the end of the block."""
    server = https.server(Bounds(app, given, "test"), "127.0.0.1", 0, given, ask_client_certificate=True)
    task = asyncio.create_task(server.serve())
    await server.open.wait()
    try:
        yield server
    finally:
        server.should_exit = True
        await task


def client(made: Certificates, *, certificate: bool = False) -> ssl.SSLContext:
    """Return a client's context that takes any version of TLS."""
    context = ssl.create_default_context(cafile=str(made.ca_file))
    if certificate:
        context.load_cert_chain(made.client.certificate, made.client.key)
    return context


async def send(server: https.Server, context: ssl.SSLContext, *parts: bytes) -> bytes:
    """Send bytes over one connection and return what comes back until it is closed: nothing, where it is cut off."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=context)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        return await reader.read()
    except (ConnectionError, ssl.SSLError):
        return b""
    finally:
        writer.close()
