"""TLS contexts, and the guard of the admin API."""

import hmac
import ssl
from pathlib import Path

from pydantic import SecretStr
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from services.runtime.settings import HttpsSettings, SettingsError


def server_context(settings: HttpsSettings, *, ask_client: bool = False) -> ssl.SSLContext | None:
    """Return the context of a listener, TLS 1.3 at least, or None where no certificate is set.

    Args:
        settings: The listener's certificate and key.
        ask_client: Ask for a client certificate, which may be withheld, where `client_ca_file` says whose to trust.

    Raises:
        SettingsError: when a file cannot be read or does not fit the others.
    """
    if settings.certificate_file is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    _load_chain(context, settings.certificate_file, settings.key_file)
    if ask_client and settings.client_ca_file is not None:
        _load_authorities(context, settings.client_ca_file)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def client_context(
    ca_file: Path | None,
    certificate_file: Path | None = None,
    key_file: Path | None = None,
    *,
    minimum_version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
) -> ssl.SSLContext:
    """Return the context of a client that checks its server's name and certificate.

    Args:
        ca_file: The authorities to trust; None, the system's.
        certificate_file: The client's own certificate, where it has one.
        key_file: The key of that certificate.
        minimum_version: The oldest protocol version to accept.

    Raises:
        SettingsError: when a file cannot be read or does not fit the others.
    """
    if ca_file is None:
        context = ssl.create_default_context()
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        _load_authorities(context, ca_file)
    context.minimum_version = minimum_version
    if certificate_file is not None:
        _load_chain(context, certificate_file, key_file)
    return context


def _load_chain(context: ssl.SSLContext, certificate_file: Path, key_file: Path | None) -> None:
    try:
        context.load_cert_chain(certificate_file, key_file)
    except OSError as error:  # ssl.SSLError is one
        reason = error.strerror or "not a certificate with its key"
        raise SettingsError(f"cannot use certificate {certificate_file} with key {key_file}: {reason}") from None


def _load_authorities(context: ssl.SSLContext, ca_file: Path) -> None:
    try:
        context.load_verify_locations(ca_file)
    except OSError as error:
        raise SettingsError(f"cannot use CA file {ca_file}: {error.strerror or 'not a certificate'}") from None


class AdminGuard:
    """ASGI middleware that lets a request below `/admin` pass with `Authorization: Bearer <admin token>` alone.

    What is not below `/admin` passes. Without a token in the settings nobody gets in.
    """

    def __init__(self, app: ASGIApp, token: SecretStr | None) -> None:
        self._app = app
        self._token = token.get_secret_value().encode() if token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 or pass the request on."""
        if scope["type"] != "http" or not is_admin_path(scope["path"]) or admits(self._token, _authorization(scope)):
            await self._app(scope, receive, send)
            return
        detail = "the admin API needs `Authorization: Bearer <admin token>`"
        if self._token is None:
            detail = "the admin API is closed: ROAMWATT_ADMIN__TOKEN is not set"
        refusal = JSONResponse({"error": "unauthorized", "detail": detail}, 401, {"www-authenticate": "Bearer"})
        await refusal(scope, receive, send)


def is_admin_path(path: str) -> bool:
    """Tell whether the guard stands before this path."""
    return path == "/admin" or path.startswith("/admin/")


def admits(token: bytes | None, authorization: bytes) -> bool:
    """Tell whether an Authorization header carries the token, in a time that does not depend on its content."""
    scheme, _, given = authorization.partition(b" ")
    return token is not None and scheme.lower() == b"bearer" and hmac.compare_digest(given.strip(), token)


def _authorization(scope: Scope) -> bytes:
    found = [value for name, value in scope["headers"] if name == b"authorization"]
    return found[0] if len(found) == 1 else b""
