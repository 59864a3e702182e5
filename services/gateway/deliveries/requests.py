"""A request to a partner, and the headers that every one has (OCPI 2.2.1, transport_and_format)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from services.gateway.deliveries.verdict import Result
from services.gateway.ocpi.modules import CONFIGURATION
from services.gateway.partners.options import DEFAULT, PartnerOptions
from services.gateway.partners.tokens import Style, authorization
from services.gateway.partners.wording import addressed, cased, worded


@dataclass(frozen=True, slots=True)
class PartnerAnswer:
    """What came of a request.

    Attributes:
        data: The `data` of an OCPI response, parsed; numbers are Decimal.
        message: Its `status_message`: for whoever asked, and never to be kept, since it may repeat a credential.
        location: The header Location, where there was one.
        retry_after_seconds: What the partner asked us to wait.
    """

    result: Result
    data: Any = field(default=None, repr=False)
    location: str | None = None
    retry_after_seconds: float | None = None
    message: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class PartnerRequest:
    """One request to one partner.

    Attributes:
        platform: Whose certificate is to be expected at the URL.
        module: Versions, credentials and hubclientinfo carry no routing headers, all others do.
        sender: The party on whose behalf it is sent (a CSO's for its CDR), `CC-PPP`.
        receiver: The party that it is for.
        correlation_id: Kept over all hops; a hop's own request id is always new.
        options: The platform's quirks; they are applied when it is sent, here and nowhere else.
        renewable: The token is the one of the platform's registration, so that a newer one may take its place.
        exact_url: The URL is one that the partner gave for this very use: not a letter of it is changed.
    """

    platform: str
    token: str = field(repr=False)
    style: Style
    module: str
    method: str
    url: str = field(repr=False)
    sender: str
    receiver: str
    correlation_id: str
    body: bytes | None = field(default=None, repr=False)
    options: PartnerOptions = DEFAULT
    exact_url: bool = False
    renewable: bool = False

    @property
    def target(self) -> str:
        """The URL as it is called; those of versions and credentials are as the partner gave them."""
        is_given = self.exact_url or self.module in {"versions", "credentials"}
        return self.url if is_given else addressed(self.url, self.options)

    @property
    def content(self) -> bytes | None:
        """The body as it is sent."""
        return None if self.body is None else worded(self.body, self.options)

    def understood(self, answer: PartnerAnswer) -> PartnerAnswer:
        """Return an answer as OCPI has it, where the platform puts single objects into lists.

        What is read by GET is left alone: it may be a list.
        """
        data = answer.data
        if self.options.answers_in_lists and self.method != "GET" and isinstance(data, list) and len(data) == 1:
            return replace(answer, data=data[0])
        return answer


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer as it came.

    Attributes:
        failed: Why there is none; None where there is one.
        headers: Names in lower case.
        next_url: The absolute URL that the header Link gives for the next page, where it gives one.
    """

    failed: Result | None = None
    http_status: int = 0
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    next_url: str | None = None


def headers(request: PartnerRequest, request_id: str) -> Mapping[str, str]:
    """Return the headers of a request: authorization, message ids and, where the module has them, routing."""
    found = {
        "Authorization": authorization(request.token, request.style),
        "X-Request-ID": request_id,
        "X-Correlation-ID": request.correlation_id,
        "Accept": "application/json",
        # A small compressed answer could unfold to any size.
        "Accept-Encoding": "identity",
    }
    if request.module not in CONFIGURATION:
        sender, receiver = (cased(party, request.options) for party in (request.sender, request.receiver))
        found |= _routing("from", sender) | _routing("to", receiver)
    if request.body is not None:
        found["Content-Type"] = "application/json"
    return found


def _routing(direction: str, party: str) -> dict[str, str]:
    country_code, _, party_id = party.partition("-")
    return {f"OCPI-{direction}-country-code": country_code, f"OCPI-{direction}-party-id": party_id}
