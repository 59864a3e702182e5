"""What two partners agree on about findings, rounding and the time for CDRs."""

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
    for column in _columns():
        op.add_column("agreements", column, schema="registry")


def downgrade() -> None:
    """Go back to the release before."""
    for column in _columns():
        op.drop_column("agreements", column.name, schema="registry")


def _columns() -> Iterator[sa.Column[object]]:
    yield sa.Column("rounding_per_line", sa.Boolean(), nullable=True, comment="null is no: the totals are rounded")
    yield sa.Column(
        "finding_severities",
        postgresql.JSON(),
        nullable=True,
        comment="severity by code, where it is not that of the catalogue; null is none",
    )
    yield sa.Column(
        "cdr_due_after_hours",
        sa.Integer(),
        nullable=True,
        comment="counts from a session's end; null is clearing's setting",
    )
