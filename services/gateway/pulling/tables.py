"""The tables of pulling: one row for each list that is pulled, with all of its progress."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.gateway.tables import metadata

pulls: Final = Table(
    "pulls",
    metadata,
    Column("partner", String(6), nullable=False, comment="whose list it is"),
    Column("module", Text, nullable=False, comment="locations, tariffs, tokens, sessions or cdrs"),
    Column("platform", Text, nullable=False, comment="whose endpoint is asked; one of its lists at a time"),
    Column("registered_at", DateTime(timezone=True), nullable=False, comment="a new registration begins anew"),
    Column("due_at", DateTime(timezone=True), nullable=False, comment="when there is something to do next"),
    Column("full_due_at", DateTime(timezone=True), nullable=False, comment="the next full walk"),
    Column("delta_due_at", DateTime(timezone=True), comment="the next delta; null: none is planned"),
    Column("walk", JSONB, comment="the walk under way, with its place in the list"),
    Column("last_walk", JSONB, comment="the last one that came to its end"),
    Column("high_water", DateTime(timezone=True), comment="the newest date seen; deltas begin a little before"),
    Column("completed_at", DateTime(timezone=True), comment="of the last walk of either kind"),
    Column("full_completed_at", DateTime(timezone=True), comment="of the last full walk; null: not in line yet"),
    Column("moved_at", DateTime(timezone=True), nullable=False, comment="when it last came further"),
    Column("failures", Integer, nullable=False, comment="in a row"),
    Column("last_error", Text, comment="of the last try, in our words; null after one that worked"),
    Column("doubt", Text, comment="why nothing was removed although it is missing in the list"),
    Column("approved", Boolean, nullable=False, comment="an operator takes the next full list as it is"),
    Column("lease", Uuid, comment="which replica is at it"),
    Column("lease_until", DateTime(timezone=True)),
    PrimaryKeyConstraint("partner", "module"),
    Index("pulls_due", "due_at"),
    Index("pulls_platform", "platform", "due_at"),
)

pull_expected: Final = Table(
    "pull_expected",
    metadata,
    Column("partner", String(6), nullable=False, comment="the owner"),
    Column("module", Text, nullable=False),
    Column("object_key", Text, nullable=False),
    Column("version", BigInteger, nullable=False, comment="what was held when the walk began"),
    Column("last_updated", DateTime(timezone=True), nullable=False),
    Column("missed", SmallInteger, nullable=False, comment="full walks in a row that did not find it"),
    PrimaryKeyConstraint("partner", "module", "object_key"),
)

pushers: Final = Table(
    "pushers",
    metadata,
    Column("owner", String(6), nullable=False),
    Column("module", Text, nullable=False),
    Column("pushed_at", DateTime(timezone=True), nullable=False, comment="to the hour"),
    PrimaryKeyConstraint("owner", "module"),
)

pull_clock: Final = Table(
    "pull_clock",
    metadata,
    Column("only_row", SmallInteger, CheckConstraint("only_row = 1"), primary_key=True),
    Column("beat_at", DateTime(timezone=True), nullable=False, comment="a gap means that pushes were lost"),
)
