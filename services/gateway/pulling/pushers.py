"""Who pushes what: a partner that pushes a module is not asked for its deltas."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeAlias, TypeVar

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.pulling.tables import pushers
from services.gateway.states import Push
from services.runtime.work import Work

Decided = TypeVar("Decided")
Decide: TypeAlias = Callable[[Work, Sequence[Push]], Awaitable[list[Decided]]]
_EXACT_TO: Final = timedelta(hours=1)


class Pushers:
    """Notes who pushed one module, to the hour: what a push costs for it is a look into a dictionary."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._noted: dict[str, datetime] = {}

    def noticing(self, decide: Decide[Decided]) -> Decide[Decided]:
        """Return what decides groups of pushes, and notes who pushed them."""

        async def act(work: Work, pushes: Sequence[Push]) -> list[Decided]:
            results = await decide(work, pushes)
            await self.notice(work, {push.owner for push in pushes if not push.pulled})
            return results

        return act

    async def notice(self, work: Work, owners: Collection[str]) -> None:
        """Note the owners of pushes, in the transaction that stores them."""
        news = sorted(each for each in owners if each not in self._noted or work.now - self._noted[each] > _EXACT_TO)
        if not news:
            return
        rows = [{"owner": owner, "module": self._module, "pushed_at": work.now} for owner in news]
        statement = insert(pushers).values(rows)
        await work.connection.execute(
            statement.on_conflict_do_update(
                index_elements=["owner", "module"],
                set_={"pushed_at": statement.excluded.pushed_at},
                where=statement.excluded.pushed_at > pushers.c.pushed_at,
            )
        )
        self._noted |= dict.fromkeys(news, work.now)


async def pushed_at(connection: AsyncConnection, owner: str, module: str) -> datetime | None:
    """Return when an owner last pushed an object of a module, to the hour; None: never."""
    p = pushers.c
    found = await connection.execute(select(p.pushed_at).where(p.owner == owner, p.module == module))
    return found.scalar_one_or_none()
