"""How many objects a list has: counted exactly each time while they are few, and briefly remembered where many.

A count reads the index entry of every object that matches: a tenth of a second for a million. A maintained number for
each viewer and filter would be exact, but every push would have to lock it.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncEngine

from services.gateway import listing
from services.gateway.listing import Viewer
from services.gateway.paging import Page
from services.gateway.partners.brief_cache import BriefCache
from services.gateway.settings import ListSettings
from services.runtime.postgres import translated

_Counted: TypeAlias = tuple[str, Viewer, datetime | None, datetime | None]


class Counts:
    """Counts what viewers may see."""

    def __init__(self, engine: AsyncEngine, settings: ListSettings, monotonic: Callable[[], float]) -> None:
        self._engine, self._exact_rows = engine, settings.exact_count_rows
        self._cache: BriefCache[_Counted, int] = BriefCache(
            settings.max_cached_counts, settings.count_seconds, monotonic
        )

    async def of(self, module: str, viewer: Viewer, page: Page) -> int:
        """Return how many objects match a page's dates and are for a viewer.

        More than `exact_count_rows` may be as many as they were `count_seconds` ago.

        Raises:
            services.core.errors.Unavailable: when the database is away.
        """
        counted = (module, viewer, page.date_from, page.date_to)
        total = await self._cache.get(counted, self._count)
        if total <= self._exact_rows:
            self._cache.drop(counted)
        return total

    async def _count(self, counted: _Counted) -> int:
        module, viewer, date_from, date_to = counted
        async with translated(), self._engine.connect() as connection:
            return await listing.total(connection, module, viewer, Page(0, 1, date_from, date_to))
