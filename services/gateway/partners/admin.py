"""The admin API of partners' platforms.

GET   /admin/partners/{platform}/options   its quirks and bounds as they are in force, and which of them were set
PUT   /admin/partners/{platform}/options   set these and no others
PATCH /admin/partners/{platform}/options   change these; null takes one back to its default
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import RootModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.gateway.partners.credentials import Book
from services.gateway.partners.options import PartnerOptions, patched
from services.gateway.partners.options_store import change_options, read_options
from services.runtime.admin import answer, read
from services.runtime.postgres import translated
from services.runtime.service import Context


class Values(RootModel[dict[str, Any]]):
    """Options by name."""


class PartnerAdmin:
    """The routes."""

    def __init__(self, context: Context, book: Book) -> None:
        self._context, self._book = context, book

    def routes(self) -> Sequence[Route]:
        """Return the routes below `/admin/partners`."""
        path = "/admin/partners/{platform}/options"
        return (
            Route(path, self.options, methods=["GET"]),
            Route(path, self.set_options, methods=["PUT"]),
            Route(path, self.change_options, methods=["PATCH"]),
        )

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


def _shown(platform: str, options: PartnerOptions) -> Response:
    in_force = options.model_dump(mode="json")
    return answer({"platform": platform, "options": in_force, "set": sorted(options.model_fields_set)})
