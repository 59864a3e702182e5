"""An authorization service that has the home-CSP asked, played by the test."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

from schemas.models.authorization import AuthorizationAsked
from schemas.models.gateway import AuthorizationAnswered, AuthorizationRequested
from services.gateway.authorize.asking import TOPIC as ASKED
from services.runtime.events import Event, Received
from tests.integration.gateway.deciding import reply
from tests.integration.gateway.whole import SINCE, Gateway
from tests.unit.gateway import samples

CSO, CSP, OTHER = "FR-SUN", "NL-CSP", "DE-OTH"
UID = samples.token()["uid"]


def has_asked(gateway: Gateway) -> Callable[[Event], Awaitable[None]]:
    """Have the home-CSP asked, and decide as it says."""
    silence = {"TIMEOUT": "TIMED_OUT", "UNREACHABLE": "UNREACHABLE", "BAD_ANSWER": "UNREACHABLE"}

    async def act(event: Event) -> None:
        value = event.value
        if isinstance(value, AuthorizationRequested):
            received = Received(ASKED, 0, 0, "", asked(value), SINCE, event.correlation_id)
            await gateway.wiring.asking.handle(gateway.context, [(received, {})])
        elif isinstance(value, AuthorizationAnswered):
            result = value.answer or silence[value.failure or ""]
            reference = value.authorization_reference
            await reply(gateway, value, decided_by="HOME_CSP", result=result, authorization_reference=reference)

    return act


def asked(requested: AuthorizationRequested) -> AuthorizationAsked:
    """The question to the home-CSP that a request becomes."""
    context = requested.model_dump() | {"event_id": uuid4(), "agreement_id": "A", "agreement_version": 1}
    return AuthorizationAsked.model_validate(context)
