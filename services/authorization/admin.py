"""The admin API of the authorization service: what this replica decided lately.

    GET /admin/authorizations?limit=20    its newest decisions, newest first

The full record is the topic `authorization.decided`; a replica keeps no more than it shows here.
"""

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from schemas.models.authorization import AuthorizationDecided
from services.core.clock import format_utc
from services.runtime.admin import answer, count

DEFAULT_LIMIT: Final = 20


class Admin:
    """The admin API over the newest decisions."""

    def __init__(self, recent: deque[AuthorizationDecided]) -> None:
        self._recent = recent

    def routes(self) -> Sequence[Route]:
        """Return the routes below `/admin`."""
        return (Route("/admin/authorizations", self.list_recent, methods=["GET"]),)

    async def list_recent(self, request: Request) -> Response:
        """List the newest decisions."""
        limit = count(request, "limit", DEFAULT_LIMIT, self._recent.maxlen or DEFAULT_LIMIT)
        return answer({"authorizations": [show(each) for each in islice(reversed(self._recent), limit)]})


def show(decision: AuthorizationDecided) -> dict[str, Any]:
    """Return a decision as an operator sees it."""
    return {
        "authorization_id": decision.authorization_id,
        "visited_cso": decision.visited_cso,
        "home_csp": decision.home_csp,
        "pseudonym": decision.pseudonym,
        "result": decision.result,
        "decided_by": decision.decided_by,
        "authorization_reference": decision.authorization_reference,
        "facts": [fact.model_dump() for fact in decision.facts],
        "decided_at": format_utc(decision.decided_at),
    }
