"""Event ids that a repeat derives again: UUIDv5 of where an event came from."""

from typing import Final
from uuid import UUID, uuid5

EVENTS: Final = UUID("5f0c1e3a-7f0d-5c55-9a39-0b5f6f0c9d11")
"""The namespace of all event ids; permanent, since a changed one would give known events new ids."""


def event_id(parent: UUID, type: str, ordinal: int = 0, revision: int = 0) -> UUID:
    """Return the id of the event of this type that follows from another event.

    Args:
        parent: The id of the event that caused it.
        type: The new event's topic.
        ordinal: Tells apart several events of one type with one parent, from 0.
        revision: Tells apart several decisions about one parent, from 0.
    """
    return uuid5(EVENTS, f"event|{parent}|{ordinal}|{revision}|{type}")


def object_event_id(party: str, object_id: str, version: int, type: str) -> UUID:
    """Return the id of the event with which a partner's object enters the platform.

    Args:
        party: The owner, as `CC-PPP`.
        object_id: The owner's id of the object; may contain any character.
        version: Our version of the object's row, from 1.
        type: The new event's topic.
    """
    # The lengths keep "a|b" + "c" apart from "a" + "b|c": partners choose their ids freely.
    return uuid5(EVENTS, f"object|{len(party)}|{party}|{len(object_id)}|{object_id}|{version}|{type}")
