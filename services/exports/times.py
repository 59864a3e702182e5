"""Local times without a zone, resolved with the pinned `tzdata` package and never with the machine's own zone files."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Final
from zoneinfo import ZoneInfo

ZONE_NAME: Final = "Europe/London"


class Doubt(StrEnum):
    """Where a zone leaves a local time open, or skips it."""

    AMBIGUOUS_TIME = "AMBIGUOUS_TIME"
    NON_EXISTENT_TIME = "NON_EXISTENT_TIME"


@dataclass(frozen=True, slots=True)
class Resolved:
    """A local time in UTC; `doubt` says where the zone leaves it open or skips it."""

    moment: datetime
    doubt: Doubt | None = None


def resolve(local: datetime, zone: ZoneInfo, not_before: datetime | None = None) -> Resolved:
    """Resolve a local time without a zone.

    A time that the clock shows twice is taken as the earlier one, unless that lies before `not_before` and the later
    one does not. A time that the clock skips is taken by the offset that held before the change.
    """
    earlier = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    later = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if earlier == later:
        return Resolved(earlier)
    if earlier.astimezone(zone).replace(tzinfo=None) != local:
        return Resolved(earlier, Doubt.NON_EXISTENT_TIME)
    chosen = later if not_before is not None and earlier < not_before <= later else earlier
    return Resolved(chosen, Doubt.AMBIGUOUS_TIME)


@cache
def london() -> ZoneInfo:
    """Europe/London from the pinned `tzdata` package."""
    area, city = ZONE_NAME.split("/")
    with resources.files("tzdata.zoneinfo").joinpath(area, city).open("rb") as file:
        return ZoneInfo.from_file(file, key=ZONE_NAME)
