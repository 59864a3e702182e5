"""How a state becomes an event: what all modules share."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from services.core.ids import object_event_id
from services.gateway.ocpi.envelope import OcpiError
from services.gateway.states import State
from services.runtime.events import Event

Model = TypeVar("Model", bound=BaseModel)


def event(
    topic: str,
    model: type[BaseModel],
    state: State,
    fields: dict[str, Any],
    key: str,
    *,
    distinct: str = "",
    partition_key: str | None = None,
    checked: bool = False,
) -> Event:
    """Return the event of a new state.

    Args:
        topic: The topic, which is the event's type too.
        model: The model generated from the topic's schema.
        state: The state.
        fields: The event's own fields; id, time, version and the whole object are added.
        key: The record's key.
        distinct: Tells apart objects of one owner and id, such as those for different audiences.
        partition_key: What chooses the partition where that is not the key.
        checked: Every part comes from a checked wire model as its schema wants it. The value is then put together
            without a second check, its inner records as plain dictionaries; the codec still refuses what does not fit.

    Raises:
        OcpiError: 2001, when a value does not fit the schema.
    """
    # Ids are printable, so no id can look like another one's with an audience behind it.
    object_id = f"{state.object_id}\x1f{distinct}" if distinct else state.object_id
    id = object_event_id(state.owner, object_id, state.version, topic)
    fields |= {"event_id": id, "occurred_at": state.last_updated, "version": state.version}
    fields |= {"protocol": state.protocol, **_whole(model, state)}
    try:
        value = model.model_construct(**fields) if checked else model.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise OcpiError(f"{place}: cannot be taken ({first['msg']})") from None
    return Event(id, topic, key, value, state.last_updated, state.correlation_id, None, partition_key)


def _whole(model: type[BaseModel], state: State) -> dict[str, bytes]:
    """Return the whole object, for all that the event's own fields do not carry: sealed where it concerns a person."""
    return {"document": state.body} if "document" in model.model_fields else {"sealed": state.sealed}
