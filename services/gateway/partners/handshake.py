"""Calls a partner back during its registration: its versions, and the details of ours."""

from dataclasses import dataclass
from typing import Any

from services.gateway.deliveries.client import PartnerClient
from services.gateway.deliveries.requests import PartnerAnswer, PartnerRequest
from services.gateway.deliveries.verdict import Verdict, judge
from services.gateway.partners.options import DEFAULT, PartnerOptions
from services.gateway.partners.registration import (
    CANNOT_USE_API,
    Credentials,
    Endpoint,
    Refused,
    read_endpoints,
    version_url,
)
from services.gateway.partners.tokens import Style
from services.gateway.settings import PartnerSettings


@dataclass(frozen=True, slots=True)
class Discovered:
    """What a partner's own endpoints say of it."""

    style: Style
    endpoints: tuple[Endpoint, ...]


class Handshake:
    """Fetches a partner's endpoints with the token that it gave us."""

    def __init__(self, client: PartnerClient, settings: PartnerSettings, own_party: str) -> None:
        self._client, self._settings, self._own_party = client, settings, own_party

    async def discover(
        self, platform: str, credentials: Credentials, correlation_id: str, options: PartnerOptions = DEFAULT
    ) -> Discovered:
        """Return a partner's endpoints of our version, and how it wants its token written.

        The text asks for base64, many partners take the token only as it is: where the first gets 401 the second
        is tried (OCPI 2.2.1, Authorization header), unless the partner's options say which it is.

        Raises:
            Refused: 3001 when the partner does not answer as it should, 3002 or 3003 by what it answers.
        """
        for style in (options.authorization_style,) if options.authorization_style else tuple(Style):
            answer = await self._get(platform, credentials, style, credentials.url, correlation_id)
            if answer.result.http_status != 401:
                break
        details_url = version_url(_data(answer, "versions endpoint"))
        details = await self._get(platform, credentials, style, details_url, correlation_id)
        found = read_endpoints(_data(details, "version details"), self._settings.max_endpoints)
        return Discovered(style, found)

    async def _get(
        self, platform: str, credentials: Credentials, style: Style, url: str, correlation_id: str
    ) -> PartnerAnswer:
        request = PartnerRequest(
            platform=platform,
            token=credentials.token,
            style=style,
            module="versions",
            method="GET",
            url=url,
            sender=self._own_party,
            receiver="",
            correlation_id=correlation_id,
        )
        return await self._client.send(request, self._settings.handshake_timeout_seconds)


def _data(answer: PartnerAnswer, name: str) -> Any:
    if judge(answer.result) is not Verdict.DELIVERED:
        raise Refused(CANNOT_USE_API, f"your {name} cannot be used with the token you gave: {answer.result.message}")
    return answer.data
