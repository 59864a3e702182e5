"""What the asking party is told of an answer: the asked party's own words, or the hub's error in their place.

OCPI 2.2.1 and 2.3.0, status_codes: a hub passes on what the receiver answers, errors too, and says 4000 to 4003 where
it has no answer of the receiver. HTTP statuses belong to each hop: of the asked party's only those go on that the text
gives a meaning to once a request has reached it (200, 201, and 404 for what does not exist); else the hop to us
answered, so it is 200.
"""

from typing import Any, Final

from services.gateway.conversations.outcomes import Outcome
from services.gateway.deliveries.requests import PartnerAnswer
from services.gateway.deliveries.verdict import Failing
from services.gateway.ocpi import documents
from services.gateway.ocpi.envelope import Answer, Status
from services.gateway.ocpi.headers import routing_headers

_MAX_MESSAGE_CHARACTERS: Final = 2_000
_PASSED_HTTP: Final = frozenset({200, 201, 404})
_OUR_CREDENTIALS: Final = frozenset({401, 403})


def tell(answer: PartnerAnswer, party: str, asker: str) -> Answer:
    """Return what the asking party is told of an answer of this party's.

    Its routing headers name the two, also where the asker left it to the hub to find the other (Open Routing Request).
    """
    result = answer.result
    if result.failing is Failing.TIMEOUT:
        return Answer(None, Status.HUB_TIMEOUT, f"{party} did not answer in time; it may have taken the request")
    if result.failing is Failing.UNREACHABLE:
        return Answer(None, Status.HUB_CONNECTION, f"{party} cannot be reached")
    if result.http_status in _OUR_CREDENTIALS:
        return Answer(None, Status.HUB_CONNECTION, f"{party} does not accept this platform's credentials")
    if result.ocpi_status is None or result.http_status is None:
        return Answer(None, Status.HUB_ERROR, f"{party} gave an answer that is no OCPI response")
    data = None if answer.data is None else documents.render(answer.data)
    message = (answer.message or "")[:_MAX_MESSAGE_CHARACTERS] or f"answered by {party}"
    http_status = result.http_status if result.http_status in _PASSED_HTTP else 200
    return Answer(data, result.ocpi_status, message, http_status, routing_headers(party, asker))


def outcome_of(answer: PartnerAnswer) -> Outcome:
    """Return what an answer means for the conversation that it begins: a CommandResponse or a ChargingProfileResponse.

    An answer that promises nothing readable still leaves the conversation open: a result may come all the same.
    """
    result = answer.result
    if result.failing is not None:
        return Outcome(failure=_FAILURES[result.failing], open=result.failing is not Failing.UNREACHABLE)
    if result.ocpi_status is None or result.http_status in _OUR_CREDENTIALS:
        return Outcome(failure="BAD_ANSWER")
    if not 1000 <= result.ocpi_status < 2000:
        return Outcome(failure="REFUSED", ocpi_status=result.ocpi_status, open=False)
    data: Any = answer.data if isinstance(answer.data, dict) else {}
    said, timeout = data.get("result"), data.get("timeout")
    if not isinstance(said, str) or not 0 < len(said) <= 64:
        return Outcome(failure="BAD_ANSWER")
    seconds = timeout if isinstance(timeout, int) and not isinstance(timeout, bool) and timeout >= 0 else None
    return Outcome(result=said, open=said == "ACCEPTED", result_seconds=seconds)


_FAILURES: Final = {
    Failing.TIMEOUT: "TIMED_OUT",
    Failing.UNREACHABLE: "UNREACHABLE",
    Failing.TOO_LARGE: "BAD_ANSWER",
}
