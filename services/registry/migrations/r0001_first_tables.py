"""The first tables of the registry service."""

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
    create_runtime_tables("registry")
    op.create_table(
        "partners",
        sa.Column("party", sa.String(length=6), nullable=False, comment="CC-PPP, upper case"),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="counts its states, from 1"),
        sa.Column("status", sa.Text(), nullable=False, comment="INVITED, ACTIVE, SUSPENDED or REMOVED"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False, comment="parties with the same platform share one connection"),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False, comment="CSO, CSP"),
        sa.Column(
            "registration_token_hash",
            sa.Text(),
            nullable=True,
            comment="hex SHA-256; the token itself is shown once and never kept",
        ),
        sa.Column("registration_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("party"),
        schema="registry",
    )
    op.create_table(
        "agreements",
        sa.Column("agreement_id", sa.Text(), nullable=False),
        sa.Column(
            "version", sa.BigInteger(), nullable=False, comment="counts the states of the pair's agreements, from 1"
        ),
        sa.Column("status", sa.Text(), nullable=False, comment="ACTIVE or ENDED"),
        sa.Column("visited_cso", sa.String(length=6), nullable=False),
        sa.Column("home_csp", sa.String(length=6), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False, comment="PEER_TO_PEER, CLEARING_HOUSE or MIXED"),
        sa.Column("services", postgresql.ARRAY(sa.Text()), nullable=False, comment="CHARGING, PARKING, RESERVATION"),
        sa.Column("decide_when_unreachable", sa.Boolean(), nullable=False),
        sa.Column("trust_whitelist", sa.Boolean(), nullable=False),
        sa.Column(
            "total_tolerance", sa.Numeric(precision=28, scale=8), nullable=False, comment="in the currency of the CDR"
        ),
        sa.Column("rounding_mode", sa.Text(), nullable=False),
        sa.Column("rounding_digits", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False, comment="inclusive"),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True, comment="exclusive; null is open-ended"),
        sa.ForeignKeyConstraint(
            ["home_csp"],
            ["registry.partners.party"],
        ),
        sa.ForeignKeyConstraint(
            ["visited_cso"],
            ["registry.partners.party"],
        ),
        sa.PrimaryKeyConstraint("agreement_id"),
        sa.UniqueConstraint("visited_cso", "home_csp", "version"),
        schema="registry",
    )
    op.create_index("agreements_home_csp", "agreements", ["home_csp"], unique=False, schema="registry")


def downgrade() -> None:
    """Go back to the release before."""
    op.drop_index("agreements_home_csp", table_name="agreements", schema="registry")
    op.drop_table("agreements", schema="registry")
    op.drop_table("partners", schema="registry")
    drop_runtime_tables("registry")
