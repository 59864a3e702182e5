"""What the pipeline has in hand while it decides a group of pushes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.gateway.deliveries.queue import Delivery
from services.gateway.evses.store import States
from services.gateway.inbound.module import Result
from services.gateway.object_store import Key, Row
from services.gateway.ocpi.documents import Document
from services.gateway.states import Merged, Push
from services.gateway.vault_store import Keys
from services.runtime.events import Event


@dataclass(slots=True)
class HeldObject:
    """An object as held before or, within a group, after an earlier push of it."""

    row: Row
    content: Document | None


@dataclass(frozen=True, slots=True)
class Change:
    """A push that leads to a new state.

    Attributes:
        held: The object before; None where it is new.
        base: What the new state was made from; for a partner's first own copy that is what was for all.
    """

    key: Key
    push: Push
    merged: Merged
    pseudonym: str | None
    held: HeldObject | None
    base: HeldObject | None


@dataclass(slots=True)
class Group:
    """What one round has worked out, to be written once it is complete."""

    held: dict[Key, HeldObject]
    keys: Keys
    pseudonyms: Mapping[int, str]
    states: States
    results: dict[int, Result] = field(default_factory=dict)
    created: set[Key] = field(default_factory=set)
    changed: set[Key] = field(default_factory=set)
    revived: set[Key] = field(default_factory=set)
    events: list[tuple[Key, Event]] = field(default_factory=list)
    deliveries: list[tuple[Key, Delivery]] = field(default_factory=list)
