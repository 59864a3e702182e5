"""Connectors of OCPI 2.3.0 as 2.2.1 has them (mod_locations, Connector object and ConnectorType)."""

from collections.abc import Mapping
from typing import Final

from services.gateway.ocpi.bridging.fields import changed, without
from services.gateway.ocpi.documents import Document

NEAREST: Final[Mapping[str, str]] = {"SAE_J3400": "TESLA_S"}
"""Connector types that 2.2.1 lacks, by the one that the same plug fits."""

_DOMESTIC: Final = frozenset(f"DOMESTIC_{letter}" for letter in "ABCDEFGHIJKLMNO")
_IEC: Final = frozenset(
    {"IEC_60309_2_single_16", "IEC_60309_2_three_16", "IEC_60309_2_three_32", "IEC_60309_2_three_64"}
    | {"IEC_62196_T1", "IEC_62196_T1_COMBO", "IEC_62196_T2", "IEC_62196_T2_COMBO", "IEC_62196_T3A", "IEC_62196_T3C"}
)
_NEMA: Final = frozenset(f"NEMA_{kind}" for kind in ("5_20", "6_30", "6_50", "10_30", "10_50", "14_30", "14_50"))
TYPES: Final = (
    _DOMESTIC
    | _IEC
    | _NEMA
    | {"CHADEMO", "CHAOJI", "GBT_AC", "GBT_DC", "PANTOGRAPH_BOTTOM_UP", "PANTOGRAPH_TOP_DOWN", "TESLA_R", "TESLA_S"}
)
"""All connector types of 2.2.1, whose list is closed."""

_ONLY_NEW: Final = frozenset({"capabilities"})


def connector_down(connector: Document) -> Document:
    """Return a connector as 2.2.1 has it; a type for which it has no word stays, see `connectors_down`."""
    return changed(without(connector, _ONLY_NEW), {"standard": lambda standard: NEAREST.get(standard, standard)})


def connectors_down(connectors: list[Document]) -> list[Document]:
    """Return an EVSE's connectors without those of a type for which 2.2.1 has no word."""
    found = [connector_down(connector) for connector in connectors]
    return [connector for connector in found if connector.get("standard") in TYPES]
