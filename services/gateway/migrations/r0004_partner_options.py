"""Options of partners: quirks of their systems and bounds of what they may ask."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go from the release before to this one."""
    op.create_table(
        "partner_options",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column(
            "options",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what was set, by name; see services.gateway.partners.options",
        ),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("platform", name=op.f("partner_options_pkey")),
        schema="gateway",
    )


def downgrade() -> None:
    """Go back to the release before."""
    op.drop_table("partner_options", schema="gateway")
