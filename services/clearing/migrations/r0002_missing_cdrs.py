"""From when on the CDR of a session is missing, and what two partners agree on about findings and rounding."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go from the release before to this one."""
    for table, column in _columns():
        op.add_column(table, column, schema="clearing")
    due, missing = sa.text("cdr_due_at IS NOT NULL"), sa.text("cdr_missing_since IS NOT NULL")
    op.create_index("sessions_cdr_due", "sessions", ["cdr_due_at"], schema="clearing", postgresql_where=due)
    key = ["visited_cso", "session_key"]
    op.create_index("sessions_cdr_missing", "sessions", key, schema="clearing", postgresql_where=missing)
    op.create_index("cdrs_session", "cdrs", ["visited_cso", sa.text("lower(session_id)")], schema="clearing")


def downgrade() -> None:
    """Go back to the release before."""
    op.drop_index("cdrs_session", table_name="cdrs", schema="clearing")
    for name in ("sessions_cdr_missing", "sessions_cdr_due"):
        op.drop_index(name, table_name="sessions", schema="clearing")
    for table, column in _columns():
        op.drop_column(table, column.name, schema="clearing")


def _columns() -> Iterator[tuple[str, sa.Column[object]]]:
    yield "agreements", sa.Column("rounding_per_line", sa.Boolean(), nullable=True, comment="null is no")
    yield (
        "agreements",
        sa.Column(
            "finding_severities",
            postgresql.JSON(),
            nullable=True,
            comment="severity by code, where it is not that of the catalogue",
        ),
    )
    yield (
        "agreements",
        sa.Column(
            "cdr_due_after_hours",
            sa.Integer(),
            nullable=True,
            comment="counts from a session's end; null is our setting",
        ),
    )
    yield (
        "sessions",
        sa.Column(
            "cdr_due_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it is looked whether there is a CDR; null afterwards, and where none is expected",
        ),
    )
    yield (
        "sessions",
        sa.Column(
            "cdr_missing_since",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="there was no CDR when it was looked; one may have come since",
        ),
    )
