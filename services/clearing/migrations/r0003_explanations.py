"""Why each CDR got its verdict."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go from the release before to this one."""
    column = sa.Column("explanation", sa.Text(), nullable=True, comment="as JSON; null for one of an earlier release")
    op.add_column("cdrs", column, schema="clearing")


def downgrade() -> None:
    """Go back to the release before."""
    op.drop_column("cdrs", "explanation", schema="clearing")
