"""The energy mix of a location or a tariff as OCPI 2.2.1 has it (mod_locations, EnergyMix class)."""

from services.gateway.ocpi.bridging.fields import changed
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.v2_2_1.words import IMPACT_CATEGORIES


def energy_mix_down(energy_mix: Document) -> Document:
    """Return a 2.3.0 energy mix without the impacts on the environment for which 2.2.1 has no category."""
    return changed(energy_mix, {"environ_impact": _known})


def _known(impacts: list[Document]) -> list[Document]:
    return [impact for impact in impacts if impact.get("category") in IMPACT_CATEGORIES]
