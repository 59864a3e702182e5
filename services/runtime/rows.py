"""Many rows in one statement: they travel as one JSON parameter, which PostgreSQL turns into its own types."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import text


def as_json(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as a JSON array; decimals, times and UUIDs become text, so that no digit is lost."""
    return to_json(rows).decode()


async def insert_rows(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that have a value for each column that they name; a column that the first row lacks stays null."""
    if rows:
        await connection.execute(text(_insert(table, rows[0])), {"rows": as_json(rows)})


async def upsert_newer(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]], version: str = "version"
) -> None:
    """Insert rows, or replace those of the same primary key and an older version; a key may come only once.

    Give the rows in the order of their keys, so that two transactions lock them in the same order.
    """
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in rows[0] if name not in keys)
    conflict = ", ".join(f'"{key}"' for key in keys)
    statement = (
        f"{_insert(table, rows[0])} ON CONFLICT ({conflict}) DO UPDATE SET {changes} "
        f'WHERE {table.fullname}."{version}" < excluded."{version}"'
    )
    await connection.execute(text(statement), {"rows": as_json(rows)})


def _insert(table: Table, row: Mapping[str, Any]) -> str:
    columns = ", ".join(f'"{name}"' for name in row)
    return (
        f"INSERT INTO {table.fullname} ({columns}) SELECT {columns} "  # noqa: S608
        f"FROM json_populate_recordset(NULL::{table.fullname}, CAST(:rows AS json))"
    )
