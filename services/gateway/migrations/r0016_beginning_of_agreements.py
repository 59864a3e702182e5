"""Since when each agreement has been known and in force without a break: what it makes visible is news from then on."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go from the release before to this one."""
    moment = sa.DateTime(timezone=True)
    column = sa.Column("begun_at", moment, nullable=True, comment="when it was learnt of; null: long ago")
    op.add_column("agreements", column, schema="gateway")


def downgrade() -> None:
    """Go back to the release before."""
    op.drop_column("agreements", "begun_at", schema="gateway")
