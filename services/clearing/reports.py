"""What the admin API of clearing reads: CDRs, balances, and sums over them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, any_, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.clearing import explaining
from services.clearing.audit.claims import same
from services.clearing.ledger import payable, receivable
from services.clearing.tables import cdrs, ledger, waiting
from services.core.money import plain

# What is null by our own bookkeeping (of CDRs that do not stand) would say something wrong.
_HIDDEN: Final = frozenset({"cdr_key", "evse_key", "connector_key", "pseudonym", "explanation"})
_IDS: Final = text(
    """SELECT cdr_id FROM clearing.cdrs WHERE visited_cso = :cso
    UNION ALL SELECT CAST(content AS json) ->> 'cdr_id' FROM clearing.waiting_cdrs WHERE visited_cso = :cso
    LIMIT :max_rows"""
)
_SHOWN: Final = tuple(column for column in cdrs.columns if column.name not in _HIDDEN)
# CSOs are few: from one to the next through the index of the primary key, instead of over all CDRs.
_SENDERS: Final = text(
    """WITH RECURSIVE senders AS (
        (SELECT visited_cso FROM clearing.cdrs ORDER BY visited_cso LIMIT 1)
        UNION ALL
        SELECT (SELECT c.visited_cso FROM clearing.cdrs AS c WHERE c.visited_cso > s.visited_cso
            ORDER BY c.visited_cso LIMIT 1)
        FROM senders AS s WHERE s.visited_cso IS NOT NULL)
    SELECT c.visited_cso FROM senders AS s JOIN clearing.cdrs AS c USING (visited_cso)
    WHERE c.cdr_key = :cdr_key LIMIT :max_rows"""
)


async def cdr(connection: AsyncConnection, cso: str, cdr_id: str) -> dict[str, Any] | None:
    """Return a cleared CDR with its findings and the explanation of its price, null where none was kept."""
    query = select(*_SHOWN, cdrs.c.explanation).where(cdrs.c.visited_cso == cso, cdrs.c.cdr_key == same(cdr_id))
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        return None
    kept = row["explanation"]
    return shown(row) | {"explanation": None if kept is None else explaining.shown(kept)}


async def of_id(connection: AsyncConnection, cdr_id: str, max_rows: int) -> list[dict[str, Any]]:
    """Return the cleared CDRs of this id; several CSOs may have given it."""
    found = await connection.execute(_SENDERS, {"cdr_key": same(cdr_id), "max_rows": max_rows})
    query = select(*_SHOWN).where(cdrs.c.cdr_key == same(cdr_id), cdrs.c.visited_cso.in_(list(found.scalars())))
    return await _all(connection, query.order_by(cdrs.c.visited_cso))


def shown(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row as the admin API shows it: numbers as plain text."""
    return {str(name): plain(value) if isinstance(value, Decimal) else value for name, value in row.items()}


async def waits_until(connection: AsyncConnection, cso: str, cdr_id: str) -> Any | None:
    """Return the deadline of a CDR that waits for what it names."""
    query = select(waiting.c.waits_until).where(waiting.c.visited_cso == cso, waiting.c.cdr_key == same(cdr_id))
    return (await connection.execute(query)).scalar_one_or_none()


async def ids_of(connection: AsyncConnection, cso: str, max_rows: int) -> list[str]:
    """Return the ids of all CDRs that a CSO has sent, cleared or waiting, but no more than so many."""
    found = await connection.execute(_IDS, {"cso": cso, "max_rows": max_rows})
    return list(found.scalars())


def of_parties(cso: str | None, csp: str | None) -> ColumnElement[bool]:
    """Return the condition that a CDR is of these parties; None is any."""
    wanted = [(cdrs.c.visited_cso, cso), (cdrs.c.home_csp, csp)]
    return and_(True, *(column == party for column, party in wanted if party is not None))


async def page(
    connection: AsyncConnection,
    condition: ColumnElement[bool],
    *,
    after: tuple[str, str] | None,
    verdict: str | None,
    code: str | None,
    max_rows: int,
) -> list[dict[str, Any]]:
    """Return cleared CDRs in the order of CSO and id, from after this one on."""
    query = select(*_SHOWN, cdrs.c.cdr_key).where(condition).order_by(cdrs.c.visited_cso, cdrs.c.cdr_key)
    if after is not None:
        query = query.where(tuple_(cdrs.c.visited_cso, cdrs.c.cdr_key) > tuple_(*after))
    if verdict is not None:
        query = query.where(cdrs.c.verdict == verdict)
    if code is not None:
        query = query.where(any_(cdrs.c.finding_codes) == code)
    return await _all(connection, query.limit(max_rows))


async def balances(
    connection: AsyncConnection, cso: str | None, csp: str | None, after: tuple[str, str, str] | None, max_rows: int
) -> list[dict[str, Any]]:
    """Return, per pair and currency, what the home-CSP owes the visited-CSO, summed over the ledger."""
    pair = (ledger.c.visited_cso, ledger.c.home_csp, ledger.c.currency)
    ours = receivable_account()
    query = select(*pair, func.sum(ledger.c.amount).label("owed"), func.count().label("postings"))
    query = query.where(ours).group_by(*pair).order_by(*pair).limit(max_rows)
    if cso is not None:
        query = query.where(ledger.c.visited_cso == cso)
    if csp is not None:
        query = query.where(ledger.c.home_csp == csp)
    if after is not None:
        query = query.where(tuple_(*pair) > tuple_(*after))
    return [row | _accounts(row) for row in await _all(connection, query)]


def receivable_account() -> ColumnElement[bool]:
    """Return the condition that a ledger entry is the CSO's side of its posting."""
    return ledger.c.account == ledger.c.visited_cso + "/receivable/" + ledger.c.home_csp


async def summary(connection: AsyncConnection, cso: str | None, csp: str | None) -> dict[str, Any]:
    """Return the counts by verdict and by finding code, the sums per location, and how many CDRs still wait."""
    condition = of_parties(cso, csp)
    code = func.unnest(cdrs.c.finding_codes).label("code")
    found = select(cdrs.c.verdict, code).where(condition).subquery()
    return {
        "verdicts": await _all(
            connection,
            select(cdrs.c.verdict, func.count().label("cdrs"))
            .where(condition)
            .group_by(cdrs.c.verdict)
            .order_by("verdict"),
        ),
        "findings": await _all(
            connection,
            select(found.c.verdict, found.c.code, func.count().label("cdrs"))
            .group_by(found.c.verdict, found.c.code)
            .order_by("verdict", "code"),
        ),
        "locations": await _all(connection, _per_location(condition)),
        "waiting": await _count_waiting(connection, cso, csp),
    }


def _per_location(condition: ColumnElement[bool]) -> Select[Any]:
    where = (cdrs.c.visited_cso, cdrs.c.location_id, cdrs.c.currency)
    sums = (func.count().label("cdrs"), func.sum(cdrs.c.kwh).label("kwh"), func.sum(cdrs.c.amount).label("amount"))
    name = func.max(cdrs.c.location_name).label("location_name")
    return select(*where, name, *sums).where(condition).group_by(*where).order_by(*where)


async def _count_waiting(connection: AsyncConnection, cso: str | None, csp: str | None) -> int:
    query = select(func.count()).select_from(waiting)
    if cso is not None:
        query = query.where(waiting.c.visited_cso == cso)
    if csp is not None:
        query = query.where(waiting.c.home_csp == csp)
    return int((await connection.execute(query)).scalar_one())


async def _all(connection: AsyncConnection, query: Select[Any]) -> list[dict[str, Any]]:
    return [shown(row) for row in (await connection.execute(query)).mappings()]


def _accounts(row: Mapping[Any, Any]) -> dict[str, str]:
    cso, csp = row["visited_cso"], row["home_csp"]
    return {"receivable": receivable(cso, csp), "payable": payable(cso, csp)}
