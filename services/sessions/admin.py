"""The admin API of sessions. It only reads; amounts and kWh are text, so that no reader rounds them.

GET /admin/sessions/{cso}/{session_id}
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.core.errors import NotFound
from services.core.money import plain
from services.core.party import PartyId
from services.runtime.admin import answer
from services.runtime.service import Context
from services.sessions.store import key_of
from services.sessions.tables import sessions

_HIDDEN: Final = frozenset({"session_key", "newest_last_updated", "newest_version", "highest_kwh", "spans"})
_SHOWN: Final = tuple(column for column in sessions.columns if column.name not in _HIDDEN)


class Admin:
    """The admin API over a running service."""

    def __init__(self, context: Context) -> None:
        self._engine = context.engine

    def routes(self) -> Sequence[Route]:
        """Return the routes below `/admin`."""
        return (Route("/admin/sessions/{cso}/{session_id:path}", self.one_session, methods=["GET"]),)

    async def one_session(self, request: Request) -> Response:
        """Show one session as we hold it true.

        Raises:
            NotFound: when there is none.
        """
        cso, key = key_of(str(PartyId.parse(request.path_params["cso"])), request.path_params["session_id"])
        query = select(*_SHOWN).where(sessions.c.visited_cso == cso, sessions.c.session_key == key)
        async with self._engine.connect() as connection:
            found = (await connection.execute(query)).mappings().one_or_none()
        if found is None:
            raise NotFound("there is no such session")
        return answer({name: plain(value) if isinstance(value, Decimal) else value for name, value in found.items()})
