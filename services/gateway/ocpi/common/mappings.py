"""The modules of objects of one version, put together of what the versions share and what the version differs in."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from pydantic import TypeAdapter

from services.gateway.ocpi.common.cdrs import cdr_event, check_cdr
from services.gateway.ocpi.common.dialect import Dialect
from services.gateway.ocpi.common.locations import location_event
from services.gateway.ocpi.common.locations import merge as merge_location
from services.gateway.ocpi.common.sessions import check_session, session_event
from services.gateway.ocpi.common.sessions import merge as merge_session
from services.gateway.ocpi.common.tariffs import tariff_event
from services.gateway.ocpi.common.tokens import credential_of, named_credential, token_event
from services.gateway.ocpi.common.tokens import merge as merge_token
from services.gateway.ocpi.common.wire import PATCH
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.mapping import ObjectMapping
from services.gateway.ocpi.types import check


def mappings_of(dialect: Dialect) -> Mapping[str, ObjectMapping]:
    """Return what a version does for each module of objects, by the module's name."""
    models, dated = dialect.models, _reader(PATCH)
    return {
        "locations": ObjectMapping(
            read=_reader(models.location),
            event=location_event,
            change=dated,
            merge=partial(merge_location, dialect),
            parts=(_reader(models.evse), _reader(models.connector)),
        ),
        "tariffs": ObjectMapping(read=_reader(models.tariff), event=partial(tariff_event, dialect)),
        "tokens": ObjectMapping(
            read=_reader(models.token),
            event=token_event,
            change=dated,
            merge=partial(merge_token, dialect),
            credential=credential_of,
        ),
        "sessions": ObjectMapping(
            read=partial(check_session, dialect),
            event=partial(session_event, dialect),
            change=_reader(models.session_patch),
            merge=partial(merge_session, dialect),
            credential=named_credential,
        ),
        "cdrs": ObjectMapping(
            read=partial(check_cdr, dialect), event=partial(cdr_event, dialect), credential=named_credential
        ),
    }


def _reader(model: TypeAdapter[Any]) -> Callable[[Document], Any]:
    return partial(check, model)
