"""Lists of objects as one partner may see them: the statements behind the sender interface.

The statements are put together of constants; every value travels as a parameter.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.object_store import READ, Row, row_of
from services.gateway.paging import Page

PUBLISHED: Final = frozenset({"locations", "tariffs", "tokens"})
"""Modules whose objects are for every partner, or for one alone; those of the others concern one home-CSP each."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks.

    Attributes:
        parties: The parties that it speaks for.
        owners: Whose published objects it may see; None: of everybody (sessions and CDRs that concern it).
    """

    parties: frozenset[str]
    owners: frozenset[str] | None


async def page(connection: AsyncConnection, module: str, viewer: Viewer, wanted: Page) -> tuple[int, list[Row]]:
    """Return how many objects match and are for this viewer, and one page of them, the oldest first by creation.

    Neither objects taken back nor those of erased contracts are among them. What is meant for the viewer alone stands
    in place of what is meant for everybody.
    """
    values: dict[str, Any] = {
        "parties": sorted(viewer.parties),
        "owners": sorted(viewer.owners or ()),
        "any_owner": viewer.owners is None,
        "date_from": wanted.date_from,
        "date_to": wanted.date_to,
    }
    count, rows = _STATEMENTS[module]
    total = int((await connection.execute(count, values)).scalar_one())
    if wanted.offset >= total:
        return total, []
    found = await connection.execute(rows, values | {"offset": wanted.offset, "limit": wanted.limit})
    return total, [row_of(row) for row in found]


async def named(connection: AsyncConnection, module: str, viewer: Viewer, object_ids: Collection[str]) -> Sequence[Row]:
    """Return the objects with these ids that are for this viewer, of whatever owner; ids are compared without case."""
    values = {
        "parties": sorted(viewer.parties),
        "owners": sorted(viewer.owners or ()),
        "any_owner": viewer.owners is None,
        "date_from": None,
        "date_to": None,
        "keys": [object_id.casefold() for object_id in object_ids],
    }
    return [row_of(row) for row in await connection.execute(_NAMED[module], values)]


def _conditions(module: str) -> str:
    common = (
        "NOT o.removed AND (:any_owner OR o.owner = ANY(CAST(:owners AS text[]))) "
        "AND (CAST(:date_from AS timestamptz) IS NULL OR o.last_updated >= :date_from) "
        "AND (CAST(:date_to AS timestamptz) IS NULL OR o.last_updated < :date_to) "
        "AND (o.pseudonym IS NULL OR EXISTS (SELECT 1 FROM gateway.contracts c WHERE c.pseudonym = o.pseudonym)) "
    )
    if module not in PUBLISHED:
        return common + "AND o.receiver = ANY(CAST(:parties AS text[]))"
    return common + (
        "AND (o.audience = ANY(CAST(:parties AS text[])) OR (o.audience = '' AND NOT EXISTS ("
        f"SELECT 1 FROM gateway.{module} own WHERE own.owner = o.owner AND own.object_key = o.object_key "
        "AND own.audience = ANY(CAST(:parties AS text[])))))"
    )


def _statements(module: str) -> tuple[TextClause, TextClause]:
    matching = f"FROM gateway.{module} o WHERE {_conditions(module)}"
    return (
        text(f"SELECT count(*) {matching}"),
        text(f"SELECT {READ} {matching} ORDER BY o.created OFFSET :offset LIMIT :limit"),
    )


_MODULES: Final = ("locations", "tariffs", "tokens", "sessions", "cdrs")
_STATEMENTS: Final[Mapping[str, tuple[TextClause, TextClause]]] = {module: _statements(module) for module in _MODULES}
_NAMED: Final[Mapping[str, TextClause]] = {
    module: text(
        f"SELECT {READ} FROM gateway.{module} o "
        f"WHERE {_conditions(module)} AND o.object_key = ANY(CAST(:keys AS text[])) ORDER BY o.created"
    )
    for module in _MODULES
}
