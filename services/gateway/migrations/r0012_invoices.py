"""Partners send each other invoice reconciliation records."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TABLE = "invoicereconciliation"
_SHOWN = ["owner", "audience", "removed", "last_updated", "object_key"]


def upgrade() -> None:
    """Go from the release before to this one."""
    op.create_table(
        _TABLE,
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
        sa.Column("pseudonym", sa.Uuid(), comment="whose key the body is sealed under; null: not sealed"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="the object as JSON"),
        sa.Column(
            "protocol",
            sa.Text(),
            nullable=False,
            server_default="OCPI-2.2.1",
            comment="the version that it is in",
        ),
        sa.Column(
            "created",
            sa.BigInteger(),
            sa.Identity(always=True, cache=1),
            nullable=False,
            comment="the order of lists",
        ),
        sa.PrimaryKeyConstraint("owner", "object_key", "audience"),
        schema="gateway",
    )
    op.create_index(f"{_TABLE}_listed", _TABLE, ["owner", "created"], schema="gateway")
    op.create_index(f"{_TABLE}_ordered", _TABLE, ["created"], schema="gateway", postgresql_include=_SHOWN)
    op.create_index(f"{_TABLE}_dated", _TABLE, ["last_updated", "owner"], schema="gateway")
    op.create_index(
        f"{_TABLE}_own",
        _TABLE,
        ["audience", "owner", "object_key"],
        schema="gateway",
        postgresql_where=sa.text("audience <> ''"),
    )


def downgrade() -> None:
    """Go back to the release before."""
    op.drop_table(_TABLE, schema="gateway")
