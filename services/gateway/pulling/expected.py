"""What a full walk is expected to find: what we held when it began, less what its pages had.

The statements are put together of constants; every value travels as a parameter.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import TextClause, delete, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.pulling.absence import Missing
from services.gateway.pulling.schedule import COMPLETE
from services.gateway.pulling.store import Pull
from services.gateway.pulling.tables import pull_expected


class Absent(NamedTuple):
    """An object that a full walk did not find, as it was held when the walk began."""

    object_key: str
    version: int


async def expect(connection: AsyncConnection, pull: Pull) -> None:
    """Expect what is held for everybody now; what a former walk missed keeps that mark."""
    for statement in _BEGIN[pull.module]:
        await connection.execute(statement, dict(pull.key))


async def found(connection: AsyncConnection, pull: Pull, object_keys: Collection[str]) -> None:
    """Take note of objects that a page had."""
    if object_keys:
        c = pull_expected.c
        this = (c.partner == pull.partner, c.module == pull.module, c.object_key.in_(sorted(object_keys)))
        await connection.execute(delete(pull_expected).where(*this))


async def missing(connection: AsyncConnection, pull: Pull) -> Missing:
    """Return how many objects the walk did not find; what was changed by pushes meanwhile is there."""
    row = (await connection.execute(_MISSING[pull.module], dict(pull.key))).one()
    return Missing(held=row[0], once=row[1], again=row[2])


async def absent(connection: AsyncConnection, pull: Pull, walks: int, after: str, rows: int) -> Sequence[Absent]:
    """Return objects missing in so many walks in a row, in the order of their keys."""
    values = {**pull.key, "walks": walks, "after": after, "rows": rows}
    return [Absent(*row) for row in await connection.execute(_ABSENT[pull.module], values)]


async def remember(connection: AsyncConnection, pull: Pull) -> None:
    """Keep what is still missing for the next full walk, and forget the rest."""
    for statement in _REMEMBER[pull.module]:
        await connection.execute(statement, dict(pull.key))


_THIS: Final = "e.partner = :partner AND e.module = :module"
_SAME: Final = (
    "o.owner = e.partner AND o.object_key = e.object_key AND o.audience = '' AND NOT o.removed "
    "AND o.version = e.version AND o.last_updated = e.last_updated"
)


def _begin(module: str) -> tuple[TextClause, TextClause]:
    return (
        text(
            f"DELETE FROM gateway.pull_expected e WHERE {_THIS} AND NOT EXISTS (SELECT 1 FROM gateway.{module} o "
            "WHERE o.owner = e.partner AND o.object_key = e.object_key AND o.audience = '' AND NOT o.removed)"
        ),
        text(
            "INSERT INTO gateway.pull_expected (partner, module, object_key, version, last_updated, missed) "
            f"SELECT o.owner, :module, o.object_key, o.version, o.last_updated, 0 FROM gateway.{module} o "
            "WHERE o.owner = :partner AND o.audience = '' AND NOT o.removed ORDER BY o.object_key "
            "ON CONFLICT (partner, module, object_key) DO UPDATE SET version = excluded.version, "
            "last_updated = excluded.last_updated, missed = CASE WHEN pull_expected.version = excluded.version "
            "THEN pull_expected.missed ELSE 0 END"
        ),
    )


def _missing(module: str) -> TextClause:
    return text(
        f"SELECT (SELECT count(*) FROM gateway.{module} h WHERE h.owner = :partner AND h.audience = '' "
        "AND NOT h.removed), count(*) FILTER (WHERE e.missed = 0), count(*) FILTER (WHERE e.missed > 0) "
        f"FROM gateway.pull_expected e JOIN gateway.{module} o ON {_SAME} WHERE {_THIS}"
    )


def _absent(module: str) -> TextClause:
    return text(
        f"SELECT e.object_key, e.version FROM gateway.pull_expected e JOIN gateway.{module} o ON {_SAME} "
        f"WHERE {_THIS} AND e.missed + 1 >= :walks AND e.object_key > :after ORDER BY e.object_key LIMIT :rows"
    )


def _remember(module: str) -> tuple[TextClause, TextClause]:
    return (
        text(
            f"DELETE FROM gateway.pull_expected e WHERE {_THIS} AND NOT EXISTS "
            f"(SELECT 1 FROM gateway.{module} o WHERE {_SAME})"
        ),
        text(f"UPDATE gateway.pull_expected e SET missed = 1 WHERE {_THIS}"),
    )


_BEGIN: Final[Mapping[str, Any]] = {module: _begin(module) for module in sorted(COMPLETE)}
_MISSING: Final[Mapping[str, TextClause]] = {module: _missing(module) for module in sorted(COMPLETE)}
_ABSENT: Final[Mapping[str, TextClause]] = {module: _absent(module) for module in sorted(COMPLETE)}
_REMEMBER: Final[Mapping[str, Any]] = {module: _remember(module) for module in sorted(COMPLETE)}
