"""The first tables of clearing."""

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
    create_runtime_tables("clearing")
    _create_agreements()
    _create_cdrs()
    _create_ledger_entries()
    _create_locations()
    _create_sessions()
    _create_tariffs()
    _create_waiting_cdrs()


def downgrade() -> None:
    """Go back to the release before."""
    op.drop_index("waiting_cdrs_session", table_name="waiting_cdrs", schema="clearing")
    op.drop_index("waiting_cdrs_look_at", table_name="waiting_cdrs", schema="clearing")
    op.drop_index(
        "waiting_cdrs_credit",
        table_name="waiting_cdrs",
        schema="clearing",
        postgresql_where=sa.text("credit_key IS NOT NULL"),
    )
    op.drop_table("waiting_cdrs", schema="clearing")
    op.drop_table("tariffs", schema="clearing")
    op.drop_table("sessions", schema="clearing")
    op.drop_table("locations", schema="clearing")
    op.drop_index("ledger_entries_pair", table_name="ledger_entries", schema="clearing")
    op.drop_table("ledger_entries", schema="clearing")
    op.drop_index("cdrs_occupied", table_name="cdrs", schema="clearing")
    op.drop_table("cdrs", schema="clearing")
    op.drop_table("agreements", schema="clearing")
    drop_runtime_tables("clearing")


def _create_agreements() -> None:
    op.create_table(
        "agreements",
        sa.Column("visited_cso", sa.Text(), nullable=False),
        sa.Column("home_csp", sa.Text(), nullable=False),
        sa.Column("agreement_id", sa.Text(), nullable=False, comment="ended ones stay: late CDRs fall under them"),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column(
            "total_tolerance", sa.Numeric(precision=28, scale=8), nullable=False, comment="in the currency of the CDR"
        ),
        sa.Column("rounding_mode", sa.Text(), nullable=False),
        sa.Column("rounding_digits", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False, comment="inclusive"),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True, comment="exclusive; null is open-ended"),
        sa.PrimaryKeyConstraint("visited_cso", "home_csp", "agreement_id"),
        schema="clearing",
    )


def _create_cdrs() -> None:
    op.create_table(
        "cdrs",
        sa.Column("visited_cso", sa.Text(), nullable=False),
        sa.Column("cdr_key", sa.Text(), nullable=False),
        sa.Column("cdr_id", sa.Text(), nullable=False),
        sa.Column("home_csp", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("cleared_event_id", sa.Uuid(), nullable=False, comment="on cdr.cleared"),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("finding_codes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("findings", postgresql.JSON(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=28, scale=8), nullable=False, comment="in force, with tax"),
        sa.Column("claimed_total_excl_tax", sa.Numeric(precision=28, scale=8), nullable=False),
        sa.Column("claimed_total_incl_tax", sa.Numeric(precision=28, scale=8), nullable=True),
        sa.Column("rated_total_excl_tax", sa.Numeric(precision=28, scale=8), nullable=True),
        sa.Column("rated_total_incl_tax", sa.Numeric(precision=28, scale=8), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("kwh", sa.Numeric(precision=28, scale=8), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("location_name", sa.Text(), nullable=True),
        sa.Column("evse_key", sa.Text(), nullable=True, comment="null where it occupied no connector for any time"),
        sa.Column("connector_key", sa.Text(), nullable=True),
        sa.Column("credited_by", sa.Text(), nullable=True, comment="the credit CDR that took it back"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("visited_cso", "cdr_key"),
        schema="clearing",
    )
    op.create_index(
        "cdrs_occupied",
        "cdrs",
        ["visited_cso", "evse_key", "connector_key", "ended_at"],
        unique=False,
        schema="clearing",
    )


def _create_ledger_entries() -> None:
    op.create_table(
        "ledger_entries",
        sa.Column("posting_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column(
            "amount", sa.Numeric(precision=28, scale=8), nullable=False, comment="the entries of a posting sum to zero"
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("visited_cso", sa.Text(), nullable=False),
        sa.Column("home_csp", sa.Text(), nullable=False),
        sa.Column("cdr_key", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("posting_id", "account"),
        schema="clearing",
    )
    op.create_index(
        "ledger_entries_pair",
        "ledger_entries",
        ["visited_cso", "home_csp", "currency"],
        unique=False,
        schema="clearing",
    )


def _create_locations() -> None:
    op.create_table(
        "locations",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("location_key", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False, comment="empty is every partner"),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column(
            "power_kw",
            postgresql.JSON(),
            nullable=False,
            comment="by EVSE key, vertical bar, connector key; numbers as text",
        ),
        sa.PrimaryKeyConstraint("owner", "location_key", "audience"),
        schema="clearing",
    )


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("visited_cso", sa.Text(), nullable=False),
        sa.Column("session_key", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("home_csp", sa.Text(), nullable=False),
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kwh", sa.Numeric(precision=28, scale=8), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("evse_uid", sa.Text(), nullable=False),
        sa.Column("connector_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("visited_cso", "session_key"),
        schema="clearing",
    )


def _create_tariffs() -> None:
    op.create_table(
        "tariffs",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("tariff_key", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False, comment="empty is every partner"),
        sa.Column(
            "version", sa.BigInteger(), nullable=False, comment="older ones stay: sessions that began under them"
        ),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("last_updated", sa.DateTime(timezone=True), nullable=False, comment="as the owner says"),
        sa.Column("content", sa.Text(), nullable=False, comment="the published event as JSON"),
        sa.PrimaryKeyConstraint("owner", "tariff_key", "audience", "version"),
        schema="clearing",
    )


def _create_waiting_cdrs() -> None:
    op.create_table(
        "waiting_cdrs",
        sa.Column("visited_cso", sa.Text(), nullable=False),
        sa.Column("cdr_key", sa.Text(), nullable=False),
        sa.Column("home_csp", sa.Text(), nullable=False),
        sa.Column("session_key", sa.Text(), nullable=True, comment="the session that it names"),
        sa.Column("credit_key", sa.Text(), nullable=True, comment="the CDR that it takes back"),
        sa.Column(
            "tariff_keys",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="tariffs that it names without copying them",
        ),
        sa.Column("waits_until", sa.DateTime(timezone=True), nullable=False, comment="counts from arrival"),
        sa.Column(
            "look_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when it is looked at next: the deadline, or now",
        ),
        sa.Column("content", sa.Text(), nullable=False, comment="the submitted event as JSON, without the sealed body"),
        sa.PrimaryKeyConstraint("visited_cso", "cdr_key"),
        schema="clearing",
    )
    op.create_index(
        "waiting_cdrs_credit",
        "waiting_cdrs",
        ["visited_cso", "credit_key"],
        unique=False,
        schema="clearing",
        postgresql_where=sa.text("credit_key IS NOT NULL"),
    )
    op.create_index("waiting_cdrs_look_at", "waiting_cdrs", ["look_at"], unique=False, schema="clearing")
    op.create_index(
        "waiting_cdrs_session", "waiting_cdrs", ["visited_cso", "session_key"], unique=False, schema="clearing"
    )
