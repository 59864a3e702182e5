"""Places in lists are given out one by one, and lists of published objects have indexes of their own."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_PUBLISHED = ("locations", "tariffs", "tokens")
_CONCERNING = ("sessions", "cdrs")


def upgrade() -> None:
    """Go from the release before to this one."""
    for table in (*_PUBLISHED, *_CONCERNING):
        op.execute(f"ALTER TABLE gateway.{table} ALTER COLUMN created SET CACHE 1")
    for table in _PUBLISHED:
        _create_indexes(table)
    for table in _CONCERNING:
        _list_by_receiver(table, ["owner", "removed", "last_updated", "pseudonym"])


def downgrade() -> None:
    """Go back to the release before."""
    for table in (*_PUBLISHED, *_CONCERNING):
        op.execute(f"ALTER TABLE gateway.{table} ALTER COLUMN created SET CACHE 100")
    for table in _PUBLISHED:
        for name in ("ordered", "dated", "own"):
            op.drop_index(f"{table}_{name}", table, schema="gateway")
    for table in _CONCERNING:
        _list_by_receiver(table, None)


def _create_indexes(table: str) -> None:
    op.create_index(
        f"{table}_ordered",
        table,
        ["created"],
        schema="gateway",
        postgresql_include=["owner", "audience", "removed", "last_updated", "object_key"],
    )
    op.create_index(f"{table}_dated", table, ["last_updated", "owner"], schema="gateway")
    op.create_index(
        f"{table}_own",
        table,
        ["audience", "owner", "object_key"],
        schema="gateway",
        postgresql_where=sa.text("audience <> ''"),
    )


def _list_by_receiver(table: str, shown: list[str] | None) -> None:
    op.drop_index(f"{table}_listed", table, schema="gateway")
    op.create_index(f"{table}_listed", table, ["receiver", "created"], schema="gateway", postgresql_include=shown)
