"""The gateway's first tables: the vault, partners' objects, the report of refusals."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go from the release before to this one."""
    _create_contracts()
    _create_refusals()
    _create_vault_identity()
    _create_locations()
    _create_tariffs()
    _create_tokens()
    _create_sessions()
    _create_cdrs()


def downgrade() -> None:
    """Go back to the release before."""
    for table in ("cdrs", "sessions", "tokens", "tariffs", "locations", "vault_identity", "refusals", "contracts"):
        op.drop_table(table, schema="gateway")


def _create_contracts() -> None:
    op.create_table(
        "contracts",
        sa.Column("lookup", sa.LargeBinary(), nullable=False, comment="keyed hash of home-CSP, type and uid"),
        sa.Column("card", sa.LargeBinary(), nullable=False, comment="keyed hash of type and uid"),
        sa.Column("home_csp", sa.String(length=6), nullable=False),
        sa.Column("credential_type", sa.Text(), nullable=False),
        sa.Column("pseudonym", sa.Uuid(), nullable=False, comment="random"),
        sa.Column(
            "wrapped_key", sa.LargeBinary(), nullable=False, comment="the contract's data key, under the master key"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("lookup"),
        sa.UniqueConstraint("pseudonym"),
        schema="gateway",
    )
    op.create_index("contracts_card", "contracts", ["card"], unique=False, schema="gateway")


def _create_refusals() -> None:
    op.create_table(
        "refusals",
        sa.Column("event_id", sa.Uuid(), nullable=False, comment="what it was learnt from; a repeat changes nothing"),
        sa.Column("party", sa.String(length=6), nullable=False, comment="who sent the object and reads the report"),
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("counterpart", sa.String(length=6), nullable=False, comment="for whom the object was"),
        sa.Column(
            "source", sa.Text(), nullable=False, comment="CLEARING: our verdict; RECEIVER: the receiver's answer"
        ),
        sa.Column("verdict", sa.Text(), nullable=False, comment="FLAGGED, REJECTED, REFUSED or GIVEN_UP"),
        sa.Column(
            "reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="[{code, severity, detail}]"
        ),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "created", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="the order of the report"
        ),
        sa.PrimaryKeyConstraint("event_id"),
        schema="gateway",
    )
    op.create_index("refusals_party", "refusals", ["party", "created"], unique=False, schema="gateway")


def _create_vault_identity() -> None:
    op.create_table(
        "vault_identity",
        sa.Column("only_row", sa.SmallInteger(), nullable=False),
        sa.Column("master_id", sa.LargeBinary(), nullable=False, comment="tells one master key from another"),
        sa.PrimaryKeyConstraint("only_row"),
        schema="gateway",
    )


def _create_locations() -> None:
    op.create_table(
        "locations",
        sa.Column("owner", sa.String(length=6), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False, comment="the id in one case; a token's is its pseudonym"),
        sa.Column("audience", sa.Text(), nullable=False, comment="the only partner it is for; empty: every partner"),
        sa.Column(
            "object_id", sa.Text(), nullable=False, comment="the id as its owner writes it; a token's is its pseudonym"
        ),
        sa.Column("receiver", sa.Text(), nullable=False, comment="home-CSP of a session or CDR; else empty"),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="from 1"),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("last_updated", sa.DateTime(timezone=True), nullable=False, comment="as the owner says"),
        sa.Column(
            "pseudonym", sa.Uuid(), nullable=True, comment="whose key the body is sealed under; null: not sealed"
        ),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="the object as JSON"),
        sa.Column(
            "created",
            sa.BigInteger(),
            sa.Identity(always=True, cache=100),
            nullable=False,
            comment="the order of lists",
        ),
        sa.PrimaryKeyConstraint("owner", "object_key", "audience"),
        schema="gateway",
    )
    op.create_index("locations_listed", "locations", ["owner", "created"], unique=False, schema="gateway")


def _create_tariffs() -> None:
    op.create_table(
        "tariffs",
        sa.Column("owner", sa.String(length=6), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False, comment="the id in one case; a token's is its pseudonym"),
        sa.Column("audience", sa.Text(), nullable=False, comment="the only partner it is for; empty: every partner"),
        sa.Column(
            "object_id", sa.Text(), nullable=False, comment="the id as its owner writes it; a token's is its pseudonym"
        ),
        sa.Column("receiver", sa.Text(), nullable=False, comment="home-CSP of a session or CDR; else empty"),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="from 1"),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("last_updated", sa.DateTime(timezone=True), nullable=False, comment="as the owner says"),
        sa.Column(
            "pseudonym", sa.Uuid(), nullable=True, comment="whose key the body is sealed under; null: not sealed"
        ),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="the object as JSON"),
        sa.Column(
            "created",
            sa.BigInteger(),
            sa.Identity(always=True, cache=100),
            nullable=False,
            comment="the order of lists",
        ),
        sa.PrimaryKeyConstraint("owner", "object_key", "audience"),
        schema="gateway",
    )
    op.create_index("tariffs_listed", "tariffs", ["owner", "created"], unique=False, schema="gateway")


def _create_tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("owner", sa.String(length=6), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False, comment="the id in one case; a token's is its pseudonym"),
        sa.Column("audience", sa.Text(), nullable=False, comment="the only partner it is for; empty: every partner"),
        sa.Column(
            "object_id", sa.Text(), nullable=False, comment="the id as its owner writes it; a token's is its pseudonym"
        ),
        sa.Column("receiver", sa.Text(), nullable=False, comment="home-CSP of a session or CDR; else empty"),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="from 1"),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("last_updated", sa.DateTime(timezone=True), nullable=False, comment="as the owner says"),
        sa.Column(
            "pseudonym", sa.Uuid(), nullable=True, comment="whose key the body is sealed under; null: not sealed"
        ),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="the object as JSON"),
        sa.Column(
            "created",
            sa.BigInteger(),
            sa.Identity(always=True, cache=100),
            nullable=False,
            comment="the order of lists",
        ),
        sa.PrimaryKeyConstraint("owner", "object_key", "audience"),
        schema="gateway",
    )
    op.create_index("tokens_listed", "tokens", ["owner", "created"], unique=False, schema="gateway")


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("owner", sa.String(length=6), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False, comment="the id in one case; a token's is its pseudonym"),
        sa.Column("audience", sa.Text(), nullable=False, comment="the only partner it is for; empty: every partner"),
        sa.Column(
            "object_id", sa.Text(), nullable=False, comment="the id as its owner writes it; a token's is its pseudonym"
        ),
        sa.Column("receiver", sa.Text(), nullable=False, comment="home-CSP of a session or CDR; else empty"),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="from 1"),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("last_updated", sa.DateTime(timezone=True), nullable=False, comment="as the owner says"),
        sa.Column(
            "pseudonym", sa.Uuid(), nullable=True, comment="whose key the body is sealed under; null: not sealed"
        ),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="the object as JSON"),
        sa.Column(
            "created",
            sa.BigInteger(),
            sa.Identity(always=True, cache=100),
            nullable=False,
            comment="the order of lists",
        ),
        sa.PrimaryKeyConstraint("owner", "object_key", "audience"),
        schema="gateway",
    )
    op.create_index("sessions_listed", "sessions", ["receiver", "created"], unique=False, schema="gateway")


def _create_cdrs() -> None:
    op.create_table(
        "cdrs",
        sa.Column("owner", sa.String(length=6), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False, comment="the id in one case; a token's is its pseudonym"),
        sa.Column("audience", sa.Text(), nullable=False, comment="the only partner it is for; empty: every partner"),
        sa.Column(
            "object_id", sa.Text(), nullable=False, comment="the id as its owner writes it; a token's is its pseudonym"
        ),
        sa.Column("receiver", sa.Text(), nullable=False, comment="home-CSP of a session or CDR; else empty"),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="from 1"),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("last_updated", sa.DateTime(timezone=True), nullable=False, comment="as the owner says"),
        sa.Column(
            "pseudonym", sa.Uuid(), nullable=True, comment="whose key the body is sealed under; null: not sealed"
        ),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="the object as JSON"),
        sa.Column(
            "created",
            sa.BigInteger(),
            sa.Identity(always=True, cache=100),
            nullable=False,
            comment="the order of lists",
        ),
        sa.PrimaryKeyConstraint("owner", "object_key", "audience"),
        schema="gateway",
    )
    op.create_index("cdrs_listed", "cdrs", ["receiver", "created"], unique=False, schema="gateway")
