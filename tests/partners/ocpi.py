"""The little of OCPI's transport that a partner needs, the same in both versions: envelope, tokens, ids, routing."""

import base64
import binascii
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

OLDER, NEWER = "2.2.1", "2.3.0"
SUCCESS = 1000
CLIENT_ERROR = 2000
INVALID_PARAMETERS = 2001
UNKNOWN_TOKEN = 2004
UNROUTED_MODULES = frozenset({"versions", "credentials", "hubclientinfo"})


@dataclass(frozen=True, slots=True)
class Party:
    """A roaming entity by country code (two letters) and party id (three), written `CC-PPP`."""

    country_code: str
    party_id: str

    @classmethod
    def parse(cls, text: str) -> "Party":
        """Read `CC-PPP`; raises ValueError for anything else."""
        country_code, separator, party_id = text.partition("-")
        if not separator or len(country_code) != 2 or len(party_id) != 3:
            message = f"a party is written CC-PPP, not {text!r}"
            raise ValueError(message)
        return cls(country_code.upper(), party_id.upper())

    def __str__(self) -> str:
        return f"{self.country_code}-{self.party_id}"

    def owns(self, body: Mapping[str, Any]) -> bool:
        """Whether an object names this party as its owner; CiStrings compare without case."""
        mine = (self.country_code, self.party_id)
        return (str(body.get("country_code")).upper(), str(body.get("party_id")).upper()) == mine


def now_text(moment: datetime | None = None) -> str:
    """A DateTime as OCPI writes it: UTC, milliseconds, trailing Z."""
    moment = (moment or datetime.now(UTC)).astimezone(UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_of(text: str) -> datetime:
    """Read a DateTime; one without a zone is UTC."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def token_header(token: str) -> str:
    """The value of the Authorization header: the token in base64."""
    return "Token " + base64.b64encode(token.encode()).decode()


def token_in(header: str | None) -> str | None:
    """The credentials token that an Authorization header carries, or None."""
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "token":
        return None
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode().strip()
    except (binascii.Error, UnicodeDecodeError):
        return None


def request_headers(token: str, sender: Party, receiver: Party | None, *, routed: bool) -> dict[str, str]:
    """Headers of a request: token, fresh message ids, and the routing headers where the module has them."""
    headers = {
        "Authorization": token_header(token),
        "X-Request-ID": str(uuid.uuid4()),
        "X-Correlation-ID": str(uuid.uuid4()),
    }
    if routed:
        headers |= {"OCPI-from-country-code": sender.country_code, "OCPI-from-party-id": sender.party_id}
    if routed and receiver is not None:
        headers |= {"OCPI-to-country-code": receiver.country_code, "OCPI-to-party-id": receiver.party_id}
    return headers


def envelope(data: object = None, status_code: int = SUCCESS, message: str | None = None) -> dict[str, Any]:
    """The response object that wraps all data."""
    answer: dict[str, Any] = {"status_code": status_code, "timestamp": now_text()}
    if data is not None:
        answer["data"] = data
    if message is not None:
        answer["status_message"] = message
    return answer


def dumps(value: object) -> bytes:
    """JSON with decimals as plain numbers; the few digits of a price survive the way through a double."""
    return json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":")).encode()


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    message = f"{type(value).__name__} has no place in JSON"
    raise TypeError(message)


def loads(body: bytes) -> Any:
    """Parse JSON with exact numbers; raises ValueError."""
    return json.loads(body, parse_float=Decimal)
