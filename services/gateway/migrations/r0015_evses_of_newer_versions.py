"""The oldest version of OCPI that can show an EVSE: its status by itself is not sent to who speaks an older one."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go from the release before to this one.

    What is held already counts as shown everywhere until its location is pushed again: a receiver that does not have
    the EVSE refuses its status and is sent the whole location, as before.
    """
    column = sa.Column(
        "shown_from", sa.Text(), nullable=False, server_default="", comment="oldest version with it; empty: all have"
    )
    op.add_column("evse_states", column, schema="gateway")


def downgrade() -> None:
    """Go back to the release before."""
    op.drop_column("evse_states", "shown_from", schema="gateway")
