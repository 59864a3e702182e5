"""Reads and writes EVSEs' states. A location's row is locked by whoever changes them, so they need no locks of theirs.

The statements are put together of constants; every value travels as a parameter.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.arrays import Column, columns
from services.gateway.evses.events import status_changed
from services.gateway.evses.overlay import EvseState, following, states_of
from services.gateway.object_store import Key, Row
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.versions import VERSIONS
from services.runtime.work import Work

States: TypeAlias = Mapping[Key, Mapping[str, EvseState]]
Place: TypeAlias = tuple[Key, str]
"""A location's key and an EVSE's key in it."""

_KEYS: Final = (
    "unnest(CAST(:owner AS text[]), CAST(:object_key AS text[]), CAST(:audience AS text[])) "
    "AS k(owner, object_key, audience)"
)
_PLACES: Final = (
    "unnest(CAST(:owner AS text[]), CAST(:object_key AS text[]), CAST(:audience AS text[]), CAST(:evse_key AS text[])) "
    "AS k(owner, object_key, audience, evse_key)"
)
_READ: Final = (
    "s.owner, s.object_key, s.audience, s.evse_key, s.evse_uid, s.evse_id, s.status, s.last_updated, s.version, "
    "s.ahead, s.shown_from"
)
_ALL: Final = text(f"SELECT {_READ} FROM gateway.evse_states s JOIN {_KEYS} USING (owner, object_key, audience)")
_AHEAD: Final = text(f"{_ALL.text} WHERE s.ahead")
# Both rows are locked, so both are as they are once the lock is there, whatever they were when the statement began.
_LOCK: Final = text(
    f"SELECT {_READ}, o.object_id FROM gateway.evse_states s "
    f"JOIN {_PLACES} USING (owner, object_key, audience, evse_key) "
    "JOIN gateway.locations o ON (o.owner, o.object_key, o.audience) = (s.owner, s.object_key, s.audience) "
    "WHERE NOT o.removed ORDER BY s.owner, s.object_key, s.audience, s.evse_key FOR UPDATE OF o, s"
)
_DELETE: Final = text(
    f"DELETE FROM gateway.evse_states s USING {_PLACES} WHERE (s.owner, s.object_key, s.audience, s.evse_key) = "
    "(k.owner, k.object_key, k.audience, k.evse_key)"
)
_NAMES: Final = (
    "owner, object_key, audience, evse_key, evse_uid, evse_id, status, last_updated, version, ahead, shown_from"
)
_VALUES: Final = (
    "unnest(CAST(:owner AS text[]), CAST(:object_key AS text[]), CAST(:audience AS text[]), "
    "CAST(:evse_key AS text[]), CAST(:evse_uid AS text[]), CAST(:evse_id AS text[]), CAST(:status AS text[]), "
    "CAST(:last_updated AS timestamptz[]), CAST(:version AS bigint[]), CAST(:ahead AS boolean[]), "
    f"CAST(:shown_from AS text[])) AS n({_NAMES})"
)
_WRITE: Final = text(
    f"INSERT INTO gateway.evse_states ({_NAMES}) SELECT {_NAMES} FROM {_VALUES} "
    "ORDER BY owner, object_key, audience, evse_key ON CONFLICT (owner, object_key, audience, evse_key) DO UPDATE SET "
    "evse_uid = excluded.evse_uid, evse_id = excluded.evse_id, status = excluded.status, "
    "last_updated = excluded.last_updated, version = excluded.version, ahead = excluded.ahead, "
    "shown_from = excluded.shown_from"
)
# An EVSE's date moves its location's, never backwards (OCPI 2.2.1, mod_locations, PUT and PATCH).
_CHANGE: Final = text(
    f"WITH n AS (SELECT {_NAMES} FROM {_VALUES}), changed AS (UPDATE gateway.evse_states s SET status = n.status, "
    "last_updated = n.last_updated, version = n.version, ahead = true FROM n WHERE "
    "(s.owner, s.object_key, s.audience, s.evse_key) = (n.owner, n.object_key, n.audience, n.evse_key)) "
    "UPDATE gateway.locations o SET last_updated = d.last_updated FROM (SELECT owner, object_key, audience, "
    "max(last_updated) AS last_updated FROM n GROUP BY owner, object_key, audience) d WHERE "
    "(o.owner, o.object_key, o.audience) = (d.owner, d.object_key, d.audience) AND o.last_updated < d.last_updated"
)
# A partner that has its own copy of a location has its own states of it too.
_FOR_PARTNERS: Final = text(
    f"SELECT {_READ}, o.object_id, k.partner FROM unnest(CAST(:partner AS text[]), CAST(:owner AS text[]), "
    "CAST(:object_key AS text[]), CAST(:evse_key AS text[])) AS k(partner, owner, object_key, evse_key) "
    "CROSS JOIN LATERAL ("
    "SELECT l.owner, l.object_key, l.audience, l.object_id FROM gateway.locations l WHERE l.owner = k.owner "
    "AND l.object_key = k.object_key AND l.audience IN ('', k.partner) ORDER BY l.audience DESC LIMIT 1) o "
    "JOIN gateway.evse_states s ON (s.owner, s.object_key, s.audience, s.evse_key) = "
    "(o.owner, o.object_key, o.audience, k.evse_key)"
)


async def lock(work: Work, places: Collection[Place]) -> dict[Place, tuple[str, EvseState]]:
    """Lock EVSEs with their locations, in the order of their keys, and return each state with its location's id.

    One that nothing is known of yet, or whose location was removed, is missing. Documents are not read.
    """
    found = await work.connection.execute(_LOCK, _placed(places))
    return {(Key(*row[:3]), row[3]): (row[-1], _state(row)) for row in found}


async def ahead(connection: AsyncConnection, keys: Collection[Key]) -> States:
    """Return the states that are newer than the documents of these locations."""
    return _grouped(await connection.execute(_AHEAD, columns(sorted(keys), *Key._fields))) if keys else {}


async def for_partners(
    connection: AsyncConnection, wanted: Collection[tuple[str, str, str, str]]
) -> dict[tuple[str, str, str, str], tuple[str, EvseState]]:
    """Return states as each of several partners is to see them, each with its location's id.

    Args:
        wanted: The partner, the owner, the location's key and the EVSE's key.
    """
    names = ("partner", "owner", "object_key", "evse_key")
    asked = {name: Column(each[number] for each in wanted) for number, name in enumerate(names)}
    found = await connection.execute(_FOR_PARTNERS, asked)
    return {(row[-1], row[0], row[1], row[3]): (row[-2], _state(row)) for row in found}


async def change(work: Work, states: Mapping[Place, EvseState]) -> None:
    """Write states that are newer than their locations' documents; the locations are locked."""
    if states:
        await work.connection.execute(_CHANGE, _columns([(key, state) for (key, _), state in states.items()]))


async def replace_states(work: Work, locations: Mapping[Key, tuple[Row, Document]]) -> None:
    """Keep what locked locations' documents now say of their EVSEs, and tell of each status that is another."""
    if not locations:
        return
    held = _grouped(await work.connection.execute(_ALL, columns(sorted(locations), *Key._fields)))
    gone: list[Place] = []
    written: list[tuple[Key, EvseState]] = []
    for key, (row, document) in locations.items():
        known, now = held.get(key, {}), states_of(document, row.last_updated, VERSIONS[row.protocol])
        gone += [(key, each) for each in known if each not in now]
        for state in following(known, now):
            written.append((key, state))
            former = known.get(state.evse_key)
            if former is None or former.status != state.status:
                work.append(status_changed(key, row.object_id, state, state.last_updated, ""))
    if gone:
        await work.connection.execute(_DELETE, _placed(gone))
    if written:
        await work.connection.execute(_WRITE, _columns(written))


def _grouped(rows: Any) -> States:
    found: dict[Key, dict[str, EvseState]] = defaultdict(dict)
    for row in rows:
        found[Key(*row[:3])][row[3]] = _state(row)
    return found


def _state(row: Any) -> EvseState:
    return EvseState(*row[3:11])


def _placed(places: Collection[Place]) -> dict[str, Column]:
    ordered = sorted(places)
    return {**columns([key for key, _ in ordered], *Key._fields), "evse_key": Column(each for _, each in ordered)}


def _columns(written: Sequence[tuple[Key, EvseState]]) -> dict[str, Any]:
    keys = columns([key for key, _ in written], *Key._fields)
    names = ("evse_key", "evse_uid", "status", "last_updated", "version", "ahead", "shown_from")
    # All may lack an id, which a column in binary form cannot say.
    return {**keys, **columns([s for _, s in written], *names), "evse_id": [s.evse_id for _, s in written]}
