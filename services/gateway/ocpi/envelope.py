"""How OCPI answers: the envelope, its status codes, and the one place where an error becomes an answer.

Rules of the text (OCPI 2.2.1, Status codes): HTTP 400 is for what is no JSON, 401 for authentication, 404 and 405 for
routes and for a GET of an unknown object; a request that reached the OCPI layer gets HTTP 200 (201 where it created
something) and says in `status_code` what came of it. What is decided before that layer is plain HTTP with an OCPI body.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from json.encoder import encode_basestring
from typing import Final

from services.core.clock import format_utc
from services.core.errors import BadContent, Conflict, Forbidden, Halted, NotFound, RoamwattError, TooLarge, Unavailable
from services.gateway.limits.refusing import TooMany
from services.gateway.partners.peers import Unauthorized
from services.gateway.partners.registration import Refused, WrongMoment
from services.gateway.vault import Unreadable


class Status(IntEnum):
    """OCPI's own status codes (2.2.1, Status codes)."""

    SUCCESS = 1000
    CLIENT_ERROR = 2000
    INVALID = 2001
    NOT_ENOUGH = 2002
    UNKNOWN_LOCATION = 2003
    UNKNOWN_TOKEN = 2004
    SERVER_ERROR = 3000
    CANNOT_USE_API = 3001
    UNSUPPORTED_VERSION = 3002
    NO_MATCHING_ENDPOINTS = 3003
    HUB_ERROR = 4000
    UNKNOWN_RECEIVER = 4001
    HUB_TIMEOUT = 4002
    HUB_CONNECTION = 4003


class OcpiError(RoamwattError):
    """A refusal in OCPI's words. Its text goes to the partner, so it names fields and never repeats a credential."""

    def __init__(self, message: str, status: int = Status.INVALID, http_status: int = 200) -> None:
        super().__init__(message)
        self.status, self.http_status = status, http_status


class NotJson(OcpiError):
    """A body that is no JSON: HTTP 400."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Status.CLIENT_ERROR, 400)


class Missing(OcpiError):
    """A route, or an object of a GET or a PATCH, that does not exist for this caller: HTTP 404."""

    def __init__(self, message: str, status: int = Status.CLIENT_ERROR) -> None:
        super().__init__(message, status, 404)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a partner is answered.

    Attributes:
        data: The envelope's data as JSON already; None where there is none.
        headers: Further headers, names in lower case.
    """

    data: bytes | None = None
    status: int = Status.SUCCESS
    message: str = "Success"
    http_status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def body(answer: Answer, now: datetime) -> bytes:
    """Return an answer's envelope as JSON."""
    data = b"" if answer.data is None else b'"data":' + answer.data + b","
    rest = f'"status_code":{answer.status:d},"status_message":{encode_basestring(answer.message)}'
    return b"{" + data + f'{rest},"timestamp":"{format_utc(now)}"}}'.encode(errors="replace")


def answer_to(error: BaseException, retry_after_seconds: int) -> Answer:
    """Return the answer to a request that ended in an error; what is not foreseen says nothing of itself.

    Infrastructure that is away is HTTP 503 with the generic server error 3000: never a business answer, and a
    partner may send the same again after `Retry-After`.
    """
    if isinstance(error, OcpiError):
        return Answer(None, error.status, str(error), error.http_status)
    if isinstance(error, TooMany):
        return Answer(None, Status.CLIENT_ERROR, str(error), 429, {"retry-after": str(error.retry_after_seconds)})
    if isinstance(error, WrongMoment):
        return Answer(None, Status.CLIENT_ERROR, str(error), 405, {"allow": error.allowed})
    if isinstance(error, Refused):
        return Answer(None, error.ocpi_status, str(error))
    for kind, http_status, status in _ANSWERS:
        # What we hold and cannot read is no fault of the caller's content.
        if isinstance(error, kind) and not isinstance(error, Unreadable):
            headers = {"retry-after": str(retry_after_seconds)} if http_status == 503 else {}
            message = _NOT_NOW if http_status == 503 else str(error)
            return Answer(None, status, message, http_status, headers)
    return Answer(None, Status.SERVER_ERROR, "an error of ours; it is logged under the request's ids", 500)


_NOT_NOW: Final = "not possible at the moment; nothing was taken, send the same again later"
_ANSWERS: Final[tuple[tuple[type[RoamwattError], int, Status], ...]] = (
    (Unauthorized, 401, Status.CLIENT_ERROR),
    (TooLarge, 413, Status.CLIENT_ERROR),
    (BadContent, 200, Status.INVALID),
    (Conflict, 200, Status.INVALID),
    (Forbidden, 200, Status.CLIENT_ERROR),
    (NotFound, 404, Status.CLIENT_ERROR),
    (Unavailable, 503, Status.SERVER_ERROR),
    (Halted, 503, Status.SERVER_ERROR),
)
