"""Tokens that partners are about to be given; the former token of a partner is good for all, not for a PUT alone."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_FORMER = "the token C before; it may repeat a PUT of credentials, nothing else"


def upgrade() -> None:
    """Go from the release before to this one."""
    op.create_table(
        "pending_tokens",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False, comment="hex SHA-256 of a token C that we are giving it"),
        sa.Column(
            "token_sealed", sa.LargeBinary(), nullable=False, comment="the same token, to be given again, sealed"
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("platform", name=op.f("pending_tokens_pkey")),
        sa.UniqueConstraint("token_hash", name=op.f("pending_tokens_token_hash_key")),
        schema="gateway",
    )
    _comment("the token C before, good until former_until", _FORMER)


def downgrade() -> None:
    """Go back to the release before."""
    _comment(_FORMER, "the token C before, good until former_until")
    op.drop_table("pending_tokens", schema="gateway")


def _comment(new: str, old: str) -> None:
    op.alter_column(
        "connections",
        "former_token_hash",
        existing_type=sa.Text(),
        existing_nullable=True,
        comment=new,
        existing_comment=old,
        schema="gateway",
    )
