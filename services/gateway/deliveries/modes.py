"""How each module is delivered under each agreement: stored until it is taken, sent once, or not pushed at all.

OCPI has messages not queued and nothing pushed to who is offline; whoever was offline pulls. Storing is our deviation
from it (OCPI 2.2.1, transport_and_format, Offline behaviour), and an agreement may have it otherwise, by module.
"""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from sqlalchemy import and_, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.object_store import MODULES
from services.gateway.ocpi.modules import INVOICES
from services.gateway.snapshots import RESYNCED, begin_again
from services.gateway.tables import deliveries, delivery_modes
from services.runtime.work import Work

Mode: TypeAlias = Literal["STORED", "ONCE", "NONE"]
"""STORED: kept until it is taken or refused. ONCE: tried once, within seconds. NONE: the receiver has to list it."""

_STORED: Final = "STORED"


def ways(module: str, visited_cso: str, home_csp: str) -> tuple[tuple[str, str], ...]:
    """Return whose objects of a module go to whom under an agreement: tokens to the CSO, all else from it.

    Invoices go either way, as the two have agreed on who issues them.
    """
    there, back = (visited_cso, home_csp), (home_csp, visited_cso)
    if module == INVOICES:
        return there, back
    return (back,) if module == "tokens" else (there,)


async def read_modes(connection: AsyncConnection, visited_cso: str, home_csp: str) -> dict[str, str]:
    """Return the mode of each module under an agreement."""
    m = delivery_modes.c
    query = select(m.module, m.mode).where(m.visited_cso == visited_cso, m.home_csp == home_csp)
    found: dict[str, str] = {row.module: row.mode for row in await connection.execute(query)}
    return {module: found.get(module, _STORED) for module in MODULES}


async def change_modes(
    work: Work, visited_cso: str, home_csp: str, change: Mapping[str, Mode | None]
) -> dict[str, str]:
    """Change the modes of some modules; None takes one back to STORED. Returns all of them.

    What waits of a module that is not pushed any more is taken out of the queue. One that is pushed again, is delivered
    anew as a whole, as far as it is state.
    """
    await work.advise(f"gateway.delivery_modes.{visited_cso}.{home_csp}")
    former = await read_modes(work.connection, visited_cso, home_csp)
    wanted = {module: mode or _STORED for module, mode in change.items()}
    for module, mode in sorted(wanted.items()):
        await _write(work.connection, visited_cso, home_csp, module, mode)
        for owner, partner in ways(module, visited_cso, home_csp):
            if mode == "NONE":
                await _empty(work.connection, owner, partner, module)
            elif former[module] == "NONE" and module in RESYNCED:
                await begin_again(work, owner, partner, module)
    return former | wanted


async def _write(connection: AsyncConnection, visited_cso: str, home_csp: str, module: str, mode: str) -> None:
    m = delivery_modes.c
    if mode == _STORED:
        this = [m.visited_cso == visited_cso, m.home_csp == home_csp, m.module == module]
        await connection.execute(delete(delivery_modes).where(*this))
        return
    values = {"visited_cso": visited_cso, "home_csp": home_csp, "module": module, "mode": mode}
    key = ["visited_cso", "home_csp", "module"]
    statement = insert(delivery_modes).values(values)
    await connection.execute(statement.on_conflict_do_update(index_elements=key, set_={"mode": mode}))


async def _empty(connection: AsyncConnection, owner: str, partner: str, module: str) -> None:
    d = deliveries.c
    mine = and_(d.partner == partner, d.module == module, d.owner == owner, d.lease.is_(None))
    await connection.execute(delete(deliveries).where(mine))
