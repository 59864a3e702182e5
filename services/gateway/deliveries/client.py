"""The HTTPS client towards partners."""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import aiohttp
from yarl import URL

from services.core.errors import RoamwattError
from services.gateway.deliveries.answers import read_answer
from services.gateway.deliveries.authorities import Authorities
from services.gateway.deliveries.requests import Fetched, PartnerAnswer, PartnerRequest, headers
from services.gateway.deliveries.verdict import Failing, Result, is_healthy
from services.gateway.settings import ClientSettings
from services.runtime.settings import SettingsError


class PartnerClient:
    """Sends one request at a time per call; every failure is an answer, so that nobody forgets one.

    One session, one pool per host: a partner that hangs holds its own connections only.
    """

    def __init__(
        self,
        settings: ClientSettings,
        ca_file: Path | None,
        ca_folder: Path | None = None,
        *,
        request_id: Callable[[], str] = lambda: str(uuid4()),
        renewed: Callable[[PartnerRequest], Awaitable[PartnerRequest | None]] | None = None,
        heard: Callable[[str], None] = lambda _platform: None,
    ) -> None:
        self._renewed, self._heard = renewed, heard
        self._settings, self._request_id = settings, request_id
        self._authorities = Authorities(ca_file, ca_folder, settings.authorities_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections; the next request opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def send(self, request: PartnerRequest, timeout_seconds: float | None = None) -> PartnerAnswer:
        """Send a request and return what came of it, at the latest after the time given or set."""
        seconds = timeout_seconds if timeout_seconds is not None else self._settings.timeout_seconds
        fetched = await self.fetch(request, seconds, self._settings.max_response_bytes)
        if fetched.failed is not None:
            return PartnerAnswer(fetched.failed)
        answer = read_answer(
            fetched.http_status,
            fetched.body,
            location=fetched.headers.get("location"),
            retry_after=fetched.headers.get("retry-after"),
        )
        if is_healthy(answer.result):
            self._heard(request.platform)
        return request.understood(answer)

    async def fetch(self, request: PartnerRequest, timeout_seconds: float, max_bytes: int) -> Fetched:
        """Send a request and return the answer as it came, unless it is larger or later than this.

        Redirections are not followed: a partner's credentials go to the address that it registered, nowhere else.
        A token that was replaced a moment ago is no reason to fail: with the newer one it is sent once more.
        """
        until = time.monotonic() + timeout_seconds
        answer = await self._try(request, timeout_seconds, max_bytes)
        if answer.http_status != 401 or not request.renewable or self._renewed is None:
            return answer
        try:
            newer = await self._renewed(request)
        except RoamwattError:
            return answer
        left = until - time.monotonic()
        return answer if newer is None or left <= 0 else await self._try(newer, left, max_bytes)

    async def _try(self, request: PartnerRequest, seconds: float, max_bytes: int) -> Fetched:
        limits = aiohttp.ClientTimeout(total=seconds, connect=min(seconds, self._settings.connect_timeout_seconds))
        try:
            return await self._trusting(request, limits, max_bytes)
        except TimeoutError:
            return _failed(Failing.TIMEOUT, f"no answer within {seconds:g} s")
        except aiohttp.ClientSSLError as error:
            return _failed(Failing.UNREACHABLE, f"its certificate was not accepted ({type(error).__name__})")
        except SettingsError as error:
            return _failed(Failing.UNREACHABLE, str(error))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return _failed(Failing.UNREACHABLE, f"no connection ({type(error).__name__})")

    async def _trusting(self, request: PartnerRequest, limits: aiohttp.ClientTimeout, max_bytes: int) -> Fetched:
        """Exchange, once more where the partner's authorities were renewed a moment ago."""
        try:
            return await self._exchange(request, limits, max_bytes)
        except aiohttp.ClientSSLError:
            if not self._authorities.renewed(request.platform, request.options.min_tls):
                raise
            return await self._exchange(request, limits, max_bytes)

    async def _exchange(self, request: PartnerRequest, limits: aiohttp.ClientTimeout, max_bytes: int) -> Fetched:
        session = self._opened()
        async with session.request(
            request.method,
            # The URL is encoded already; encoding it again would change ids that hold a percent sign.
            URL(request.target, encoded=True),
            data=request.content,
            headers=headers(request, self._request_id()),
            ssl=self._authorities.context(request.platform, request.options.min_tls),
            allow_redirects=False,
            timeout=limits,
        ) as response:
            body = await _bounded(response, max_bytes)
            if body is None:
                return _failed(Failing.TOO_LARGE, f"an answer of more than {max_bytes} bytes")
            given = {name.lower(): value for name, value in response.headers.items()}
            return Fetched(None, response.status, body, given, _next_url(response))

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            # No bound over all partners: one that hangs would use it up for the others. What asks has its bounds.
            connector = aiohttp.TCPConnector(
                limit=0,
                limit_per_host=self._settings.max_connections_per_partner,
                keepalive_timeout=self._settings.keep_alive_seconds,
            )
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
            )
        return self._session


async def _bounded(response: aiohttp.ClientResponse, max_bytes: int) -> bytes | None:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > max_bytes:
            return None
    return bytes(body)


def _next_url(response: aiohttp.ClientResponse) -> str | None:
    if "Link" not in response.headers:
        return None
    try:
        found = {relation.lower(): link["url"] for relation, link in response.links.items()}
    except ValueError:  # a Link that names no URL
        return None
    return str(found["next"]) if "next" in found else None


def _failed(failing: Failing, message: str) -> Fetched:
    return Fetched(Result(failing=failing, message=message))
