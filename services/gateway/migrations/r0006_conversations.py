"""Conversations: whom a result is for, results under way, and who holds a reservation."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go from the release before to this one."""
    _create_conversations()
    _create_results()
    _create_reservations()


def downgrade() -> None:
    """Go back to the release before."""
    for table in ("reservations", "conversation_results", "conversations"):
        op.drop_table(table, schema="gateway")


def _create_conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the last part of our response URL"),
        sa.Column("module", sa.Text(), nullable=False, comment="commands or chargingprofiles"),
        sa.Column("act", sa.Text(), nullable=False, comment="the command, or GET, PUT, DELETE of a charging profile"),
        sa.Column("asker", sa.String(length=6), nullable=False, comment="who gets the result"),
        sa.Column("answerer", sa.String(length=6), nullable=False, comment="who may give it"),
        sa.Column("about", postgresql.JSONB(), nullable=False, comment="the ids that it names"),
        sa.Column("url_sealed", sa.LargeBinary(), nullable=False, comment="the asker's response_url, sealed"),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "due_at", sa.DateTime(timezone=True), nullable=False, comment="until when the answerer promised a result"
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, comment="no result is taken from then on"),
        sa.Column(
            "concluded", sa.Boolean(), nullable=False, comment="nothing is to be said any more when due_at passes"
        ),
        sa.PrimaryKeyConstraint("conversation_id"),
        sa.UniqueConstraint("key_hash"),
        schema="gateway",
    )
    waiting = sa.text("NOT concluded")
    op.create_index("conversations_due", "conversations", ["due_at"], schema="gateway", postgresql_where=waiting)
    op.create_index("conversations_expiry", "conversations", ["expires_at"], schema="gateway")


def _create_results() -> None:
    op.create_table(
        "conversation_results",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "ordinal",
            sa.SmallInteger(),
            nullable=False,
            comment="from 1; a reservation may be cancelled by its CSO later",
        ),
        sa.Column("asker", sa.String(length=6), nullable=False, comment="who gets it"),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False, comment="as the answerer sent it, sealed"),
        sa.Column("state", sa.Text(), nullable=False, comment="WAITING, DELIVERED, REFUSED or GIVEN_UP"),
        sa.Column(
            "due_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="of the next try; while leased: the lease's end",
        ),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False, comment="no try begins later"),
        sa.Column("lease", sa.Uuid(), nullable=True, comment="who is sending it"),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True, comment="what went wrong at the last try, in our words"),
        sa.ForeignKeyConstraint(["conversation_id"], ["gateway.conversations.conversation_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("conversation_id", "ordinal"),
        schema="gateway",
    )
    waiting = sa.text("state = 'WAITING'")
    op.create_index(
        "conversation_results_due", "conversation_results", ["due_at"], schema="gateway", postgresql_where=waiting
    )


def _create_reservations() -> None:
    op.create_table(
        "reservations",
        sa.Column("home_csp", sa.String(length=6), nullable=False, comment="two home-CSPs may use the same id"),
        sa.Column("reservation_key", sa.Text(), nullable=False, comment="the home-CSP's id in one case"),
        sa.Column("visited_cso", sa.String(length=6), nullable=False),
        sa.Column("about", postgresql.JSONB(), nullable=False, comment="the location and EVSE that are reserved"),
        sa.Column(
            "expires_at", sa.DateTime(timezone=True), nullable=False, comment="the reservation's end and a margin"
        ),
        sa.PrimaryKeyConstraint("home_csp", "reservation_key", "visited_cso"),
        schema="gateway",
    )
    op.create_index("reservations_expiry", "reservations", ["expires_at"], schema="gateway")
