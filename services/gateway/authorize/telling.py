"""What the CSO is told, and what the home-CSP is asked, in OCPI's words: pure mappings (OCPI 2.2.1 mod_tokens)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from services.core.clock import format_utc
from services.gateway.authorize.question import Place, Question
from services.gateway.deliveries.requests import PartnerAnswer
from services.gateway.deliveries.verdict import Failing, Result
from services.gateway.ocpi import documents
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.envelope import Answer, Status
from services.gateway.ocpi.versions import V2_2_1, Version

_TOLD: Final = frozenset({"ALLOWED", "BLOCKED", "EXPIRED", "NO_CREDIT", "NOT_ALLOWED"})
_MAX_REFERENCE_CHARACTERS: Final = 36
_REFUSAL: Final = "refused_with"
_PASSED_ON: Final = range(Status.CLIENT_ERROR, Status.HUB_ERROR)
_UNKNOWN: Final = Answer(None, Status.UNKNOWN_TOKEN, "this token is not known", 404)
_SILENT: Final = {
    "TIMED_OUT": Answer(None, Status.HUB_TIMEOUT, "the home-CSP did not answer in time"),
    "UNREACHABLE": Answer(None, Status.HUB_CONNECTION, "the home-CSP cannot be reached, or gave no usable answer"),
}


@dataclass(frozen=True, slots=True)
class HomeAnswer:
    """What the home-CSP said, or why it said nothing.

    Attributes:
        answer: ALLOWED, BLOCKED, EXPIRED, NO_CREDIT, NOT_ALLOWED or UNKNOWN.
        failure: TIMEOUT, UNREACHABLE or BAD_ANSWER, where there is no answer.
        info: Its AuthorizationInfo as it is; of a refusal the status alone, for words may hold a credential.
        version: The version of OCPI that it said that in.
    """

    answer: str | None = None
    failure: str | None = None
    reference: str | None = None
    info: Document | None = field(default=None, repr=False)
    version: Version = V2_2_1


def read_home_answer(answer: PartnerAnswer, version: Version) -> HomeAnswer:
    """Return what a home-CSP's answer to a real-time authorization means.

    An unknown token is HTTP 404, or OCPI 2004: implementations differ, and either one will do.
    """
    result = answer.result
    if result.failing is not None:
        return HomeAnswer(failure="TIMEOUT" if result.failing is Failing.TIMEOUT else "UNREACHABLE")
    if result.ocpi_status == Status.UNKNOWN_TOKEN or (result.http_status == 404 and result.ocpi_status is not None):
        return HomeAnswer(answer="UNKNOWN")
    info = answer.data
    is_success = result.http_status is not None and result.http_status < 300 and result.ocpi_status == Status.SUCCESS
    allowed = info.get("allowed") if is_success and isinstance(info, dict) else None
    if not isinstance(allowed, str) or allowed not in _TOLD:
        return HomeAnswer(failure="BAD_ANSWER", info=_refusal(result), version=version)
    reference = info.get("authorization_reference")
    is_usable = isinstance(reference, str) and 0 < len(reference) <= _MAX_REFERENCE_CHARACTERS
    return HomeAnswer(answer=allowed, reference=reference if is_usable else None, info=info, version=version)


def _refusal(result: Result) -> Document | None:
    # Refused credentials are those of the platform, and nothing that the CSO could mend.
    is_passed_on = result.ocpi_status in _PASSED_ON and result.http_status not in {401, 403}
    return {_REFUSAL: result.ocpi_status} if is_passed_on else None


def question_body(place: Place | None) -> bytes | None:
    """Return the body that the home-CSP is asked with; none where the CSO did not say where."""
    return None if place is None else documents.render(place.document())


def tell(
    result: str, reference: str | None, place: Place | None, *, token: bytes, info: Mapping[str, Any] | None
) -> Answer:
    """Return what the CSO is answered.

    A token that is blocked, expired or not allowed here is an answer (HTTP 200 with AuthorizationInfo); one that is
    not known is HTTP 404 with 2004; a home-CSP that refuses to say (2002: it needs to know where) is passed on with its
    own status; one out of reach is the hub's error. Neither is an answer about the driver.

    Args:
        result: Our decision (see the event `authorization.decided`).
        reference: The home-CSP's reference of this authorization.
        place: What the CSO asked about.
        token: The token object as JSON, in the version that the CSO speaks.
        info: The home-CSP's own AuthorizationInfo in that version, where it was asked; it may allow fewer EVSEs than
            were asked about.
    """
    refused = (info or {}).get(_REFUSAL)
    if result in _SILENT and isinstance(refused, int):
        return Answer(None, refused, f"the home-CSP answered with status {refused}")
    if result in _SILENT:
        return _SILENT[result]
    if result == "UNKNOWN":
        return _UNKNOWN
    # Without an agreement for this service the driver may not charge there, however good the token.
    allowed = "NOT_ALLOWED" if result == "NO_AGREEMENT" else result
    said = {name: value for name, value in (info or {}).items() if isinstance(value, dict)}
    fields: dict[str, Any] = {"allowed": allowed}
    if allowed == "ALLOWED" and place is not None:
        fields["location"] = said.get("location", place.document())
    if reference is not None:
        fields["authorization_reference"] = reference
    if "info" in said:
        fields["info"] = said["info"]
    written = documents.render(said["token"]) if "token" in said else token
    return Answer(b'{"token":' + written + b"," + documents.render(fields)[1:])


def token_document(question: Question, home_csp: str, now: datetime) -> dict[str, Any]:
    """Return a token object for a credential that the platform holds no object of.

    Required fields that nobody can fill are `#NA` (OCPI 2.2.1, No data available).

    Args:
        question: What was asked.
        home_csp: Whose credential it is.
        now: When it was asked; nothing newer is known of it.
    """
    country_code, _, party_id = home_csp.partition("-")
    return {
        "country_code": country_code,
        "party_id": party_id,
        "uid": question.uid,
        "type": question.type,
        "contract_id": "#NA",
        "issuer": "#NA",
        "valid": True,
        "whitelist": "NEVER",
        "last_updated": format_utc(now),
    }
