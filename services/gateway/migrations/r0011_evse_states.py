"""States of EVSEs stand beside their locations, and are delivered by themselves."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go from the release before to this one. States appear with the next push of each location."""
    op.create_table(
        "evse_states",
        sa.Column("owner", sa.String(length=6), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False, comment="of the location, as in locations"),
        sa.Column("audience", sa.Text(), nullable=False, comment="as in locations"),
        sa.Column("evse_key", sa.Text(), nullable=False, comment="the EVSE's uid in one case"),
        sa.Column("evse_uid", sa.Text(), nullable=False, comment="the uid as its owner writes it"),
        sa.Column("evse_id", sa.Text(), nullable=True, comment="what is printed on the station"),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("last_updated", sa.DateTime(timezone=True), nullable=False, comment="of the EVSE, as its owner says"),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="counts the changes of its status, from 1"),
        sa.Column(
            "ahead", sa.Boolean(), nullable=False, comment="newer than what the location's document says of the EVSE"
        ),
        sa.PrimaryKeyConstraint("owner", "object_key", "audience", "evse_key"),
        schema="gateway",
    )
    op.create_index(
        "deliveries_evses",
        "deliveries",
        ["partner", "owner", "after_object_id"],
        schema="gateway",
        postgresql_where=sa.text("module = 'evses'"),
    )


def downgrade() -> None:
    """Go back to the release before, which cannot deliver an EVSE's status by itself."""
    op.execute("DELETE FROM gateway.deliveries WHERE module = 'evses'")
    op.drop_index("deliveries_evses", "deliveries", schema="gateway")
    op.drop_table("evse_states", schema="gateway")
