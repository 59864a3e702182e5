"""Lists that are pulled from partners, how far each is, and who pushes what."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go from the release before to this one."""
    _create_pulls()
    op.create_table(
        "pull_expected",
        sa.Column("partner", sa.String(length=6), nullable=False, comment="the owner"),
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="what was held when the walk began"),
        sa.Column("last_updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("missed", sa.SmallInteger(), nullable=False, comment="full walks in a row that did not find it"),
        sa.PrimaryKeyConstraint("partner", "module", "object_key"),
        schema="gateway",
    )
    op.create_table(
        "pushers",
        sa.Column("owner", sa.String(length=6), nullable=False),
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("pushed_at", sa.DateTime(timezone=True), nullable=False, comment="to the hour"),
        sa.PrimaryKeyConstraint("owner", "module"),
        schema="gateway",
    )
    op.create_table(
        "pull_clock",
        sa.Column("only_row", sa.SmallInteger(), sa.CheckConstraint("only_row = 1"), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False, comment="a gap means that pushes were lost"),
        sa.PrimaryKeyConstraint("only_row"),
        schema="gateway",
    )


def _create_pulls() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "pulls",
        sa.Column("partner", sa.String(length=6), nullable=False, comment="whose list it is"),
        sa.Column("module", sa.Text(), nullable=False, comment="locations, tariffs, tokens, sessions or cdrs"),
        sa.Column("platform", sa.Text(), nullable=False, comment="whose endpoint is asked; one of its lists at a time"),
        sa.Column("registered_at", moment, nullable=False, comment="a new registration begins anew"),
        sa.Column("due_at", moment, nullable=False, comment="when there is something to do next"),
        sa.Column("full_due_at", moment, nullable=False, comment="the next full walk"),
        sa.Column("delta_due_at", moment, nullable=True, comment="the next delta; null: none is planned"),
        sa.Column("walk", postgresql.JSONB(), nullable=True, comment="the walk under way, with its place in the list"),
        sa.Column("last_walk", postgresql.JSONB(), nullable=True, comment="the last one that came to its end"),
        sa.Column("high_water", moment, nullable=True, comment="the newest date seen; deltas begin a little before"),
        sa.Column("completed_at", moment, nullable=True, comment="of the last walk of either kind"),
        sa.Column("full_completed_at", moment, nullable=True, comment="of the last full walk; null: not in line yet"),
        sa.Column("moved_at", moment, nullable=False, comment="when it last came further"),
        sa.Column("failures", sa.Integer(), nullable=False, comment="in a row"),
        sa.Column(
            "last_error", sa.Text(), nullable=True, comment="of the last try, in our words; null after one that worked"
        ),
        sa.Column(
            "doubt", sa.Text(), nullable=True, comment="why nothing was removed although it is missing in the list"
        ),
        sa.Column("approved", sa.Boolean(), nullable=False, comment="an operator takes the next full list as it is"),
        sa.Column("lease", sa.Uuid(), nullable=True, comment="which replica is at it"),
        sa.Column("lease_until", moment, nullable=True),
        sa.PrimaryKeyConstraint("partner", "module"),
        schema="gateway",
    )
    op.create_index("pulls_due", "pulls", ["due_at"], schema="gateway")
    op.create_index("pulls_platform", "pulls", ["platform", "due_at"], schema="gateway")


def downgrade() -> None:
    """Go back to the release before."""
    for table in ("pull_clock", "pushers", "pull_expected", "pulls"):
        op.drop_table(table, schema="gateway")
