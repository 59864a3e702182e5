"""Who is there: parties behind us, the platforms that they are on, what was told of them, parties behind other hubs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go from the release before to this one."""
    _create_presence()
    _create_clients()
    _create_told_clients()
    _create_foreign_clients()


def downgrade() -> None:
    """Go back to the release before."""
    for table in ("foreign_clients", "told_clients", "clients", "presence"):
        op.drop_table(table, schema="gateway")


def _create_presence() -> None:
    op.create_table(
        "presence",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column(
            "heard_at", sa.DateTime(timezone=True), nullable=True, comment="when it last sent or answered anything"
        ),
        sa.Column("probe_due_at", sa.DateTime(timezone=True), nullable=True, comment="it is not probed again before"),
        sa.Column("failures", sa.Integer(), nullable=False, comment="probes without an answer, in a row"),
        sa.Column("offline_since", sa.DateTime(timezone=True), nullable=True, comment="null: it counts as connected"),
        sa.PrimaryKeyConstraint("platform", name=op.f("presence_pkey")),
        schema="gateway",
    )
    op.create_index("presence_heard", "presence", ["heard_at"], unique=False, schema="gateway")


def _create_clients() -> None:
    op.create_table(
        "clients",
        sa.Column("party", sa.String(length=6), nullable=False),
        sa.Column("role", sa.Text(), nullable=False, comment="CPO or EMSP"),
        sa.Column("status", sa.Text(), nullable=False, comment="CONNECTED, OFFLINE, PLANNED or SUSPENDED"),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="counts its states, from 1"),
        sa.Column("last_updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="the order of lists"),
        sa.PrimaryKeyConstraint("party", "role", name=op.f("clients_pkey")),
        schema="gateway",
    )


def _create_told_clients() -> None:
    op.create_table(
        "told_clients",
        sa.Column("platform", sa.Text(), nullable=False, comment="who was told"),
        sa.Column("party", sa.String(length=6), nullable=False, comment="of whom"),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="the state that was queued for it"),
        sa.PrimaryKeyConstraint("platform", "party", "role", name=op.f("told_clients_pkey")),
        schema="gateway",
    )


def _create_foreign_clients() -> None:
    op.create_table(
        "foreign_clients",
        sa.Column("platform", sa.Text(), nullable=False, comment="the hub that says so"),
        sa.Column("party", sa.String(length=6), nullable=False, comment="a party behind that hub"),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("last_updated", sa.DateTime(timezone=True), nullable=False, comment="as the hub says"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="the ClientInfo as JSON"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("platform", "party", "role", name=op.f("foreign_clients_pkey")),
        schema="gateway",
    )
