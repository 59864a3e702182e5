"""What a hub tells of its parties, between OCPI 2.2.1 and 2.3.0 (mod_hub_client_info, types, Role)."""

from typing import Final

from services.gateway.ocpi.bridging.fields import changed
from services.gateway.ocpi.documents import Document

_HUB: Final = "HUB"


def client_info_up(client: Document) -> Document:
    """Return a 2.2.1 ClientInfo as 2.3.0 has it, where a hub is no role: it has the role OTHER there."""
    return changed(client, {"role": lambda role: "OTHER" if role == _HUB else role})
