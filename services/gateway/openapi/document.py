"""The OpenAPI document of the public listener, made of the routes that it serves and the models that it reads with."""

import inspect
import re
from collections.abc import Sequence
from typing import Any, Final

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from services.gateway.calls import Access, Endpoint, Served, served
from services.gateway.ocpi import documents
from services.gateway.openapi import parameters
from services.gateway.openapi.components import Schema, reference, schemas
from services.gateway.openapi.operations import DATA, LISTS, NO_BODY_NEEDED, REQUESTS, shape

PATH: Final = "/openapi.json"
_CONVERTOR: Final = re.compile(r":[a-z]+(?=\})")
_ERRORS: Final = {
    "400": "the body is no JSON",
    "401": "no token, or one that opens nothing here",
    "404": "nothing here, or nothing of yours",
    "405": "not this method, or not now",
    "413": "the body is larger than yours may be",
    "429": "too many requests: come again after `Retry-After` seconds",
    "503": "not possible now: nothing was taken, send the same again after `Retry-After` seconds",
}
_ENVELOPE: Final[Schema] = {"$ref": "#/components/schemas/envelope"}


def document(routes: Sequence[Route], base_url: str) -> Schema:
    """Return the document of these routes; it says nothing that a partner may not know.

    Args:
        routes: All that ask for a token.
        base_url: What partners reach us by.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Roaming endpoint",
            "version": "OCPI 2.2.1 and 2.3.0",
            "description": "Errors of the OCPI layer are answered HTTP 200 with a `status_code` from 2000 on.",
        },
        "servers": [{"url": base_url}],
        "security": [{"credentials_token": []}],
        "paths": {plain_path(each): _operations(each) for each in routes},
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "credentials_token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`Token` and the credentials token in base64.",
                }
            },
        },
    }


def plain_path(route: Route) -> str:
    """Return a route's path as OpenAPI writes it."""
    return _CONVERTOR.sub("", route.path)


def openapi_route(routes: Sequence[Route], base_url: str) -> Route:
    """Return the route that serves the document to anybody."""
    return Route(PATH, _Constant(documents.render(document(routes, base_url))))


def _operations(route: Route) -> Schema:
    found = served(route)
    return {method.lower(): _operation(route, found, method, act) for method, act in sorted(found.methods.items())}


def _operation(route: Route, found: Served, method: str, act: Endpoint) -> Schema:
    place = shape(plain_path(route), found.version.root)
    operation: Schema = {
        "tags": [f"{found.module} {found.version.number}"],
        "summary": _summary(act) or f"{method} {found.module}",
        "parameters": [
            *parameters.of_path(plain_path(route)),
            *parameters.of_query(method, place, found.version, is_list=method == "GET" and place in LISTS),
            *parameters.of_headers(routed=found.access is Access.MODULES),
        ],
        "responses": _responses(found, method, place),
    }
    models = REQUESTS.get((method, place))
    if models:
        several = [reference(found.version, each) for each in models]
        schema = several[0] if len(several) == 1 else {"anyOf": several}
        needed = (method, place) not in NO_BODY_NEEDED
        operation["requestBody"] = {"required": needed, "content": {"application/json": {"schema": schema}}}
    return operation


def _summary(act: Endpoint) -> str:
    return (inspect.getdoc(act) or "").partition("\n")[0].rstrip(".")


def _responses(found: Served, method: str, place: str) -> Schema:
    answer = _answer(_data(found, method, place))
    answer["headers"] = parameters.ids()
    if method == "GET" and place in LISTS:
        answer["headers"] = answer["headers"] | parameters.page_headers()
    responses = {"200": answer | {"description": "taken, or refused by the OCPI layer: see `status_code`"}}
    if method in {"POST", "PUT"}:
        responses["201"] = answer | {"description": "created"}
    for status, meaning in _ERRORS.items():
        responses[status] = _answer(None) | {"description": meaning}
    return responses


def _data(found: Served, method: str, place: str) -> Schema | None:
    if (method, place) == ("POST", "sender/tokens/{}/authorize"):
        return reference(found.version, "authorization_info")
    if place == "credentials" and method in {"POST", "PUT"}:
        return reference(found.version, "credentials")
    if method != "GET":
        return None
    if place == "ocpi/versions":
        return {"type": "array", "items": reference(found.version, "version")}
    if place in LISTS:
        return {"type": "array", "items": reference(found.version, LISTS[place])}
    return reference(found.version, DATA[place]) if place in DATA else None


def _answer(data: Schema | None) -> Schema:
    schema: Any = _ENVELOPE if data is None else {"allOf": [_ENVELOPE, {"properties": {"data": data}}]}
    return {"content": {"application/json": {"schema": schema}}}


class _Constant:
    """Answers GET with the same bytes always, and needs no token."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_read = scope["method"] in {"GET", "HEAD"}
        content = self._content if is_read else b""
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
        allow = [] if is_read else [(b"allow", b"GET, HEAD")]
        status = 200 if is_read else 405
        await send({"type": "http.response.start", "status": status, "headers": headers + allow})
        await send({"type": "http.response.body", "body": content})
