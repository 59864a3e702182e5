"""What an answer to a delivery means: delivered, refused, or to be tried again."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_TRY_AGAIN_HTTP: Final = frozenset({401, 408, 425, 429})
_HUB_UNKNOWN_RECEIVER: Final = 4001


class Verdict(StrEnum):
    """What becomes of a delivery."""

    DELIVERED = "DELIVERED"
    REFUSED = "REFUSED"
    RETRY = "RETRY"


class Failing(StrEnum):
    """Why there was no answer; UNWRITABLE: nothing was sent, by a fault of ours."""

    TIMEOUT = "TIMEOUT"
    UNREACHABLE = "UNREACHABLE"
    TOO_LARGE = "TOO_LARGE"
    UNWRITABLE = "UNWRITABLE"


@dataclass(frozen=True, slots=True)
class Result:
    """The end of one try.

    Attributes:
        failing: Why there was no answer; None where there was one.
        http_status: Of the answer.
        ocpi_status: Of the answer; None where its body is no OCPI response.
        message: What the answer or the failure means, for operators, in our words: a partner's may hold a credential.
    """

    failing: Failing | None = None
    http_status: int | None = None
    ocpi_status: int | None = None
    message: str = ""


def judge(result: Result) -> Verdict:
    """Return what an answer means (OCPI 2.2.1, status_codes).

    A refusal is the partner's word on this one object: an OCPI 2xxx, or an HTTP 4xx. Everything that says something
    about the partner instead (no answer, 5xx, 3xxx, an answer that is not OCPI, credentials it does not know, a
    redirection) is worth another try.
    """
    if result.failing is not None or result.http_status is None:
        return Verdict.RETRY
    if 200 <= result.http_status < 300:
        return _judge_ocpi(result.ocpi_status)
    refused = 400 <= result.http_status < 500 and result.http_status not in _TRY_AGAIN_HTTP
    return Verdict.REFUSED if refused else Verdict.RETRY


def _judge_ocpi(status: int | None) -> Verdict:
    if status is None:
        return Verdict.RETRY
    if 1000 <= status < 2000:
        return Verdict.DELIVERED
    return Verdict.REFUSED if 2000 <= status < 3000 or status == _HUB_UNKNOWN_RECEIVER else Verdict.RETRY


def is_healthy(result: Result) -> bool:
    """Tell whether the partner works, whatever it said of the object."""
    return judge(result) is not Verdict.RETRY
