"""Talks to the admin APIs of a running deployment with many requests in flight (asyncio)."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, Final

import aiohttp

from services.core.errors import BadContent, Conflict, NotFound, RoamwattError, Unavailable
from services.runtime.embedded.deployment import Deployment
from services.runtime.security import client_context

REQUEST_SECONDS: Final = 30
_ERRORS: Final[Mapping[int, type[RoamwattError]]] = {400: BadContent, 404: NotFound, 409: Conflict}


class AdminSession:
    """Requests to the services' admin APIs; numbers come back as exact decimals."""

    def __init__(self, deployment: Deployment, session: aiohttp.ClientSession) -> None:
        self._deployment, self._session = deployment, session

    async def get(self, service: str, path: str, **query: str) -> Any:
        """GET `/admin{path}` of a service (errors: as `request`)."""
        return await self.request("GET", service, path, query=query)

    async def post(self, service: str, path: str, body: Mapping[str, Any]) -> Any:
        """POST a body to `/admin{path}` of a service (errors: as `request`)."""
        return await self.request("POST", service, path, body=body)

    async def request(
        self,
        method: str,
        service: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        """Send one request and return the JSON of its answer.

        Raises:
            BadContent, Conflict, NotFound: as the service answered.
            Unavailable: when it is away or cannot answer now.
        """
        url = f"{self._deployment.admin_url(service)}/admin{path}"
        try:
            async with self._session.request(method, url, json=body, params=query) as response:
                content = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(f"{service} does not answer: {type(error).__name__}") from error
        if response.status < 300:
            return json.loads(content, parse_float=Decimal) if content else None
        kind = _ERRORS.get(response.status, Unavailable)
        raise kind(f"{method} {path} of {service}: HTTP {response.status}, {content[:500].decode(errors='replace')}")

    async def invite(self, party: str, name: str, roles: list[str]) -> str:
        """Invite a partner and return its registration token.

        One that is known is removed and invited anew: it has forgotten its token.
        """
        invitation = {"party": party, "name": name, "roles": roles}
        invited = await self.post("registry", "/partners", invitation)
        if invited["registration_token"] is None:
            await self.request("DELETE", "registry", f"/partners/{party}")
            invited = await self.post("registry", "/partners", invitation)
        return str(invited["registration_token"])

    async def wait_for(self, service: str, path: str, wanted: str, wait_seconds: float) -> Any:
        """GET until the object exists.

        Raises:
            NotFound: when it does not within the time; the text names what was `wanted`.
        """
        try:
            async with asyncio.timeout(wait_seconds):
                while True:
                    try:
                        return await self.get(service, path)
                    except NotFound:
                        await asyncio.sleep(0.05)
        except TimeoutError:
            raise NotFound(f"{wanted} was not there within {wait_seconds:.0f} s") from None


@asynccontextmanager
async def admin_session(deployment: Deployment) -> AsyncIterator[AdminSession]:
    """Open connections to the admin APIs of a deployment."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=client_context(deployment.ca_file)),
        headers={"Authorization": f"Bearer {deployment.admin_token}"},
        timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
    ) as session:
        yield AdminSession(deployment, session)
