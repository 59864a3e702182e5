"""Connectors of OCPI 2.3.0 as 2.2.1 has them (mod_locations, Connector object and ConnectorType)."""

from collections.abc import Mapping
from typing import Final

from services.gateway.ocpi.bridging.fields import changed, without
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.v2_2_1.words import CONNECTOR_TYPES

NEAREST: Final[Mapping[str, str]] = {"SAE_J3400": "TESLA_S"}
"""Connector types that 2.2.1 lacks, by the one that the same plug fits."""

_ONLY_NEW: Final = frozenset({"capabilities"})


def connector_down(connector: Document) -> Document:
    """Return a connector as 2.2.1 has it; a type for which it has no word stays, see `connectors_down`."""
    return changed(without(connector, _ONLY_NEW), {"standard": lambda standard: NEAREST.get(standard, standard)})


def is_known_down(connector: Document) -> bool:
    """Tell whether 2.2.1 has a word for a connector's type, or for one that the same plug fits."""
    standard = connector.get("standard")
    return NEAREST.get(str(standard), standard) in CONNECTOR_TYPES


def connectors_down(connectors: list[Document]) -> list[Document]:
    """Return an EVSE's connectors without those of a type for which 2.2.1 has no word."""
    return [connector_down(connector) for connector in connectors if is_known_down(connector)]
