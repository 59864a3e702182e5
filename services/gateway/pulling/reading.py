"""An object of a partner's list as it would have been pushed: read, checked, with its owner. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from services.core.errors import BadContent
from services.core.party import PartyId
from services.gateway.inbound.reading import at_most, completed
from services.gateway.ocpi import documents
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.envelope import OcpiError
from services.gateway.ocpi.mappings import mapping
from services.gateway.ocpi.modules import INVOICES
from services.gateway.ocpi.versions import Version
from services.gateway.partners.options import PartnerOptions
from services.gateway.settings import InboundSettings
from services.gateway.vault import Credential

_ID_FIELDS: Final = {"tokens": "uid"}
_MAX_ID_CHARACTERS: Final = 64


@dataclass(frozen=True, slots=True)
class Named:
    """What an object says of itself, before it is checked; None where it does not say."""

    owner: str | None
    object_id: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Read:
    """A checked object.

    Attributes:
        body: As it is kept: as it came, unless something had to be added.
        wire: Its wire model.
        undated: Its owner did not date it.
        credential: Whose contract it is about; None where it is about none.
    """

    document: Document = field(repr=False)
    body: bytes = field(repr=False)
    wire: Any = field(repr=False)
    last_updated: datetime
    credential: Credential | None
    undated: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What an object is read by.

    Attributes:
        options: Of the platform whose list it is in.
        now: When it arrived.
    """

    version: Version
    options: PartnerOptions
    bounds: InboundSettings
    now: datetime


def parsed(raw: bytes, bounds: InboundSettings) -> Document:
    """Return an object of a page as parsed.

    Raises:
        OcpiError: as for the body of a push; also where it has more bytes than such a body may have.
    """
    if len(raw) > bounds.max_body_bytes:
        raise OcpiError(f"the object has more than {bounds.max_body_bytes} bytes")
    return documents.parse(raw, bounds.max_json_depth)


def named(module: str, document: Mapping[str, Any]) -> Named:
    """Return what a parsed object says of itself."""
    country, party = document.get("country_code"), document.get("party_id")
    owner: str | None = None
    if isinstance(country, str) and isinstance(party, str):
        try:
            owner = str(PartyId.of(country, party))
        except BadContent:
            owner = None
    object_id = document.get(_ID_FIELDS.get(module, "id"))
    is_id = isinstance(object_id, str) and 0 < len(object_id) <= _MAX_ID_CHARACTERS
    return Named(owner, object_id if is_id else None)


def read(module: str, raw: bytes, document: Document, how: Reading) -> Read:
    """Return an object of a list, checked as a push of it is.

    Args:
        raw: As it came.
        document: That parsed.

    Raises:
        OcpiError: naming what is missing or wrong.
    """
    complete = completed(document, how.options, how.now)
    body = raw if complete == document else documents.render(complete)
    mapped = mapping(how.version, module)
    wire = mapped.read(complete)
    if module == "locations":
        at_most(wire, "evses", how.bounds.max_evses)
    elif module in {"sessions", "cdrs"}:
        at_most(wire, "charging_periods", how.bounds.max_charging_periods)
    elif module == INVOICES:
        at_most(wire, "cdrs", how.bounds.max_invoice_cdrs)
    undated = "last_updated" not in document
    return Read(complete, body, wire, wire["last_updated"], mapped.credential(wire), undated)
