"""Parameters and headers of the OpenAPI document."""

import re
from collections.abc import Mapping
from typing import Final, get_args

from services.gateway.ocpi.commands import COMMANDS
from services.gateway.ocpi.v2_2_1.wire import TokenType
from services.gateway.ocpi.versions import V2_2_1, Version
from services.gateway.openapi.components import Schema
from services.gateway.openapi.operations import NEEDED, QUERIES

_NAME: Final = re.compile(r"\{([a-z_]+)\}")
_ID: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": 36, "pattern": "^[A-Za-z0-9_*.-]+$"}
_COUNTRY: Final[Schema] = {"type": "string", "pattern": "^[A-Za-z]{2}$"}
_PARTY: Final[Schema] = {"type": "string", "pattern": "^[A-Za-z0-9]{3}$"}
_PATH: Final[Mapping[str, Schema]] = {
    "country_code": _COUNTRY,
    "party_id": _PARTY,
    "cso": {"type": "string", "pattern": "^[A-Za-z]{2}-[A-Za-z0-9]{3}$"},
    "cdr_id": _ID | {"maxLength": 39},
    "command": {"enum": sorted(COMMANDS)},
    "key": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[A-Za-z0-9_-]+$"},
}
_TIME: Final[Schema] = {"type": "string", "format": "date-time"}
_PAGE: Final[Mapping[str, Schema]] = {
    "date_from": _TIME,
    "date_to": _TIME,
    "offset": {"type": "integer", "minimum": 0},
    "limit": {"type": "integer", "minimum": 1},
    "cursor": {"type": "string", "description": "As a `Link` has it; of no meaning to anybody else."},
}
_TOKEN_TYPE: Final[Schema] = {"enum": list(get_args(TokenType)), "default": "RFID"}
_OPEN_TYPE: Final[Schema] = {"type": "string", "pattern": "^[!-~]{1,64}$", "default": "RFID"}
_QUERY: Final[dict[str, Schema]] = {
    "duration": {"type": "integer", "minimum": 0},
    "response_url": {"type": "string", "format": "uri"},
}
_IDS: Final = ("X-Request-ID", "X-Correlation-ID")


def of_path(path: str) -> list[Schema]:
    """Return the parameters in a path."""
    return [_parameter(name, "path", _PATH.get(name, _ID), needed=True) for name in _NAME.findall(path)]


def of_query(method: str, place: str, version: Version, *, is_list: bool) -> list[Schema]:
    """Return the parameters of a query; of a path as `operations.shape` has it."""
    schemas = _QUERY | {"type": _TOKEN_TYPE if version == V2_2_1 else _OPEN_TYPE}
    names = QUERIES.get((method, place), ())
    found = [_parameter(name, "query", schemas[name], needed=name in NEEDED) for name in names]
    return found + ([_parameter(name, "query", schema) for name, schema in _PAGE.items()] if is_list else [])


def of_headers(*, routed: bool) -> list[Schema]:
    """Return the headers of a request: ids, and the routing headers where the module has them."""
    found = [_parameter(name, "header", {"type": "string", "maxLength": 128}) for name in _IDS]
    halves = ("from", "to") if routed else ()
    for half in halves:
        found.append(_parameter(f"OCPI-{half}-country-code", "header", _COUNTRY))
        found.append(_parameter(f"OCPI-{half}-party-id", "header", _PARTY))
    return found


def ids() -> Schema:
    """Return the headers of every answer."""
    return {name: {"schema": {"type": "string"}} for name in _IDS}


def page_headers() -> Schema:
    """Return the headers of a page; errors lack them."""
    numbers = {name: {"schema": {"type": "integer"}} for name in ("X-Total-Count", "X-Limit")}
    return {**numbers, "Link": {"schema": {"type": "string"}}}


def _parameter(name: str, place: str, schema: Schema, *, needed: bool = False) -> Schema:
    return {"name": name, "in": place, "required": needed, "schema": schema}
