"""Whose list we cannot serve whole yet, because we are still reading it for the first time."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# A list of which not a page could be read holds nobody up: nothing says that there is more in it than was pushed.
# Neither does one that is not read at all (switched off, no agreement), nor one that came no further for long: one
# partner out of order must not take the others' lists away.
_INCOMPLETE: Final = text(
    """
    SELECT p.partner FROM gateway.pulls AS p
    WHERE p.module = :module AND p.partner = ANY (CAST(:owners AS text[])) AND p.full_completed_at IS NULL
    AND p.moved_at > :since AND (
        coalesce(CAST(p.walk ->> 'pages' AS bigint), 0) > 0 OR (p.failures = 0 AND p.last_error IS NULL)
    )
    ORDER BY p.partner
    """
)


async def incomplete(
    connection: AsyncConnection, module: str, owners: Collection[str], now: datetime, patience_seconds: float
) -> list[str]:
    """Return which of these owners' lists of a module are not complete here yet.

    A reader takes what a whole list lacks for invalid (2.2.1 and 2.3.0, mod_locations and others, Response Data), so
    such a list is no answer.

    Args:
        patience_seconds: A first reading that came no further for so long is not waited for.
    """
    since = now - timedelta(seconds=patience_seconds)
    found = await connection.execute(_INCOMPLETE, {"module": module, "owners": sorted(owners), "since": since})
    return list(found.scalars())
