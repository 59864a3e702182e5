"""The public keys of meters."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go from the release before to this one."""
    op.create_table(
        "meter_keys",
        sa.Column("visited_cso", sa.Text(), nullable=False),
        sa.Column("evse_key", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False, comment="hexadecimal"),
        sa.Column("evse_uid", sa.Text(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("visited_cso", "evse_key", "public_key"),
        schema="clearing",
    )


def downgrade() -> None:
    """Go back to the release before."""
    op.drop_table("meter_keys", schema="clearing")
