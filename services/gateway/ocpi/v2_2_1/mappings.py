"""OCPI 2.2.1's modules of objects, each with what it does."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from pydantic import TypeAdapter

from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.mapping import ObjectMapping
from services.gateway.ocpi.v2_2_1 import wire
from services.gateway.ocpi.v2_2_1.cdrs import cdr_event, check_cdr
from services.gateway.ocpi.v2_2_1.locations import location_event
from services.gateway.ocpi.v2_2_1.locations import merge as merge_location
from services.gateway.ocpi.v2_2_1.sessions import check_session, session_event
from services.gateway.ocpi.v2_2_1.sessions import merge as merge_session
from services.gateway.ocpi.v2_2_1.tariffs import tariff_event
from services.gateway.ocpi.v2_2_1.tokens import credential_of, named_credential, token_event
from services.gateway.ocpi.v2_2_1.tokens import merge as merge_token
from services.gateway.ocpi.v2_2_1.types import check


def _reader(model: TypeAdapter[Any]) -> Callable[[Document], Any]:
    return partial(check, model)


_DATED: Final = _reader(wire.PATCH)
MAPPINGS: Final[Mapping[str, ObjectMapping]] = {
    "locations": ObjectMapping(
        read=_reader(wire.LOCATION),
        event=location_event,
        change=_DATED,
        merge=merge_location,
        parts=(_reader(wire.EVSE), _reader(wire.CONNECTOR)),
    ),
    "tariffs": ObjectMapping(read=_reader(wire.TARIFF), event=tariff_event),
    "tokens": ObjectMapping(
        read=_reader(wire.TOKEN), event=token_event, change=_DATED, merge=merge_token, credential=credential_of
    ),
    "sessions": ObjectMapping(
        read=check_session,
        event=session_event,
        change=_reader(wire.SESSION_PATCH),
        merge=merge_session,
        credential=named_credential,
    ),
    "cdrs": ObjectMapping(read=check_cdr, event=cdr_event, credential=named_credential),
}
