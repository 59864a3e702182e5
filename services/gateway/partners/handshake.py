"""Calls a partner's versions and credentials: back while it registers with us, and first where we register with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from services.gateway.deliveries.client import PartnerClient
from services.gateway.deliveries.requests import PartnerAnswer, PartnerRequest
from services.gateway.deliveries.verdict import Verdict, judge
from services.gateway.ocpi.versions import Version
from services.gateway.partners.options import DEFAULT, PartnerOptions
from services.gateway.partners.registration import CANNOT_USE_API, Endpoint, Refused, choose_version, read_endpoints
from services.gateway.partners.tokens import Style
from services.gateway.settings import PartnerSettings


@dataclass(frozen=True, slots=True)
class Access:
    """How a partner's configuration modules are called.

    Attributes:
        platform: Whose certificate is expected.
        token: What lets us in: its token A or B.
        url: Of its versions.
        correlation_id: Of the conversation that this is part of.
        options: Its quirks.
    """

    platform: str
    token: str = field(repr=False)
    url: str
    correlation_id: str
    options: PartnerOptions = DEFAULT


@dataclass(frozen=True, slots=True)
class Discovered:
    """What a partner's own endpoints say of it."""

    version: Version
    style: Style
    endpoints: tuple[Endpoint, ...]

    @property
    def credentials_url(self) -> str:
        """Where its credentials are; `read_endpoints` has seen to it that there is such an endpoint."""
        return next(each.url for each in self.endpoints if each.identifier == "credentials")


class Handshake:
    """Fetches a partner's endpoints, and gives it our credentials."""

    def __init__(self, client: PartnerClient, settings: PartnerSettings, own_party: str) -> None:
        self._client, self._settings, self._own_party = client, settings, own_party

    async def discover(self, access: Access, wanted: Sequence[Version]) -> Discovered:
        """Return a partner's endpoints of the newest of some versions, and how it wants its token written.

        The text asks for base64, many partners take the token only as it is: where the first gets 401 the second
        is tried (OCPI 2.2.1, Authorization header), unless the partner's options say which it is.

        Raises:
            Refused: 3001 when the partner does not answer as it should, 3002 or 3003 by what it answers.
        """
        set_style = access.options.authorization_style
        for style in (set_style,) if set_style else tuple(Style):
            answer = await self._send(self._request(access, style, "GET", access.url))
            if answer.result.http_status != 401:
                break
        version, details_url = choose_version(_data(answer, "versions endpoint"), wanted)
        details = await self._send(self._request(access, style, "GET", details_url))
        found = read_endpoints(_data(details, "version details"), self._settings.max_endpoints)
        return Discovered(version, style, found)

    async def exchange(self, access: Access, found: Discovered, method: str, body: bytes) -> Any:
        """Give a partner our credentials (POST, PUT) and return those that it gives us, unchecked.

        Raises:
            Refused: 3001, when it does not take them.
        """
        request = self._request(access, found.style, method, found.credentials_url)
        answer = await self._send(replace(request, module="credentials", body=body))
        return _data(answer, f"{method} of credentials")

    async def leave(self, access: Access, style: Style, url: str) -> None:
        """Tell a partner that we unregister (DELETE of its credentials).

        Raises:
            Refused: 3001, when it does not take that.
        """
        request = replace(self._request(access, style, "DELETE", url), module="credentials")
        _data(await self._send(request), "DELETE of credentials")

    async def is_there(self, access: Access, style: Style, timeout_seconds: float) -> bool:
        """Tell whether a partner's versions answer as they should."""
        request = replace(self._request(access, style, "GET", access.url), renewable=True)
        return judge((await self._client.send(request, timeout_seconds)).result) is Verdict.DELIVERED

    def _request(self, access: Access, style: Style, method: str, url: str) -> PartnerRequest:
        return PartnerRequest(
            platform=access.platform,
            token=access.token,
            style=style,
            module="versions",
            method=method,
            url=url,
            sender=self._own_party,
            receiver="",
            correlation_id=access.correlation_id,
            options=access.options,
        )

    async def _send(self, request: PartnerRequest) -> PartnerAnswer:
        return await self._client.send(request, self._settings.handshake_timeout_seconds)


def _data(answer: PartnerAnswer, name: str) -> Any:
    if judge(answer.result) is not Verdict.DELIVERED:
        raise Refused(CANNOT_USE_API, f"the {name} cannot be used with the token given: {answer.result.message}")
    return answer.data
