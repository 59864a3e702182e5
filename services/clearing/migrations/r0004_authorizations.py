"""The authorizations that CDRs name, and the credentials of cleared CDRs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go from the release before to this one."""
    op.create_table(
        "authorizations",
        sa.Column("visited_cso", sa.Text(), nullable=False),
        sa.Column("home_csp", sa.Text(), nullable=False),
        sa.Column("reference_key", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False, comment="ALLOWED, or what else the CSO was told"),
        sa.Column("location_id", sa.Text(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("visited_cso", "home_csp", "reference_key"),
        schema="clearing",
    )
    op.create_index("authorizations_asked", "authorizations", ["asked_at"], schema="clearing")
    comment = "null where others cannot be the same: a credit, or rejected"
    op.add_column("cdrs", sa.Column("pseudonym", sa.Text(), nullable=True, comment=comment), schema="clearing")
    op.create_index("cdrs_credential", "cdrs", ["pseudonym", "ended_at"], schema="clearing")


def downgrade() -> None:
    """Go back to the release before."""
    op.drop_index("cdrs_credential", table_name="cdrs", schema="clearing")
    op.drop_column("cdrs", "pseudonym", schema="clearing")
    op.drop_table("authorizations", schema="clearing")
