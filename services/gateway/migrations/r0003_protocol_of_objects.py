"""Objects say which version of OCPI they are in; those from before are all in 2.2.1."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TABLES = ("locations", "tariffs", "tokens", "sessions", "cdrs")


def upgrade() -> None:
    """Go from the release before to this one."""
    for table in _TABLES:
        column = sa.Column(
            "protocol",
            sa.Text(),
            nullable=False,
            server_default="OCPI-2.2.1",
            comment="the version that it is in",
        )
        op.add_column(table, column, schema="gateway")


def downgrade() -> None:
    """Go back to the release before."""
    for table in _TABLES:
        op.drop_column(table, "protocol", schema="gateway")
