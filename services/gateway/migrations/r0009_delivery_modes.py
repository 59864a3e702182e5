"""How each module is delivered is a matter of each agreement."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go from the release before to this one."""
    kept = sa.Column[bool](
        "kept",
        sa.Boolean(),
        nullable=False,
        server_default="true",
        comment="false: tried once, not kept for later",
    )
    op.add_column("deliveries", kept, schema="gateway")
    op.create_table(
        "delivery_modes",
        sa.Column("visited_cso", sa.String(length=6), nullable=False),
        sa.Column("home_csp", sa.String(length=6), nullable=False),
        sa.Column("module", sa.Text(), nullable=False, comment="locations, tariffs, tokens, sessions or cdrs"),
        sa.Column(
            "mode",
            sa.Text(),
            nullable=False,
            comment="ONCE or NONE; without a row what is pushed is stored until delivered",
        ),
        sa.PrimaryKeyConstraint("visited_cso", "home_csp", "module"),
        schema="gateway",
    )


def downgrade() -> None:
    """Go back to the release before."""
    op.drop_table("delivery_modes", schema="gateway")
    op.drop_column("deliveries", "kept", schema="gateway")
