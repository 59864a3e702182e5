"""Whom each partner was told that it reaches."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go from the release before to this one."""
    op.create_table(
        "reported_roles",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column(
            "digest", sa.Text(), nullable=False, comment="tells whom our credentials last told it that it reaches"
        ),
        sa.Column(
            "due_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it is told of a change; while it is told, when that ends",
        ),
        sa.Column("tries", sa.Integer(), nullable=False, comment="failed, in a row"),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("platform", name=op.f("reported_roles_pkey")),
        schema="gateway",
    )
    op.create_index("reported_roles_due", "reported_roles", ["due_at"], unique=False, schema="gateway")


def downgrade() -> None:
    """Go back to the release before."""
    op.drop_table("reported_roles", schema="gateway")
