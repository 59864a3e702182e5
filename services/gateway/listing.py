"""Lists of objects as one partner may see them: the statements behind the sender interface.

A list is in the order of creation, which is the order of commits (`object_store`), so an object that comes late never
stands before one that was served. The statements are put together of constants; every value travels as a parameter.
Keys are found first, out of an index alone, and bodies only for those that are shown: a page costs the same wherever
it begins, if it begins at a place; one that begins at an offset reads the index up to there.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.object_store import MODULES, READ, Row, row_of
from services.gateway.ocpi.modules import INVOICES
from services.gateway.paging import Page

PUBLISHED: Final = frozenset({"locations", "tariffs", "tokens", INVOICES})
"""Modules whose objects are for every partner, or for one alone; those of the others concern one home-CSP each."""

_SEALED: Final = frozenset({"tokens", "sessions", "cdrs"})


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks.

    Attributes:
        parties: The parties that it speaks for.
        owners: Whose published objects it may see; None: of everybody (sessions and CDRs that concern it).
    """

    parties: frozenset[str]
    owners: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Found:
    """Objects of a page, the oldest first.

    Attributes:
        more: Whether there are any after them.
        last: The place of the last one; 0 where there is none.
        cut: Whether there are fewer than asked for because they are large.
    """

    rows: Sequence[Row]
    more: bool
    last: int
    cut: bool


async def total(connection: AsyncConnection, module: str, viewer: Viewer, wanted: Page) -> int:
    """Return how many objects match the dates of a page and are for this viewer."""
    await connection.execute(_PLANNED)
    return int((await connection.execute(_COUNTS[module], _values(viewer, wanted))).scalar_one())


async def page(connection: AsyncConnection, module: str, viewer: Viewer, wanted: Page, max_bytes: int) -> Found:
    """Return one page of what is for this viewer, the oldest first by creation.

    Neither objects taken back nor those of erased contracts are among them. What is meant for the viewer alone stands
    in place of what is meant for everybody. A page ends early where its bodies would have more than `max_bytes`, but
    not before its first object.
    """
    await connection.execute(_PLANNED)
    place = {"after": wanted.after, "offset": 0 if wanted.after else wanted.offset, "limit": wanted.limit}
    values = _values(viewer, wanted) | place | {"max_bytes": max_bytes}
    found = (await connection.execute(_PAGES[module], values)).all()
    if not found:
        return Found((), more=False, last=0, cut=False)
    *_, last, keys = found[-1]
    shown = len(found)
    return Found([row_of(row[:-2]) for row in found], keys > shown, last, shown < min(keys, wanted.limit))


async def named(connection: AsyncConnection, module: str, viewer: Viewer, object_ids: Collection[str]) -> Sequence[Row]:
    """Return the objects with these ids that are for this viewer, of whatever owner; ids are compared without case."""
    keys = [object_id.casefold() for object_id in object_ids]
    values = _values(viewer, Page(0, 1)) | {"keys": keys}
    return [row_of(row) for row in await connection.execute(_NAMED[module], values)]


def _values(viewer: Viewer, wanted: Page) -> dict[str, Any]:
    return {
        "parties": sorted(viewer.parties),
        "audiences": ["", *sorted(viewer.parties)],
        "owners": sorted(viewer.owners or ()),
        "any_owner": viewer.owners is None,
        "date_from": wanted.date_from,
        "date_to": wanted.date_to,
    }


def _conditions(module: str) -> str:
    common = (
        "NOT o.removed AND (:any_owner OR o.owner = ANY(CAST(:owners AS text[]))) "
        "AND (CAST(:date_from AS timestamptz) IS NULL OR o.last_updated >= :date_from) "
        "AND (CAST(:date_to AS timestamptz) IS NULL OR o.last_updated < :date_to) "
    )
    if module in _SEALED:
        common += "AND EXISTS (SELECT 1 FROM gateway.contracts c WHERE c.pseudonym = o.pseudonym) "
    if module not in PUBLISHED:
        return common + "AND o.receiver = ANY(CAST(:parties AS text[]))"
    return common + (
        "AND o.audience = ANY(CAST(:audiences AS text[])) "
        f"AND NOT EXISTS (SELECT 1 FROM gateway.{module} own WHERE own.owner = o.owner "
        "AND own.object_key = o.object_key AND own.audience = ANY(CAST(:audiences AS text[])) "
        "AND own.audience <> '' AND o.audience = '')"
    )


def _keys(module: str) -> str:
    """Return the statement that finds a page's places, and one more where there are more."""
    if module in PUBLISHED:
        return (
            f"SELECT o.owner AS scope, o.created FROM gateway.{module} o WHERE {_conditions(module)} "
            "AND o.created > :after ORDER BY o.created OFFSET :offset LIMIT :limit + 1"
        )
    # A viewer has few parties, each with a list in its own order: they are merged, none is sorted.
    return (
        "SELECT k.scope, k.created FROM unnest(CAST(:parties AS text[])) AS p(party) CROSS JOIN LATERAL ("
        f"SELECT o.receiver AS scope, o.created FROM gateway.{module} o WHERE o.receiver = p.party "
        f"AND {_conditions(module)} AND o.created > :after ORDER BY o.created LIMIT :offset + :limit + 1) k "
        "ORDER BY k.created OFFSET :offset LIMIT :limit + 1"
    )


def _page(module: str) -> TextClause:
    scope = "owner" if module in PUBLISHED else "receiver"
    return text(
        f"WITH page AS MATERIALIZED ({_keys(module)}) "
        f"SELECT {READ}, o.created, (SELECT count(*) FROM page) FROM ("
        f"SELECT o.*, sum(octet_length(o.body)) OVER (ORDER BY o.created) AS bytes FROM page "
        f"JOIN gateway.{module} o ON o.{scope} = page.scope AND o.created = page.created) o "
        "WHERE o.bytes <= :max_bytes OR o.bytes = octet_length(o.body) ORDER BY o.created LIMIT :limit"
    )


# What is asked for differs from call to call by orders of magnitude (one owner or all, an hour or ever), so each call
# is planned for its own values; a plan for all of them reads the whole table for one changed object.
_PLANNED: Final = text("SET LOCAL plan_cache_mode = force_custom_plan")
_PAGES: Final[Mapping[str, TextClause]] = {module: _page(module) for module in MODULES}
_COUNTS: Final[Mapping[str, TextClause]] = {
    module: text(f"SELECT count(*) FROM gateway.{module} o WHERE {_conditions(module)}") for module in MODULES
}
_NAMED: Final[Mapping[str, TextClause]] = {
    module: text(
        f"SELECT {READ} FROM gateway.{module} o "
        f"WHERE {_conditions(module)} AND o.object_key = ANY(CAST(:keys AS text[])) ORDER BY o.created"
    )
    for module in MODULES
}
