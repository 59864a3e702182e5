"""The gateway's read model: partners' objects by owner, id and audience, one table for each module.

What a push changes is locked first, in the order of the key; many rows travel in one statement. Bodies of what concerns
a person (tokens, sessions, CDRs) are sealed under the contract's key; those of locations and tariffs are plain JSON.
The statements are put together of constants; every value travels as a parameter.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.arrays import Column, columns
from services.gateway.ocpi.modules import INVOICES
from services.runtime.work import Work

MODULES: Final = ("locations", "tariffs", "tokens", "sessions", "cdrs", INVOICES)
READ: Final = (
    "o.owner, o.object_key, o.audience, o.object_id, o.receiver, o.version, o.removed, o.last_updated, "
    "CAST(o.pseudonym AS text), o.body, o.protocol"
)
_COLUMNS: Final = (
    "owner, object_key, audience, object_id, receiver, version, removed, last_updated, pseudonym, body, protocol"
)
_VALUES: Final = (
    "unnest(CAST(:owner AS text[]), CAST(:object_key AS text[]), CAST(:audience AS text[]), "
    "CAST(:object_id AS text[]), CAST(:receiver AS text[]), CAST(:version AS bigint[]), CAST(:removed AS boolean[]), "
    "CAST(:last_updated AS timestamptz[]), CAST(:pseudonym AS uuid[]), CAST(:body AS bytea[]), "
    "CAST(:protocol AS text[])) "
    f"AS n({_COLUMNS})"
)
_KEYS: Final = (
    "unnest(CAST(:owner AS text[]), CAST(:object_key AS text[]), CAST(:audience AS text[])) "
    "AS k(owner, object_key, audience)"
)


class Key(NamedTuple):
    """What an object is found by: its owner's id is compared without case, as OCPI's CiStrings are."""

    owner: str
    object_key: str
    audience: str

    @classmethod
    def of(cls, owner: str, object_id: str, audience: str = "") -> "Key":
        """Return the key of an object id as its owner writes it."""
        return cls(owner, object_id.casefold(), audience)


@dataclass(frozen=True, slots=True)
class Row:
    """One object as it is stored.

    Attributes:
        object_id: As its owner first wrote it; of a token its pseudonym.
        receiver: The home-CSP of a session or CDR; else empty.
        pseudonym: Whose key the body is sealed under; None where it is not.
        body: JSON, or that sealed.
        protocol: The version of OCPI that the body is in, by name.
    """

    key: Key
    object_id: str
    receiver: str
    version: int
    removed: bool
    last_updated: datetime
    pseudonym: str | None
    body: bytes = field(repr=False)
    protocol: str


class ObjectStore:
    """The objects of one module."""

    def __init__(self, module: str) -> None:
        if module not in MODULES:
            raise ValueError(f"no module {module}")
        self.module: Final = module
        self._lock, self._insert, self._update, self._revive = _statements(module)

    async def lock(self, work: Work, keys: Collection[Key]) -> dict[Key, Row]:
        """Lock the objects of these keys, in the order of the keys, and return those that exist."""
        wanted = sorted(keys)
        found = await work.connection.execute(self._lock, columns(wanted, *Key._fields))
        return {row.key: row for row in map(row_of, found)}

    async def insert(self, work: Work, rows: Sequence[Row]) -> set[Key]:
        """Write new objects and return which were written; the others another transaction wrote first."""
        if not rows:
            return set()
        await self._queue_up(work)
        written = await work.connection.execute(self._insert, _columns(rows))
        return {Key(owner, object_key, audience) for owner, object_key, audience in written}

    async def revive(self, work: Work, keys: Collection[Key]) -> None:
        """Put locked objects that come back, after they were removed, at the end of lists, like new ones."""
        if keys:
            await self._queue_up(work)
            await work.connection.execute(self._revive, columns(sorted(keys), *Key._fields))

    async def update(self, work: Work, rows: Sequence[Row]) -> None:
        """Write new states of objects that this work has locked."""
        if rows:
            await work.connection.execute(self._update, _columns(rows))

    async def _queue_up(self, work: Work) -> None:
        """Wait for those who are giving out places in the order of lists, until they have committed.

        A place is then never seen before a lower one, so what comes late cannot shift a page that was served. Without
        it a list could skip objects: sequences give out numbers in the order of calls, not of commits.
        """
        await work.advise(f"gateway.{self.module}.created")


async def newest(
    connection: AsyncConnection, module: str, partner: str, wanted: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Row]:
    """Return the newest state of many objects as one partner is to see it: what is for it alone before what is for all.

    Removed objects are among them, with `removed` set; unknown ones are not.

    Args:
        wanted: Owners and object ids; ids are compared without case, and the result has them as they were given.
    """
    asked = {(owner, object_id.casefold()): (owner, object_id) for owner, object_id in wanted}
    values = {"partner": partner, "owner": [each[0] for each in asked], "object_key": [each[1] for each in asked]}
    rows = map(row_of, await connection.execute(_NEWEST[module], values))
    return {asked[row.key.owner, row.key.object_key]: row for row in rows}


async def newest_of_partners(
    connection: AsyncConnection, module: str, wanted: Collection[tuple[str, str, str]]
) -> dict[tuple[str, str, str], Row]:
    """Return the newest state of many objects as each of several partners is to see it; see `newest`.

    What several partners see alike is read once.

    Args:
        wanted: Partners, owners and object ids.
    """
    asked = {(partner, owner, id.casefold()): (partner, owner, id) for partner, owner, id in wanted}
    names = ("partner", "owner", "object_key")
    values = {name: Column(each[number] for each in asked) for number, name in enumerate(names)}
    seen = {tuple(row[:3]): Key(*row[1:]) for row in await connection.execute(_SEEN[module], values)}
    keys = columns(sorted(set(seen.values())), *Key._fields)
    rows = {row.key: row for row in map(row_of, await connection.execute(_KEYED[module], keys))}
    return {asked[each]: rows[key] for each, key in seen.items() if key in rows}


async def current(
    connection: AsyncConnection, module: str, owner: str, object_id: str, *, partner: str = ""
) -> Row | None:
    """Return the newest state of one object as one partner is to see it; see `newest`."""
    return (await newest(connection, module, partner, [(owner, object_id)])).get((owner, object_id))


async def audiences(connection: AsyncConnection, module: str, owner: str, object_id: str) -> list[str]:
    """Return for whom there are objects of this id, in order; ids are compared without case."""
    values = {"owner": owner, "object_key": object_id.casefold()}
    return list((await connection.execute(_AUDIENCES[module], values)).scalars())


async def listed(
    connection: AsyncConnection, module: str, owner: str, partner: str, *, after: str, rows: int
) -> list[Row]:
    """Return objects that one owner publishes to one partner, or that concern it, in the order of their ids.

    It is for what a new agreement makes visible, and for delivering everything again.

    Args:
        after: The key (`Row.key.object_key`) of the last object of the page before; empty for the first page.
        rows: How many at most.
    """
    values = {"owner": owner, "partner": partner, "after": after, "rows": rows}
    return [row_of(row) for row in await connection.execute(_LISTED[module], values)]


def _statements(module: str) -> tuple[TextClause, TextClause, TextClause, TextClause]:
    lock = (
        f"SELECT {READ} FROM gateway.{module} o JOIN {_KEYS} USING (owner, object_key, audience) "
        "ORDER BY o.owner, o.object_key, o.audience FOR UPDATE OF o"
    )
    insert = (
        f"INSERT INTO gateway.{module} ({_COLUMNS}) SELECT {_COLUMNS} FROM {_VALUES} "
        "ORDER BY owner, object_key, audience ON CONFLICT (owner, object_key, audience) DO NOTHING "
        "RETURNING owner, object_key, audience"
    )
    update = (
        f"UPDATE gateway.{module} o SET receiver = n.receiver, version = n.version, removed = n.removed, "
        f"last_updated = n.last_updated, pseudonym = n.pseudonym, body = n.body, protocol = n.protocol FROM {_VALUES} "
        "WHERE (o.owner, o.object_key, o.audience) = (n.owner, n.object_key, n.audience)"
    )
    revive = (
        f"UPDATE gateway.{module} o SET created = DEFAULT FROM {_KEYS} "
        "WHERE (o.owner, o.object_key, o.audience) = (k.owner, k.object_key, k.audience)"
    )
    return text(lock), text(insert), text(update), text(revive)


_NEWEST: Final[Mapping[str, TextClause]] = {
    module: text(
        f"SELECT DISTINCT ON (o.owner, o.object_key) {READ} FROM gateway.{module} o "
        "JOIN unnest(CAST(:owner AS text[]), CAST(:object_key AS text[])) AS k(owner, object_key) "
        "USING (owner, object_key) WHERE o.audience IN ('', :partner) "
        "ORDER BY o.owner, o.object_key, o.audience DESC"
    )
    for module in MODULES
}
_AUDIENCES: Final[Mapping[str, TextClause]] = {
    module: text(
        f"SELECT audience FROM gateway.{module} "
        "WHERE owner = :owner AND object_key = :object_key AND NOT removed ORDER BY audience"
    )
    for module in MODULES
}
_SEEN: Final[Mapping[str, TextClause]] = {
    module: text(
        "SELECT k.partner, o.owner, o.object_key, o.audience FROM unnest(CAST(:partner AS text[]), "
        "CAST(:owner AS text[]), CAST(:object_key AS text[])) AS k(partner, owner, object_key) CROSS JOIN LATERAL ("
        f"SELECT l.owner, l.object_key, l.audience FROM gateway.{module} l WHERE l.owner = k.owner "
        "AND l.object_key = k.object_key AND l.audience IN ('', k.partner) ORDER BY l.audience DESC LIMIT 1) o"
    )
    for module in MODULES
}
_KEYED: Final[Mapping[str, TextClause]] = {
    module: text(f"SELECT {READ} FROM gateway.{module} o JOIN {_KEYS} USING (owner, object_key, audience)")
    for module in MODULES
}
_LISTED: Final[Mapping[str, TextClause]] = {
    module: text(
        f"SELECT {READ} FROM (SELECT DISTINCT ON (owner, object_key) * FROM gateway.{module} "
        "WHERE owner = :owner AND audience IN ('', :partner) AND receiver IN ('', :partner) AND object_key > :after "
        "ORDER BY owner, object_key, audience DESC) o WHERE NOT o.removed ORDER BY o.object_key LIMIT :rows"
    )
    for module in MODULES
}


def _columns(rows: Sequence[Row]) -> dict[str, Any]:
    keys = columns([row.key for row in rows], *Key._fields)
    rest = columns(rows, "object_id", "receiver", "version", "removed", "last_updated", "body", "protocol")
    return {**keys, **rest, "pseudonym": [row.pseudonym for row in rows]}


def row_of(found: Any) -> Row:
    """Return what a statement read that selects `READ`."""
    owner, object_key, audience, object_id, receiver, version, removed, last_updated, pseudonym, body, protocol = found
    key = Key(owner, object_key, audience)
    return Row(key, object_id, receiver, version, removed, last_updated, pseudonym, bytes(body), protocol)
