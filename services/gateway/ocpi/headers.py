"""OCPI's own headers: message ids and routing (OCPI 2.2.1, Unique message IDs and Message routing headers)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from services.core.errors import BadContent
from services.core.party import PartyId

REQUEST_ID: Final = "x-request-id"
CORRELATION_ID: Final = "x-correlation-id"
MAX_ID_CHARACTERS: Final = 128


@dataclass(frozen=True, slots=True)
class MessageIds:
    """The ids of one request: `request` of this hop, `correlation` of the whole conversation."""

    request: str
    correlation: str

    def headers(self) -> dict[str, str]:
        """Return them as headers; the answer to a request repeats both."""
        return {REQUEST_ID: self.request, CORRELATION_ID: self.correlation}


@dataclass(frozen=True, slots=True)
class Routing:
    """From whom a message comes and to whom it is to go, as `CC-PPP`; None where the headers do not say."""

    sender: str | None = None
    receiver: str | None = None


def message_ids(headers: Mapping[str, str], new_id: Callable[[], str]) -> MessageIds:
    """Return the ids of an incoming request, new ones where it lacks them or they are no short printable text.

    Args:
        headers: By name in lower case.
        new_id: Gives an id that was never used before.
    """
    return MessageIds(_id(headers.get(REQUEST_ID)) or new_id(), _id(headers.get(CORRELATION_ID)) or new_id())


def next_hop(correlation: str, new_id: Callable[[], str]) -> MessageIds:
    """Return the ids of a request that passes a message on: a new request id, the same correlation id."""
    return MessageIds(new_id(), correlation or new_id())


def routing(headers: Mapping[str, str]) -> Routing:
    """Return the routing that an incoming request asks for; each half may be missing.

    Raises:
        BadContent: when a half has only one of its two headers, or they name no party.
    """
    return Routing(_party(headers, "from"), _party(headers, "to"))


def routing_headers(sender: str, receiver: str) -> dict[str, str]:
    """Return the four routing headers for two parties written `CC-PPP`."""
    (from_country, from_party), (to_country, to_party) = sender.split("-"), receiver.split("-")
    return {
        "ocpi-from-country-code": from_country,
        "ocpi-from-party-id": from_party,
        "ocpi-to-country-code": to_country,
        "ocpi-to-party-id": to_party,
    }


def response_routing(asked: Routing, hub: str) -> dict[str, str]:
    """Return the routing headers of an answer: back to the asking party, from the party asked or from the hub."""
    return routing_headers(asked.receiver or hub, asked.sender) if asked.sender else {}


def _id(sent: str | None) -> str | None:
    usable = sent and len(sent) <= MAX_ID_CHARACTERS and sent.isascii() and sent.isprintable()
    return sent if usable else None


def _party(headers: Mapping[str, str], half: str) -> str | None:
    country, party = headers.get(f"ocpi-{half}-country-code"), headers.get(f"ocpi-{half}-party-id")
    if not country and not party:
        return None
    if not country or not party:
        raise BadContent(f"OCPI-{half}-country-code and OCPI-{half}-party-id go together")
    try:
        return str(PartyId.of(country, party))
    except BadContent as error:
        raise BadContent(f"OCPI-{half} headers: {error}") from None
