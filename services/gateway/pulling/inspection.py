"""Pulled lists as an operator sees them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.pulling.tables import pulls

_TIMES: Final = ("full_completed_at", "completed_at", "moved_at", "due_at", "full_due_at", "delta_due_at")
_COUNTS: Final = ("pages", "objects", "total", "new", "changed", "same", "stale", "wrong", "strange")


async def list_pulls(connection: AsyncConnection, wanted: str | None, now: datetime) -> Sequence[dict[str, Any]]:
    """Return all lists that are pulled, or those of one platform or party."""
    p = pulls.c
    query = select(pulls).order_by(p.platform, p.partner, p.module)
    if wanted is not None:
        query = query.where(or_(p.platform == wanted, p.partner == wanted.upper()))
    return [shown(row, now) for row in (await connection.execute(query)).mappings()]


def shown(row: Mapping[Any, Any], now: datetime) -> dict[str, Any]:
    """Return a row as it is shown: what is going on, how far the walk under way or the last one came, what hinders."""
    walk = row["walk"] or row["last_walk"] or {}
    return {
        "platform": row["platform"],
        "partner": row["partner"],
        "module": row["module"],
        "situation": situation(row, now),
        "kind": walk.get("kind"),
        "date_from": walk.get("date_from"),
        **{name: walk.get(name) for name in _COUNTS},
        **{name: row[name] for name in _TIMES},
        "failures": row["failures"],
        "last_error": row["last_error"],
        "doubt": row["doubt"],
    }


def situation(row: Mapping[Any, Any], now: datetime) -> str:
    """Return in a word or two what is going on with a list."""
    if row["failures"]:
        return "FAILING"
    if row["walk"] is None and row["last_error"]:
        return "NOT ASKED FOR"
    if row["walk"] is not None:
        return "READING ALL" if row["walk"]["kind"] == "FULL" else "READING CHANGES"
    if row["due_at"] <= now:
        return "DUE"
    return "IN DOUBT" if row["doubt"] else "IN LINE"
