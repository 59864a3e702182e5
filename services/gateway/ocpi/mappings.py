"""The mappings of all versions, by version and module; `versions` alone stays free of what they need."""

from collections.abc import Mapping
from typing import Final

from services.gateway.ocpi.mapping import ObjectMapping
from services.gateway.ocpi.v2_2_1 import mappings as _v2_2_1
from services.gateway.ocpi.v2_3_0 import mappings as _v2_3_0
from services.gateway.ocpi.versions import V2_2_1, V2_3_0, Version

MAPPINGS: Final[Mapping[Version, Mapping[str, ObjectMapping]]] = {
    V2_2_1: _v2_2_1.MAPPINGS,
    V2_3_0: _v2_3_0.MAPPINGS,
}


def mapping(version: Version, module: str) -> ObjectMapping:
    """Return what a version does for a module that it has."""
    return MAPPINGS[version][module]
