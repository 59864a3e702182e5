"""The first tables of sessions."""

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
    create_runtime_tables("sessions")
    _create_authorizations()
    _create_sessions()


def downgrade() -> None:
    """Go back to the release before."""
    op.drop_index("sessions_pseudonym", table_name="sessions", schema="sessions")
    op.drop_table("sessions", schema="sessions")
    op.drop_index("authorizations_pseudonym", table_name="authorizations", schema="sessions")
    op.drop_index("authorizations_asked_at", table_name="authorizations", schema="sessions")
    op.drop_table("authorizations", schema="sessions")
    drop_runtime_tables("sessions")


def _create_authorizations() -> None:
    op.create_table(
        "authorizations",
        sa.Column("authorization_id", sa.Text(), nullable=False),
        sa.Column("visited_cso", sa.Text(), nullable=False),
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("location_id", sa.Text(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("authorization_id"),
        schema="sessions",
    )
    op.create_index("authorizations_asked_at", "authorizations", ["asked_at"], unique=False, schema="sessions")
    op.create_index(
        "authorizations_pseudonym",
        "authorizations",
        ["visited_cso", "pseudonym", "asked_at"],
        unique=False,
        schema="sessions",
    )


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("visited_cso", sa.Text(), nullable=False),
        sa.Column("session_key", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="counts what session.tracked said of it, from 1"),
        sa.Column("source_version", sa.BigInteger(), nullable=False, comment="of the report that counts"),
        sa.Column("home_csp", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("authorization_id", sa.Text(), nullable=True),
        sa.Column("authorization_reference", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kwh", sa.Numeric(precision=28, scale=8), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("evse_uid", sa.Text(), nullable=False),
        sa.Column("connector_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total_cost_excl_tax", sa.Numeric(precision=28, scale=8), nullable=True),
        sa.Column("total_cost_incl_tax", sa.Numeric(precision=28, scale=8), nullable=True),
        sa.Column("anomaly_codes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("last_updated", sa.DateTime(timezone=True), nullable=False, comment="of the report that counts"),
        sa.Column(
            "newest_last_updated",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="of all reports, also one after the end",
        ),
        sa.Column("newest_version", sa.BigInteger(), nullable=False),
        sa.Column("highest_kwh", sa.Numeric(precision=28, scale=8), nullable=False),
        sa.Column(
            "spans",
            postgresql.JSON(),
            nullable=False,
            comment="least and greatest of what must not change, by anomaly code",
        ),
        sa.PrimaryKeyConstraint("visited_cso", "session_key"),
        schema="sessions",
    )
    op.create_index(
        "sessions_pseudonym", "sessions", ["visited_cso", "pseudonym", "started_at"], unique=False, schema="sessions"
    )
