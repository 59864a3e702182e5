"""Rows of pulled lists: made of the partners' endpoints, leased to one replica at a time, saved page by page."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.core.errors import RoamwattError
from services.gateway.pulling.schedule import ROLES, Schedule
from services.gateway.pulling.tables import pull_clock, pulls
from services.gateway.pulling.walking import Walk
from services.runtime.work import Work

WALK: Final = TypeAdapter(Walk)


class LostLease(RoamwattError):
    """Another replica has the list now, or an operator has begun it anew."""


@dataclass(frozen=True, slots=True)
class Pull:
    """One list of one partner, leased to this replica.

    Attributes:
        walk: The walk under way; None: the next one has to begin.
        failures: In a row.
        approved: An operator takes the next full list as it is.
    """

    partner: str
    module: str
    platform: str
    lease: UUID
    schedule: Schedule
    walk: Walk | None = None
    failures: int = 0
    approved: bool = False

    @property
    def key(self) -> Mapping[str, str]:
        """The columns that the row is found by."""
        return {"partner": self.partner, "module": self.module}


# What there is to pull: each SENDER endpoint of a registered platform, for each of its parties in the role that owns
# such objects. A platform that registers anew may be another system: it begins from nothing.
_WANTED: Final = """
    SELECT DISTINCT p.party AS partner, k.module, c.platform, c.registered_at
    FROM gateway.connections AS c
    JOIN gateway.peers AS p ON p.platform = c.platform AND p.party = ANY (c.parties)
    JOIN unnest(CAST(:modules AS text[]), CAST(:roles AS text[])) AS k(module, role) ON k.role = ANY (p.roles)
    WHERE c.endpoints @> jsonb_build_array(jsonb_build_object('identifier', k.module, 'role', 'SENDER'))
"""
_PLAN: Final = text(
    f"""
    INSERT INTO gateway.pulls AS pull (
        partner, module, platform, registered_at, due_at, full_due_at, moved_at, failures, approved
    )
    SELECT partner, module, platform, registered_at, :now, :now, :now, 0, false FROM ({_WANTED}) AS wanted
    ORDER BY partner, module
    ON CONFLICT (partner, module) DO UPDATE SET
        platform = excluded.platform, registered_at = excluded.registered_at, due_at = excluded.due_at,
        full_due_at = excluded.full_due_at, delta_due_at = NULL, walk = NULL, high_water = NULL,
        full_completed_at = NULL, moved_at = excluded.moved_at, failures = 0, last_error = NULL, doubt = NULL,
        approved = false, lease = NULL, lease_until = NULL
    WHERE pull.platform <> excluded.platform OR pull.registered_at <> excluded.registered_at
    """
)
_END: Final = text(
    f"""
    WITH wanted AS ({_WANTED}), ended AS (
        DELETE FROM gateway.pulls AS pull
        WHERE NOT EXISTS (SELECT 1 FROM wanted AS w WHERE w.partner = pull.partner AND w.module = pull.module)
        RETURNING partner, module
    )
    DELETE FROM gateway.pull_expected AS e USING ended WHERE e.partner = ended.partner AND e.module = ended.module
    """
)
# One list of a platform at a time, whichever replica has it: a partner is asked politely, and one that is slow keeps
# its own lists waiting and nobody else's.
_CLAIM: Final = text(
    """
    WITH first AS (
        SELECT DISTINCT ON (p.platform) p.partner, p.module, p.due_at FROM gateway.pulls AS p
        WHERE p.due_at <= :now AND (p.lease_until IS NULL OR p.lease_until <= :now)
        AND NOT EXISTS (
            SELECT 1 FROM gateway.pulls AS o WHERE o.platform = p.platform AND o.lease_until > :now
        )
        -- Of lists that begin together that of CDRs is the first: what is invoiced is known then.
        ORDER BY p.platform, p.due_at, p.module
    ), free AS (
        SELECT p.partner, p.module FROM gateway.pulls AS p
        WHERE (p.partner, p.module) IN (SELECT f.partner, f.module FROM first AS f ORDER BY f.due_at LIMIT :rows)
        AND (p.lease_until IS NULL OR p.lease_until <= :now)
        FOR UPDATE SKIP LOCKED
    )
    UPDATE gateway.pulls AS p SET lease = :lease, lease_until = :until
    FROM free WHERE p.partner = free.partner AND p.module = free.module
    RETURNING p.partner, p.module, p.platform, p.full_due_at, p.delta_due_at, p.high_water, p.walk, p.failures,
        p.approved
    """
)


async def plan(work: Work) -> None:
    """Have one row for each list that there is to pull, and no others."""
    await work.advise("pulls/plan")
    owned = [(module, role) for module, roles in ROLES.items() for role in roles]
    pairs = {"modules": [module for module, _ in owned], "roles": [role for _, role in owned]}
    await work.connection.execute(_PLAN, pairs | {"now": work.now})
    await work.connection.execute(_END, pairs)


async def claim(connection: AsyncConnection, lease: UUID, now: datetime, lease_seconds: float, rows: int) -> list[Pull]:
    """Take what is due and nobody is at, of each platform one list at most."""
    until = now + timedelta(seconds=lease_seconds)
    found = await connection.execute(_CLAIM, {"lease": lease, "now": now, "until": until, "rows": rows})
    return [_pull(row, lease) for row in found.mappings()]


def _pull(row: Mapping[Any, Any], lease: UUID) -> Pull:
    return Pull(
        partner=row["partner"],
        module=row["module"],
        platform=row["platform"],
        lease=lease,
        schedule=Schedule(row["full_due_at"], row["delta_due_at"], row["high_water"]),
        walk=None if row["walk"] is None else WALK.validate_python(row["walk"]),
        failures=row["failures"],
        approved=row["approved"],
    )


async def save(connection: AsyncConnection, pull: Pull, **values: Any) -> Pull:
    """Write columns of a leased row, and with them its walk and its failures as they are in `pull`.

    Raises:
        LostLease: when it is not leased to this replica any more; nothing was written.
    """
    walk = None if pull.walk is None else WALK.dump_python(pull.walk, mode="json")
    statement = (
        update(pulls)
        .where(pulls.c.partner == pull.partner, pulls.c.module == pull.module, pulls.c.lease == pull.lease)
        .values(walk=walk, failures=pull.failures, **values)
    )
    if (await connection.execute(statement)).rowcount != 1:
        raise LostLease("another one is at this list now")
    return pull


RELEASED: Final[Mapping[str, None]] = {"lease": None, "lease_until": None}
"""What is written when a replica is done with a list for now."""


def rescheduled(schedule: Schedule) -> dict[str, datetime | None]:
    """Return the columns of a schedule."""
    return {
        "full_due_at": schedule.full_due_at,
        "delta_due_at": schedule.delta_due_at,
        "high_water": schedule.high_water,
        "due_at": schedule.due_at,
    }


async def parties(connection: AsyncConnection, platform: str, roles: Collection[str]) -> frozenset[str]:
    """Return the parties of a platform that own objects in one of these roles."""
    found = await connection.execute(_PARTIES, {"platform": platform, "roles": sorted(roles)})
    return frozenset(found.scalars())


_PARTIES: Final = text(
    """
    SELECT p.party FROM gateway.connections AS c
    JOIN gateway.peers AS p ON p.platform = c.platform AND p.party = ANY (c.parties)
    WHERE c.platform = :platform AND p.roles && CAST(:roles AS text[]) AND p.status IN ('INVITED', 'ACTIVE')
    """
)


async def ask_for(
    connection: AsyncConnection,
    platform: str,
    modules: Collection[str],
    now: datetime,
    *,
    full: bool,
    approved: bool = False,
) -> Sequence[Mapping[str, Any]]:
    """Walk these lists of a platform now: anew and whole, or what changed since; return the rows.

    A walk under way goes on where it is, unless a whole one is asked for.
    """
    values: dict[str, Any] = {"due_at": now, "failures": 0}
    if full:
        values |= {"full_due_at": now, "walk": None, "approved": approved, **RELEASED}
    else:
        values |= {"delta_due_at": now}
    statement = (
        update(pulls)
        .where(pulls.c.platform == platform, pulls.c.module.in_(sorted(modules)))
        .values(values)
        .returning(pulls.c.partner, pulls.c.module)
    )
    return [dict(row) for row in (await connection.execute(statement)).mappings()]


async def beat(connection: AsyncConnection, now: datetime, outage_seconds: float) -> bool:
    """Note that pushes can be taken now; say whether they could not for longer than this until now."""
    known = (await connection.execute(select(pull_clock.c.beat_at).with_for_update())).scalar_one_or_none()
    statement = insert(pull_clock).values(only_row=1, beat_at=now)
    changed = {"beat_at": statement.excluded.beat_at}
    await connection.execute(statement.on_conflict_do_update(index_elements=["only_row"], set_=changed))
    return known is not None and (now - known).total_seconds() > outage_seconds


async def catch_up(connection: AsyncConnection, now: datetime, partners: Collection[str] | None = None) -> None:
    """Ask for what changed in every list (of these partners): what was pushed meanwhile may have been lost.

    Pauses after failures end with it, and a walk under way goes on at once.
    """
    later = update(pulls).where(pulls.c.due_at > now)
    if partners is not None:
        later = later.where(pulls.c.partner.in_(sorted(partners)))
    await connection.execute(later.values(delta_due_at=now, due_at=now))
