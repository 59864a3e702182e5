"""Drives OCPI 2.2.1 over HTTPS as a partner does: the credentials handshake, and pushes repeated until acknowledged."""

import asyncio
import base64
import json
import random
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import aiohttp

from services.core.errors import BadContent, Unavailable
from services.core.party import PartyId

VERSION: Final = "2.2.1"
SUCCESS: Final = 1000
UNAUTHORIZED: Final = 401
_RETRIED_HTTP: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_RETRIED_OCPI: Final = frozenset({3000})


@dataclass(frozen=True, slots=True)
class Patience:
    """Bounds of sending.

    Attributes:
        request_seconds: One try.
        give_up_seconds: All tries of one request together.
        invited_seconds: Until a new registration token must be known.
        first_pause_seconds: After the first failure; doubled each time, with jitter, up to `longest_pause_seconds`.
    """

    request_seconds: float = 15
    give_up_seconds: float = 120
    invited_seconds: float = 15
    first_pause_seconds: float = 0.1
    longest_pause_seconds: float = 2


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The platform's answer to one push: success, or a refusal with its OCPI status code and text."""

    status_code: int
    message: str
    data: Any
    http_status: int
    tries: int

    @property
    def is_success(self) -> bool:
        """Whether the platform took it."""
        return self.status_code == SUCCESS


@dataclass(slots=True)
class Partner:
    """One party of a replay and its connection to the platform.

    Attributes:
        role: OCPI role, CPO or EMSP.
        versions_url: Where the platform finds our versions during the handshake.
        token_for_us: Token B.
        token_for_them: Token C, once registered.
    """

    party: PartyId
    role: str
    name: str
    versions_url: str
    session: aiohttp.ClientSession
    patience: Patience
    token_for_us: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    token_for_them: str = field(default="", repr=False)
    endpoints: dict[tuple[str, str], str] = field(default_factory=dict)
    repeats: int = 0

    async def register(self, their_versions_url: str, registration_token: str) -> None:
        """Run the credentials handshake as its initiator.

        Raises:
            BadContent: when the platform refuses, or does not offer OCPI 2.2.1.
            Unavailable: when it cannot be reached.
        """
        self.token_for_them = registration_token
        await self._invited(their_versions_url)
        versions = await self._registration_step("GET", their_versions_url)
        details_url = next((each["url"] for each in versions if each["version"] == VERSION), None)
        if details_url is None:
            raise BadContent(f"the platform does not offer OCPI {VERSION}")
        details = await self._registration_step("GET", details_url)
        self.endpoints = {(each["identifier"], each["role"]): each["url"] for each in details["endpoints"]}
        credentials_url = self.endpoints.get(("credentials", "RECEIVER")) or self.endpoints["credentials", "SENDER"]
        given = await self._registration_step("POST", credentials_url, self.credentials())
        self.token_for_them = given["token"]

    def credentials(self) -> dict[str, Any]:
        """The credentials object of this party."""
        role = {
            "role": self.role,
            "country_code": self.party.country_code,
            "party_id": self.party.party_id,
            "business_details": {"name": self.name},
        }
        return {"token": self.token_for_us, "url": self.versions_url, "roles": [role]}

    async def put(self, module: str, object_id: str, value: Mapping[str, Any], query: str = "") -> Acknowledged:
        """Push an own object (PUT), repeated until acknowledged (errors: as `send`)."""
        root = self.endpoints[module, "RECEIVER"].rstrip("/")
        url = f"{root}/{self.party.country_code}/{self.party.party_id}/{object_id}{query}"
        return await self.send("PUT", url, value)

    async def post_cdr(self, value: Mapping[str, Any]) -> Acknowledged:
        """Post a CDR, repeated until acknowledged (errors: as `send`)."""
        return await self.send("POST", self.endpoints["cdrs", "RECEIVER"], value)

    async def send(
        self, method: str, url: str, value: Mapping[str, Any] | None = None, *, routed: bool = True
    ) -> Acknowledged:
        """Send one request and repeat it, the very same bytes, until the platform answers in OCPI.

        Raises:
            Unavailable: when there was no such answer within `give_up_seconds`.
        """
        body = None if value is None else dumps(value)
        deadline = time.monotonic() + self.patience.give_up_seconds
        pause, tries, reason = self.patience.first_pause_seconds, 0, ""
        while True:
            tries += 1
            try:
                answer = await self._try(method, url, body, tries, routed=routed)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                answer, reason = None, type(error).__name__
            if answer is not None and answer.status_code not in _RETRIED_OCPI:
                return answer
            reason = reason or "the platform cannot take it now"
            if time.monotonic() + pause > deadline:
                raise Unavailable(f"{method} {url}: not acknowledged after {tries} tries: {reason}")
            self.repeats += 1
            await asyncio.sleep(pause * random.uniform(0.5, 1))
            pause = min(pause * 2, self.patience.longest_pause_seconds)

    async def _try(self, method: str, url: str, body: bytes | None, tries: int, *, routed: bool) -> Acknowledged | None:
        """One try; None where the answer says that a later one may succeed."""
        headers = self.headers(routed=routed)
        async with self.session.request(method, url, data=body, headers=headers) as response:
            content = await response.read()
        if response.status in _RETRIED_HTTP:
            return None
        try:
            envelope = json.loads(content, parse_float=Decimal)
            status_code, message = int(envelope["status_code"]), str(envelope.get("status_message") or "")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise aiohttp.ClientPayloadError(f"HTTP {response.status} without an OCPI body") from None
        return Acknowledged(status_code, message, envelope.get("data"), response.status, tries)

    def headers(self, *, routed: bool) -> dict[str, str]:
        """Headers of a request: token, fresh message ids, and who asks where the module routes by it."""
        token = base64.b64encode(self.token_for_them.encode()).decode()
        headers = {
            "Authorization": f"Token {token}",
            "X-Request-ID": str(uuid.uuid4()),
            "X-Correlation-ID": str(uuid.uuid4()),
            "Content-Type": "application/json",
        }
        if routed:
            headers |= {
                "OCPI-from-country-code": self.party.country_code,
                "OCPI-from-party-id": self.party.party_id,
            }
        return headers

    async def _invited(self, versions_url: str) -> None:
        """Wait until the invitation has reached where we knock: the operator's answer may be ahead of it."""
        deadline = time.monotonic() + self.patience.invited_seconds
        while (await self.send("GET", versions_url, routed=False)).http_status == UNAUTHORIZED:
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"{self.party}: the registration token is not known after {self.patience.invited_seconds} s"
                )
            await asyncio.sleep(self.patience.first_pause_seconds)

    async def _registration_step(self, method: str, url: str, value: Mapping[str, Any] | None = None) -> Any:
        answer = await self.send(method, url, value, routed=False)
        if not answer.is_success:
            raise BadContent(f"{self.party} cannot register: {answer.status_code} {answer.message}")
        return answer.data


def dumps(value: Mapping[str, Any]) -> bytes:
    """JSON with exact decimals: the short ones that we write survive a double."""
    return json.dumps(value, default=_number, ensure_ascii=False, separators=(",", ":")).encode()


def _number(value: object) -> int | float:
    if not isinstance(value, Decimal):
        message = f"{type(value).__name__} has no place in JSON"
        raise TypeError(message)
    return int(value) if value == value.to_integral_value() else float(value)
