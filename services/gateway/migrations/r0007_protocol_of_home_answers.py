"""What a home-CSP answered says which version of OCPI it is in."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go from the release before to this one."""
    column = sa.Column(
        "protocol", sa.Text(), nullable=False, server_default="OCPI-2.2.1", comment="the version that it is in"
    )
    op.add_column("home_answers", column, schema="gateway")


def downgrade() -> None:
    """Go back to the release before."""
    op.drop_column("home_answers", "protocol", schema="gateway")
