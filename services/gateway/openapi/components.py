"""The schemas of OCPI's objects, made of the models that read them, so that the two cannot say different things."""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter

from services.gateway.ocpi import commands
from services.gateway.ocpi.common.dialect import Models
from services.gateway.ocpi.common.wire import PATCH
from services.gateway.ocpi.v2_2_1 import mappings as _v2_2_1
from services.gateway.ocpi.v2_3_0 import mappings as _v2_3_0
from services.gateway.ocpi.v2_3_0.invoices import RECORD
from services.gateway.ocpi.versions import V2_2_1, V2_3_0, Version
from services.gateway.presence.endpoints import CLIENT_INFO

Schema = dict[str, Any]
_ROOT: Final = "#/components/schemas/"
_SHARED: Final[Mapping[str, TypeAdapter[Any]]] = {
    "change": PATCH,
    "result": commands.RESULT,
    "set_charging_profile": commands.SET_CHARGING_PROFILE,
    "active_charging_profile": commands.ACTIVE_CHARGING_PROFILE,
    "charging_preferences": commands.CHARGING_PREFERENCES,
    "client_info": CLIENT_INFO,
    "invoice": RECORD,
    **{name.lower(): adapter for name, adapter in commands.COMMANDS.items()},
}
_OWN: Final[Mapping[Version, Models]] = {V2_2_1: _v2_2_1.DIALECT.models, V2_3_0: _v2_3_0.DIALECT.models}
_TEXT: Final[Schema] = {"type": "string"}
_TIME: Final[Schema] = {"type": "string", "format": "date-time"}
_ID: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": 36}
_ROLE: Final[Schema] = {
    "type": "object",
    "required": ["role", "country_code", "party_id"],
    "properties": {
        "role": _TEXT,
        "country_code": {"type": "string", "pattern": "^[A-Za-z]{2}$"},
        "party_id": {"type": "string", "pattern": "^[A-Za-z0-9]{3}$"},
        "business_details": {"type": "object"},
    },
}
_BY_HAND: Final[Mapping[str, Schema]] = {
    "envelope": {
        "type": "object",
        "description": "What every answer is wrapped in; an error says in `status_code` what went wrong.",
        "required": ["status_code", "timestamp"],
        "properties": {
            "data": {},
            "status_code": {"type": "integer", "minimum": 1000, "maximum": 9999},
            "status_message": _TEXT,
            "timestamp": _TIME,
        },
    },
    "credentials": {
        "type": "object",
        "required": ["token", "url", "roles"],
        "properties": {
            "token": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$"},
            "url": {"type": "string", "maxLength": 255, "pattern": "^https://"},
            "hub_party_id": {"anyOf": [_TEXT, {"type": "null"}]},
            "roles": {"type": "array", "minItems": 1, "items": _ROLE},
        },
    },
    "location_references": {
        "type": "object",
        "required": ["location_id"],
        "properties": {
            "location_id": _ID,
            "evse_uids": {"anyOf": [{"type": "array", "items": _ID}, {"type": "null"}]},
        },
    },
    "authorization_info": {
        "type": "object",
        "required": ["allowed", "token"],
        "properties": {
            "allowed": {"enum": ["ALLOWED", "BLOCKED", "EXPIRED", "NO_CREDIT", "NOT_ALLOWED"]},
            "token": {"type": "object"},
            "location": {"type": "object"},
            "authorization_reference": _TEXT,
            "info": {"type": "object"},
        },
    },
    "version": {"type": "object", "required": ["version", "url"], "properties": {"version": _TEXT, "url": _TEXT}},
    "version_details": {
        "type": "object",
        "required": ["version", "endpoints"],
        "properties": {
            "version": _TEXT,
            "endpoints": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["identifier", "role", "url"],
                    "properties": {"identifier": _TEXT, "role": {"enum": ["SENDER", "RECEIVER"]}, "url": _TEXT},
                },
            },
        },
    },
    "refusal": {
        "type": "object",
        "required": ["party", "module", "object_id", "counterpart", "source", "verdict", "reasons", "decided_at"],
        "properties": {"reasons": {"type": "array", "items": {"type": "object"}}, "decided_at": _TIME},
    },
}


def schemas() -> Schema:
    """Return all schemas by name; those of one version begin with it."""
    found = dict(_BY_HAND)
    for version in (None, *_OWN):
        found |= _made(version)[1]
    return found


def reference(version: Version, name: str) -> Schema:
    """Return a reference to a model: of this version, or of all."""
    if name in _BY_HAND:
        return {"$ref": _ROOT + name}
    references, _ = _made(version if name in Models.__dataclass_fields__ else None)
    return references[name]


@cache
def _made(version: Version | None) -> tuple[Mapping[str, Schema], Schema]:
    """Return the references to models by our names for them, and all that they are made of by its own name."""
    adapters = _SHARED if version is None else _models(_OWN[version])
    prefix = "" if version is None else f"v{version.number}."
    given: Any = [(name, "validation", adapter) for name, adapter in adapters.items()]
    references, made = TypeAdapter.json_schemas(given, ref_template=f"{_ROOT}{prefix}{{model}}")
    parts = {prefix + name: schema for name, schema in made["$defs"].items()}
    return {name: dict(schema) for (name, _), schema in references.items()}, parts


def _models(models: Models) -> dict[str, TypeAdapter[Any]]:
    return {each.name: getattr(models, each.name) for each in fields(models)}
