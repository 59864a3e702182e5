"""The admin API: JSON in and out, errors in one form, and the part of it that every service has.

A route raises an error of `services.core.errors`; one place here turns it to an answer
`{"error": <code>, "detail": <sentence>}`. Nothing that a caller sent is repeated in it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from services.core import errors
from services.runtime.logs import logger
from services.runtime.postgres import translate
from services.runtime.security import AdminGuard, is_admin_path
from services.runtime.settings import RuntimeSettings

_log = logger(__name__)

Model = TypeVar("Model", bound=BaseModel)
Handler: TypeAlias = Callable[[Request, Exception], Response]

_ANY: Final = TypeAdapter(Any, config=ConfigDict(ser_json_bytes="base64"))
_STATUS: Final[Mapping[type[errors.RoamwattError], tuple[int, str]]] = {
    errors.TooLarge: (413, "too_large"),
    errors.BadContent: (422, "bad_content"),
    errors.Forbidden: (403, "forbidden"),
    errors.NotFound: (404, "not_found"),
    errors.Conflict: (409, "conflict"),
    errors.Halted: (503, "halted"),
    errors.Unavailable: (503, "unavailable"),
    errors.RoamwattError: (500, "internal"),
}


def application(settings: RuntimeSettings, routes: Sequence[BaseRoute], fallback: ASGIApp) -> ASGIApp:
    """Return the admin listener's application.

    Args:
        settings: For the admin token.
        routes: Routes below `/admin`, their paths whole (`/admin/partners`); the guard stands before them.
        fallback: Takes every other path.
    """

    async def elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
        if is_admin_path(scope["path"]):
            raise errors.NotFound("the admin API has no such path")
        await fallback(scope, receive, send)

    app = Starlette(
        routes=routes,
        middleware=[Middleware(AdminGuard, token=settings.admin.token)],
        exception_handlers=_handlers(),
    )
    app.router.default = elsewhere
    return app


async def read(request: Request, model: type[Model]) -> Model:
    """Return a request's body as a model.

    Raises:
        BadContent: when it is none; the text names the places and shows no value.
    """
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        raise errors.BadContent(_places(error)) from None


def count(request: Request, name: str, default: int, most: int) -> int:
    """Return a number from the query string, `limit` say, from 1 to the most.

    Raises:
        BadContent: when it is no such number.
    """
    given = request.query_params.get(name, str(default))
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= most):
        raise errors.BadContent(f"{name} must be a number from 1 to {most}")
    return int(given)


def answer(content: Any, status: int = 200) -> Response:
    """Return an answer in JSON; decimals are text, times RFC 3339, bytes base64url, models as they define it."""
    return Response(_ANY.dump_json(content), status, media_type="application/json")


def refusal(error: Exception) -> Response:
    """Return the answer to an error: the one place that maps them for the admin API."""
    meant = translate(error) if isinstance(error, SQLAlchemyError) else error
    for kind, (status, code) in _STATUS.items():
        if isinstance(meant, kind):
            return _error(status, code, str(meant))
    _log.error("admin request failed", exc_info=error)
    return _internal()


def _handlers() -> Mapping[Any, Any]:
    return {
        errors.RoamwattError: lambda _request, error: refusal(error),
        SQLAlchemyError: lambda _request, error: refusal(error),
        HTTPException: _refuse_http,
        Exception: lambda _request, _fault: _internal(),
    }


def _refuse_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for no other
    return _error(error.status_code, error.detail.lower().replace(" ", "_"), error.detail)


def _internal() -> Response:
    return _error(500, "internal", "the service's log says more")


def _error(status: int, code: str, detail: str) -> Response:
    return JSONResponse({"error": code, "detail": detail}, status)


def _places(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in found[:10])
