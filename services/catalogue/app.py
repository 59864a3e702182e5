"""The catalogue's HTTP interface: what stock clients of a Confluent schema registry ask, read-only.

Paths, bodies and error codes are those of Confluent's Schema Registry API, version 1. Writing is refused: schemas come
with a release.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from prometheus_client import generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.catalogue.listing import (
    InvalidSchema,
    InvalidVersion,
    Listing,
    Registered,
    SchemaNotFound,
    SubjectNotFound,
    VersionNotFound,
)
from services.runtime import metrics

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]

_ERRORS: Final[dict[type[Exception], tuple[int, int]]] = {
    SubjectNotFound: (404, 40401),
    VersionNotFound: (404, 40402),
    SchemaNotFound: (404, 40403),
    InvalidSchema: (422, 42201),
    InvalidVersion: (422, 42202),
}
_READ_ONLY: Final = (422, 42205, "The catalogue is read-only: schemas come with a release.")


class Answer(JSONResponse):
    """A body in the media type of Confluent's API."""

    media_type = "application/vnd.schemaregistry.v1+json"


class Catalogue:
    """The routes' handlers over one listing."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing

    async def schema(self, request: Request) -> Response:
        """`GET /schemas/ids/{id}`: what every deserializer asks."""
        found = self._listing.by_id(request.path_params["id"])
        return Answer({"schema": found[0].text, "id": found[0].id})

    async def schema_text(self, request: Request) -> Response:
        """`GET /schemas/ids/{id}/schema`: the schema alone."""
        return Answer(json.loads(self._listing.by_id(request.path_params["id"])[0].text))

    async def schema_subjects(self, request: Request) -> Response:
        """`GET /schemas/ids/{id}/subjects`."""
        return Answer([each.subject for each in self._listing.by_id(request.path_params["id"])])

    async def schema_versions(self, request: Request) -> Response:
        """`GET /schemas/ids/{id}/versions`."""
        found = self._listing.by_id(request.path_params["id"])
        return Answer([{"subject": each.subject, "version": each.version} for each in found])

    async def subjects(self, request: Request) -> Response:
        """`GET /subjects`, of all or of those that begin with `subjectPrefix`."""
        prefix = request.query_params.get("subjectPrefix", "")
        return Answer(self._listing.subjects("" if prefix == ":*:" else prefix))

    async def versions(self, request: Request) -> Response:
        """`GET /subjects/{subject}/versions`."""
        return Answer([each.version for each in self._listing.versions(request.path_params["subject"])])

    async def version(self, request: Request) -> Response:
        """`GET /subjects/{subject}/versions/{version}`, a number or `latest`."""
        return Answer(_described(self._version(request)))

    async def version_text(self, request: Request) -> Response:
        """`GET /subjects/{subject}/versions/{version}/schema`: the schema alone."""
        return Answer(json.loads(self._version(request).text))

    async def look_up(self, request: Request) -> Response:
        """`POST /subjects/{subject}`: a look-up and no write; Connect's converter needs it."""
        subject = request.path_params["subject"]
        try:
            text = (await request.json())["schema"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise InvalidSchema("Input schema is an invalid Avro schema") from None
        return Answer(_described(self._listing.look_up(subject, text)))

    async def config(self, request: Request) -> Response:
        """`GET /config` and `/config/{subject}`."""
        self._known(request)
        return Answer({"compatibilityLevel": "FULL_TRANSITIVE"})

    async def mode(self, request: Request) -> Response:
        """`GET /mode` and `/mode/{subject}`."""
        self._known(request)
        return Answer({"mode": "READONLY"})

    def _version(self, request: Request) -> Registered:
        return self._listing.version(request.path_params["subject"], request.path_params["version"])

    def _known(self, request: Request) -> None:
        if "subject" in request.path_params:
            self._listing.versions(request.path_params["subject"])


def application(listing: Listing) -> Starlette:
    """Give the ASGI application; it is ready as soon as it exists."""
    catalogue = Catalogue(listing)
    reads: dict[str, Handler] = {
        "/schemas/ids/{id}": catalogue.schema,
        "/schemas/ids/{id}/schema": catalogue.schema_text,
        "/schemas/ids/{id}/subjects": catalogue.schema_subjects,
        "/schemas/ids/{id}/versions": catalogue.schema_versions,
        "/schemas/types": _constant(["AVRO"]),
        "/subjects": catalogue.subjects,
        "/subjects/{subject}/versions": catalogue.versions,
        "/subjects/{subject}/versions/{version}": catalogue.version,
        "/subjects/{subject}/versions/{version}/schema": catalogue.version_text,
        "/config": catalogue.config,
        "/config/{subject}": catalogue.config,
        "/mode": catalogue.mode,
        "/mode/{subject}": catalogue.mode,
        "/": _constant({}),
        "/health": _constant({"status": "ok"}),
        "/ready": _constant({"ready": True, "reasons": []}),
        "/metrics": _metrics,
    }
    routes = [Route(path, handler, methods=["GET"]) for path, handler in reads.items()]
    routes.append(Route("/subjects/{subject}", catalogue.look_up, methods=["POST"]))
    handlers: Any = {**dict.fromkeys(_ERRORS, _refused), HTTPException: _no_route}
    return Starlette(routes=routes, exception_handlers=handlers)


def _described(each: Registered) -> dict[str, Any]:
    return {"subject": each.subject, "version": each.version, "id": each.id, "schema": each.text}


def _constant(content: Any) -> Handler:
    async def answer(_request: Request) -> Response:
        return Answer(content)

    return answer


async def _metrics(_request: Request) -> Response:
    return Response(generate_latest(metrics.REGISTRY), media_type="text/plain; version=0.0.4")


async def _refused(_request: Request, error: Exception) -> Response:
    status, code = _ERRORS[type(error)]
    return _error(status, code, str(error))


async def _no_route(request: Request, error: HTTPException) -> Response:
    writes = request.method in {"POST", "PUT", "DELETE"} and error.status_code == 405
    return _error(*_READ_ONLY) if writes else _error(error.status_code, error.status_code, f"HTTP {error.detail}")


def _error(status: int, code: int, message: str) -> Response:
    return Answer({"error_code": code, "message": message}, status_code=status)
