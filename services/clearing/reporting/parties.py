"""Who sent the CDRs of a file that does not say so, and to whom."""

from dataclasses import dataclass
from typing import Final

from services.core.party import PartyId


@dataclass(frozen=True, slots=True)
class Parties:
    """The two parties of CDRs that name none."""

    cso: PartyId
    csp: PartyId


NOBODY: Final = Parties(PartyId("XX", "CSO"), PartyId("XX", "CSP"))
"""XX is a country that nobody has (ISO 3166-1 leaves it to users)."""
