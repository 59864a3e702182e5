"""The admin API of partners' platforms.

GET   /admin/partners/{platform}/options   its quirks and bounds as they are in force, and which of them were set
PUT   /admin/partners/{platform}/options   set these and no others
PATCH /admin/partners/{platform}/options   change these; null takes one back to its default
POST  /admin/partners/{platform}/connect      register with a partner, by the URL of its versions and its token A
POST  /admin/partners/{platform}/renew        renew a registration: new tokens, endpoints anew, perhaps another version
POST  /admin/partners/{platform}/disconnect   end a registration, on both sides
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretStr
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.core.errors import BadContent, Conflict
from services.gateway.ocpi.versions import VERSIONS, Version
from services.gateway.partners.book import Book
from services.gateway.partners.connecting import Connecting, Registered
from services.gateway.partners.options import PartnerOptions, patched
from services.gateway.partners.options_store import change_options, read_options
from services.gateway.partners.registration import Refused
from services.gateway.partners.tokens import is_token
from services.runtime.admin import answer, read
from services.runtime.postgres import translated
from services.runtime.service import Context


class Values(RootModel[dict[str, Any]]):
    """Options by name."""


class Renewal(BaseModel):
    """How a registration is to be renewed; `version` is the newest that both sides have where none is named."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    version: str | None = None

    def versions(self) -> tuple[Version, ...]:
        """Return the versions to choose from, the oldest first.

        Raises:
            BadContent: when we do not speak the one that is named.
        """
        found = tuple(each for each in VERSIONS.values() if self.version in {None, each.number})
        if not found:
            raise BadContent(f"version: must be one of {', '.join(each.number for each in VERSIONS.values())}")
        return found


class Invitation(Renewal):
    """What a partner gave us to register with."""

    versions_url: str
    token: SecretStr = Field(min_length=1, max_length=64)


class PartnerAdmin:
    """The routes."""

    def __init__(self, context: Context, book: Book, connecting: Connecting) -> None:
        self._context, self._book, self._connecting = context, book, connecting

    def routes(self) -> Sequence[Route]:
        """Return the routes below `/admin/partners`."""
        platform = "/admin/partners/{platform}"
        path = f"{platform}/options"
        return (
            Route(path, self.options, methods=["GET"]),
            Route(path, self.set_options, methods=["PUT"]),
            Route(path, self.change_options, methods=["PATCH"]),
            Route(f"{platform}/connect", self.connect, methods=["POST"]),
            Route(f"{platform}/renew", self.renew, methods=["POST"]),
            Route(f"{platform}/disconnect", self.disconnect, methods=["POST"]),
        )

    async def connect(self, request: Request) -> Response:
        """Register with a partner."""
        given = await read(request, Invitation)
        token = given.token.get_secret_value()
        if not is_token(token):
            raise BadContent("token: printable ASCII characters without white space are needed")
        registered = self._connecting.connect(
            request.path_params["platform"], given.versions_url, token, given.versions()
        )
        return answer(await _understood(registered), 201)

    async def renew(self, request: Request) -> Response:
        """Renew a registration."""
        given = await read(request, Renewal)
        return answer(await _understood(self._connecting.renew(request.path_params["platform"], given.versions())))

    async def disconnect(self, request: Request) -> Response:
        """End a registration; `problem` says why the partner could not be told."""
        platform = request.path_params["platform"]
        return answer({"platform": platform, "problem": await self._connecting.disconnect(platform)})

    async def options(self, request: Request) -> Response:
        """Show a platform's options."""
        platform = request.path_params["platform"]
        async with translated(), self._context.engine.connect() as connection:
            return _shown(platform, await read_options(connection, platform))

    async def set_options(self, request: Request) -> Response:
        """Set a platform's options; what is not given has its default."""
        given = (await read(request, Values)).root
        return await self._write(request, lambda _former: given)

    async def change_options(self, request: Request) -> Response:
        """Change some of a platform's options."""
        given = (await read(request, Values)).root
        return await self._write(request, lambda former: patched(former, given))

    async def _write(self, request: Request, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Response:
        platform = request.path_params["platform"]
        options = await self._context.transactions.run(lambda work: change_options(work, platform, change))
        self._book.forget()
        return _shown(platform, options)


async def _understood(act: Awaitable[Registered]) -> Registered:
    try:
        return await act
    except Refused as error:
        raise Conflict(f"{error} (OCPI {error.ocpi_status})") from None


def _shown(platform: str, options: PartnerOptions) -> Response:
    in_force = options.model_dump(mode="json")
    return answer({"platform": platform, "options": in_force, "set": sorted(options.model_fields_set)})
