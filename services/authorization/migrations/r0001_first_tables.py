"""The first tables of the authorization service."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.runtime.migrations.first import create_runtime_tables, drop_runtime_tables

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go from the release before to this one."""
    create_runtime_tables("authorization")
    op.create_table(
        "agreements",
        sa.Column("visited_cso", sa.String(length=6), nullable=False),
        sa.Column("home_csp", sa.String(length=6), nullable=False),
        sa.Column("agreement_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="of the newest agreement.concluded of the pair"),
        sa.Column("status", sa.Text(), nullable=False, comment="ACTIVE or ENDED"),
        sa.Column("services", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("decide_when_unreachable", sa.Boolean(), nullable=False),
        sa.Column("trust_whitelist", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False, comment="inclusive"),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True, comment="exclusive; null is open-ended"),
        sa.PrimaryKeyConstraint("visited_cso", "home_csp"),
        schema="authorization",
    )
    op.create_table(
        "credentials",
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column(
            "audience", sa.Text(), nullable=False, comment="the only CSO that it is meant for; empty is every CSO"
        ),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="of the newest credential.issued"),
        sa.Column("home_csp", sa.String(length=6), nullable=False),
        sa.Column("whitelist", sa.Text(), nullable=False, comment="ALWAYS, ALLOWED, ALLOWED_OFFLINE or NEVER"),
        sa.Column("valid", sa.Boolean(), nullable=False),
        sa.Column(
            "removed", sa.Boolean(), nullable=False, comment="kept, so that an older version cannot bring it back"
        ),
        sa.PrimaryKeyConstraint("pseudonym", "audience"),
        schema="authorization",
    )


def downgrade() -> None:
    """Go back to the release before."""
    op.drop_table("credentials", schema="authorization")
    op.drop_table("agreements", schema="authorization")
    drop_runtime_tables("authorization")
