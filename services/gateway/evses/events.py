"""The event that an EVSE's status changed."""

from datetime import datetime
from typing import Final

from schemas.models.gateway import EvseStatusChanged
from services.core.ids import object_event_id
from services.gateway.evses.overlay import EvseState
from services.gateway.object_store import Key
from services.runtime.events import Event

TOPIC: Final = "evse.status.changed"


def status_changed(key: Key, location_id: str, state: EvseState, occurred_at: datetime, correlation_id: str) -> Event:
    """Return `evse.status.changed`; the state's version makes its id.

    Args:
        key: Of the location.
        location_id: As its owner writes it.
        state: The state after the change.
        occurred_at: The owner's date of it.
        correlation_id: Of the conversation that brought it; empty where none did.
    """
    # Ids are printable, so none looks like another one's with something behind it.
    identity = "\x1f".join((location_id, state.evse_uid, key.audience))
    id = object_event_id(key.owner, identity, state.version, TOPIC)
    # Every part is checked already, and this is the most frequent event of all: it is put together unchecked.
    value = EvseStatusChanged.model_construct(
        event_id=id,
        occurred_at=occurred_at,
        version=state.version,
        owner=key.owner,
        location_id=location_id,
        audience=key.audience,
        evse_uid=state.evse_uid,
        evse_id=state.evse_id,
        status=state.status,
        last_updated=state.last_updated,
    )
    record_key = f"{key.owner}|{location_id}|{state.evse_uid}|{key.audience}"
    return Event(id, TOPIC, record_key, value, occurred_at, correlation_id)
