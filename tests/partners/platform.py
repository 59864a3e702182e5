"""The partner as a client of the platform: the credentials handshake, and requests with the token that it yields."""

import asyncio
import secrets
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.partners.ocpi import OLDER, SUCCESS, Party, dumps, loads, request_headers

REQUEST_SECONDS = 30.0
MAX_CONNECTIONS = 64
INVITED_SECONDS = 30.0
INVITED_FIRST_PAUSE_SECONDS = 0.05
INVITED_MAX_PAUSE_SECONDS = 1.0


def hub_of(given: Mapping[str, Any]) -> Party:
    """The platform's own party: 2.3.0 has a field for it, in 2.2.1 it is the only role that is given."""
    if "hub_party_id" in given:
        return Party(given["hub_party_id"][:2], given["hub_party_id"][2:])
    return Party(given["roles"][0]["country_code"], given["roles"][0]["party_id"])


class HandshakeError(Exception):
    """The platform did not answer the registration as OCPI says."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the platform answered: HTTP status, headers (lower-case names), parsed body or its text."""

    http_status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def status_code(self) -> int | None:
        """The OCPI status code, or None where the body is no OCPI envelope."""
        return self.body.get("status_code") if isinstance(self.body, dict) else None

    @property
    def data(self) -> Any:
        """The envelope's data."""
        return self.body.get("data") if isinstance(self.body, dict) else None


@dataclass(slots=True)
class Platform:
    """Our side of the connection to the platform.

    Attributes:
        token_for_us: Token B, by which the platform calls us.
        token_for_them: Token C (A until registered), by which we call the platform.
        version: The version of OCPI that we speak.
        endpoints: (module, role) to URL, from the platform's version details.
        hub: The party that the platform gave itself in its credentials.
    """

    party: Party
    role: str
    versions_url: str
    tls: ssl.SSLContext
    version: str = OLDER
    token_for_us: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    token_for_them: str | None = None
    endpoints: dict[tuple[str, str], str] = field(default_factory=dict)
    hub: Party | None = None
    _session: aiohttp.ClientSession | None = None

    async def register(self, their_versions_url: str, registration_token: str) -> None:
        """Run the handshake as its initiator; raises HandshakeError when any step fails."""
        self.token_for_them = registration_token
        versions = self._data(await self._knock(their_versions_url))
        details_url = next((each["url"] for each in versions if each["version"] == self.version), None)
        if details_url is None:
            message = f"the platform offers no version {self.version}"
            raise HandshakeError(message)
        details = self._data(await self.request("GET", details_url, module="versions"))
        self.endpoints = {(each["identifier"], each["role"]): each["url"] for each in details["endpoints"]}
        url = self.url("credentials", "RECEIVER", "SENDER")
        given = self._data(await self.request("POST", url, self.credentials(), module="credentials"))
        self.token_for_them = given["token"]
        self.hub = hub_of(given)

    async def _knock(self, url: str) -> Answer:
        """The first request: asked again, ever more rarely, while the invitation is on its way to where we knock."""
        deadline, pause = time.monotonic() + INVITED_SECONDS, INVITED_FIRST_PAUSE_SECONDS
        while True:
            answer = await self.request("GET", url, module="versions")
            if answer.http_status not in {401, 429} or time.monotonic() >= deadline:
                return answer
            await asyncio.sleep(pause)
            pause = min(2 * pause, INVITED_MAX_PAUSE_SECONDS)

    def end(self) -> None:
        """Forget the platform's token, and take its calls no more: it has ended the registration."""
        self.token_for_us, self.token_for_them = secrets.token_urlsafe(32), None

    def credentials(self) -> dict[str, Any]:
        """The credentials object that tells the platform how to reach us."""
        role = {
            "role": self.role,
            "party_id": self.party.party_id,
            "country_code": self.party.country_code,
            "business_details": {"name": f"Stand-in {self.role} {self.party}"},
        }
        return {"token": self.token_for_us, "url": self.versions_url, "roles": [role]}

    def url(self, module: str, *roles: str) -> str:
        """The platform's endpoint of a module in the first of these interface roles that it has."""
        for role in roles:
            if (module, role) in self.endpoints:
                return self.endpoints[module, role].rstrip("/")
        message = f"the platform has no endpoint for {module} as {' or '.join(roles)}"
        raise HandshakeError(message)

    async def request(
        self,
        method: str,
        url: str,
        body: object = None,
        *,
        module: str,
        receiver: Party | None = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request; `raw` goes out as it is instead of `body`, `headers` replace ours by name."""
        own = request_headers(
            self.token_for_them or "", self.party, receiver, routed=module not in {"versions", "credentials"}
        )
        content = raw if raw is not None else None if body is None else dumps(body)
        if content is not None:
            own["Content-Type"] = "application/json"
        async with self._client().request(method, url, data=content, headers=own | dict(headers or {})) as response:
            text = await response.read()
            names = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, names, _parsed(text))

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self.tls, limit=MAX_CONNECTIONS),
                timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
            )
        return self._session

    @staticmethod
    def _data(answer: Answer) -> Any:
        if answer.http_status not in {200, 201} or answer.status_code != SUCCESS:
            message = f"registration: the platform answered HTTP {answer.http_status}, {answer.body}"
            raise HandshakeError(message)
        return answer.data


def _parsed(content: bytes) -> Any:
    try:
        return loads(content) if content else None
    except ValueError:
        return content.decode(errors="replace")
