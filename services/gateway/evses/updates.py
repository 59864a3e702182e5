"""A new status of one EVSE, by far the most frequent push: decided without reading the location that it is part of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias
from urllib.parse import quote, unquote

from services.gateway.deliveries.queue import EVSES, Delivery, enqueue
from services.gateway.evses import store
from services.gateway.evses.events import status_changed
from services.gateway.evses.overlay import EvseState
from services.gateway.evses.store import Place
from services.gateway.inbound.module import Outcome, Result
from services.gateway.object_store import Key
from services.gateway.objects import Decision, Verdict
from services.gateway.ocpi.documents import Document
from services.gateway.states import Push
from services.runtime.work import Work

# The statuses of both versions; REMOVED changes what a location is, so it is decided with the whole location.
_LIVE: Final = frozenset(
    {"AVAILABLE", "BLOCKED", "CHARGING", "INOPERATIVE", "OUTOFORDER", "PLANNED", "RESERVED", "UNKNOWN"}
)
_FIELDS: Final = frozenset({"status", "last_updated"})

Decided: TypeAlias = Result | None
"""None: the EVSE is not known here yet, so that the push is to be decided with the whole location."""


def is_status(part: Sequence[str], document: Document) -> bool:
    """Tell whether a PATCH gives an EVSE a status and nothing else."""
    return len(part) == 1 and document.keys() == _FIELDS and document["status"] in _LIVE


def object_id(location_id: str, evse_uid: str) -> str:
    """Return the id of an EVSE in the queue of deliveries: of location and EVSE, each encoded as in a URL."""
    return f"{quote(location_id, safe='')}/{quote(evse_uid, safe='')}"


def parts_of(object_id: str) -> tuple[str, str]:
    """Return location and EVSE of an id in the queue."""
    location_id, _, evse_uid = object_id.partition("/")
    return unquote(location_id), unquote(evse_uid)


def decide(held: EvseState, status: str, last_updated: datetime) -> Verdict:
    """Compare a pushed status with the one held, as `objects.decide` compares objects: the same one, however old, is
    no change, and another one must not be older.
    """
    if held.status == status:
        return Verdict(Decision.SAME)
    return Verdict(Decision.STALE if last_updated < held.last_updated else Decision.CHANGED, "status")


@dataclass(slots=True)
class _Round:
    """What a group has worked out."""

    states: dict[Place, EvseState]
    changed: dict[Place, EvseState]
    deliveries: list[Delivery]


class StatusUpdates:
    """Decides groups of new statuses; `decide` is what a `Grouper` is given."""

    async def decide(self, work: Work, pushes: Sequence[Push]) -> list[Decided]:
        """Decide pushes in their order, inside a work."""
        places = [_place(push) for push in pushes]
        locked = await store.lock(work, set(places))
        here = _Round({place: state for place, (_, state) in locked.items()}, {}, [])
        results: list[Decided] = [
            _apply(work, here, place, push, locked[place][0]) if place in locked else None
            for place, push in zip(places, pushes, strict=True)
        ]
        await store.change(work, here.changed)
        await enqueue(work, here.deliveries)
        return results


def _apply(work: Work, here: _Round, place: Place, push: Push, location_id: str) -> Outcome:
    held, status = here.states[place], str(push.document["status"])
    verdict = decide(held, status, push.last_updated)
    if verdict.decision is Decision.CHANGED:
        state = replace(held, status=status, last_updated=push.last_updated, version=held.version + 1, ahead=True)
        work.append(status_changed(place[0], location_id, state, push.last_updated, push.correlation_id))
        here.deliveries += [_delivery(push, location_id, state, partner) for partner in push.partners]
    elif verdict.decision is Decision.SAME and push.last_updated > held.last_updated:
        # What lies between the two is known to be stale then.
        state = replace(held, last_updated=push.last_updated, ahead=True)
    else:
        return Outcome(verdict, location_id)
    here.states[place] = here.changed[place] = state
    return Outcome(verdict, location_id)


def _delivery(push: Push, location_id: str, state: EvseState, partner: str) -> Delivery:
    return Delivery(
        partner=partner,
        module=EVSES,
        owner=push.owner,
        object_id=object_id(location_id, state.evse_uid),
        object_version=state.version,
        correlation_id=push.correlation_id,
        after_object_id=location_id,
        sender=push.sender,
        shown_from=state.shown_from,
    )


def _place(push: Push) -> Place:
    return Key.of(push.owner, push.object_id, push.audience), push.part[0].casefold()
