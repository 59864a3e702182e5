"""The gateway's first tables: partners, agreements, deliveries, and those of the runtime."""

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
    create_runtime_tables("gateway")
    _create_peers()
    _create_connections()
    _create_agreements()
    _create_snapshots()
    _create_deliveries()
    _create_cdr_addresses()
    _create_breakers()
    _create_home_answers()


def downgrade() -> None:
    """Go back to the release before."""
    for table in (
        "home_answers",
        "breakers",
        "cdr_addresses",
        "deliveries",
        "snapshots",
        "agreements",
        "connections",
        "peers",
    ):
        op.drop_table(table, schema="gateway")
    drop_runtime_tables("gateway")


def _create_peers() -> None:
    op.create_table(
        "peers",
        sa.Column("party", sa.String(length=6), nullable=False, comment="CC-PPP, upper case, as the registry says"),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="of the newest partner.registered"),
        sa.Column("platform", sa.Text(), nullable=False, comment="parties with the same platform share one connection"),
        sa.Column("status", sa.Text(), nullable=False, comment="INVITED, ACTIVE, SUSPENDED or REMOVED"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False, comment="CSO, CSP"),
        sa.Column("registration_token_hash", sa.Text(), nullable=True, comment="hex SHA-256 of token A"),
        sa.Column("registration_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "registration_used_at", sa.DateTime(timezone=True), nullable=True, comment="token A is dead from then on"
        ),
        sa.PrimaryKeyConstraint("party"),
        schema="gateway",
    )
    op.create_index("peers_platform", "peers", ["platform"], unique=False, schema="gateway")
    op.create_index("peers_registration_token", "peers", ["registration_token_hash"], unique=False, schema="gateway")


def _create_connections() -> None:
    op.create_table(
        "connections",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False, comment="hex SHA-256 of token C, that they call us with"),
        sa.Column(
            "former_token_hash",
            sa.Text(),
            nullable=True,
            comment="the token C before; it may repeat a PUT of credentials, nothing else",
        ),
        sa.Column("former_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=False, comment="token B, that we call them with, sealed"),
        sa.Column(
            "authorization_style",
            sa.Text(),
            nullable=False,
            comment="BASE64 or RAW: how token B is written in the header",
        ),
        sa.Column("versions_url", sa.Text(), nullable=False),
        sa.Column("protocol", sa.Text(), nullable=False, comment="OCPI-2.2.1"),
        sa.Column(
            "endpoints",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="[{identifier, role, url}] of that version",
        ),
        sa.Column(
            "parties",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="the parties that the platform's credentials name",
        ),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("platform"),
        sa.UniqueConstraint("token_hash"),
        schema="gateway",
    )
    op.create_index("connections_former_token", "connections", ["former_token_hash"], unique=False, schema="gateway")


def _create_agreements() -> None:
    op.create_table(
        "agreements",
        sa.Column("visited_cso", sa.String(length=6), nullable=False),
        sa.Column("home_csp", sa.String(length=6), nullable=False),
        sa.Column("agreement_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False, comment="ACTIVE or ENDED"),
        sa.Column("services", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("visited_cso", "home_csp"),
        schema="gateway",
    )
    op.create_index("agreements_home_csp", "agreements", ["home_csp"], unique=False, schema="gateway")


def _create_snapshots() -> None:
    op.create_table(
        "snapshots",
        sa.Column("owner", sa.String(length=6), nullable=False, comment="whose objects are delivered"),
        sa.Column("partner", sa.String(length=6), nullable=False, comment="to whom"),
        sa.Column("module", sa.Text(), nullable=False, comment="locations, tariffs or tokens"),
        sa.Column(
            "starts_at", sa.DateTime(timezone=True), nullable=False, comment="when every replica knows the agreement"
        ),
        sa.Column("after_object_id", sa.Text(), nullable=False, comment="how far the listing is"),
        sa.Column("queued", sa.BigInteger(), nullable=False, comment="objects queued so far"),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("owner", "partner", "module"),
        schema="gateway",
    )
    op.create_index(
        "snapshots_open",
        "snapshots",
        ["starts_at"],
        unique=False,
        schema="gateway",
        postgresql_where=sa.text("completed_at IS NULL"),
    )


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("partner", sa.String(length=6), nullable=False, comment="who gets it"),
        sa.Column("module", sa.Text(), nullable=False, comment="locations, tariffs, tokens, sessions or cdrs"),
        sa.Column("owner", sa.String(length=6), nullable=False, comment="whose object it is"),
        sa.Column("object_id", sa.Text(), nullable=False, comment="a credential's is its pseudonym"),
        sa.Column("object_version", sa.BigInteger(), nullable=False),
        sa.Column(
            "sender",
            sa.String(length=6),
            nullable=False,
            comment="in the OCPI-from headers: the owner, or the hub (broadcast)",
        ),
        sa.Column(
            "revision", sa.BigInteger(), nullable=False, comment="counts the newer states that replaced a waiting one"
        ),
        sa.Column("state", sa.Text(), nullable=False, comment="WAITING, or PARKED: an operator's turn"),
        sa.Column("after_object_id", sa.Text(), nullable=True, comment="the CDR that a credit CDR must not overtake"),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, comment="while leased: when the lease ends"),
        sa.Column("lease", sa.Uuid(), nullable=True, comment="who is sending it"),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True, comment="of the last try"),
        sa.Column("ocpi_status", sa.Integer(), nullable=True, comment="of the last try"),
        sa.Column("last_error", sa.Text(), nullable=True, comment="what went wrong at the last try, shortened"),
        sa.PrimaryKeyConstraint("delivery_id"),
        sa.UniqueConstraint("partner", "module", "owner", "object_id"),
        schema="gateway",
    )
    op.create_index(
        "deliveries_cdrs",
        "deliveries",
        ["partner", "owner", sa.literal_column("lower(object_id)")],
        unique=False,
        schema="gateway",
        postgresql_where=sa.text("module = 'cdrs'"),
    )
    op.create_index(
        "deliveries_due",
        "deliveries",
        ["partner", "due_at"],
        unique=False,
        schema="gateway",
        postgresql_where=sa.text("state = 'WAITING'"),
    )


def _create_cdr_addresses() -> None:
    op.create_table(
        "cdr_addresses",
        sa.Column("partner", sa.String(length=6), nullable=False, comment="the home-CSP that took the CDR"),
        sa.Column("owner", sa.String(length=6), nullable=False),
        sa.Column("cdr_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False, comment="the Location of its answer"),
        sa.PrimaryKeyConstraint("partner", "owner", "cdr_id"),
        schema="gateway",
    )


def _create_breakers() -> None:
    op.create_table(
        "breakers",
        sa.Column("partner", sa.String(length=6), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False, comment="in a row"),
        sa.Column(
            "retry_at", sa.DateTime(timezone=True), nullable=True, comment="nothing is sent before; null: closed"
        ),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("partner"),
        schema="gateway",
    )


def _create_home_answers() -> None:
    op.create_table(
        "home_answers",
        sa.Column("authorization_id", sa.Uuid(), nullable=False),
        sa.Column(
            "sealed",
            sa.LargeBinary(),
            nullable=False,
            comment="the home-CSP's AuthorizationInfo, for the asking CSO only",
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("authorization_id"),
        schema="gateway",
    )
    op.create_index("home_answers_expiry", "home_answers", ["expires_at"], unique=False, schema="gateway")
