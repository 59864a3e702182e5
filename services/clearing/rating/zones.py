"""Time zones by name, from the pinned `tzdata` package: prices must not differ from machine to machine."""

import re
from functools import cache
from importlib import resources
from typing import Final
from zoneinfo import ZoneInfo

_NAME: Final = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+){0,2}")


@cache
def _zone(name: str) -> ZoneInfo:
    with resources.files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def zone_of(name: str) -> ZoneInfo | None:
    """Return the time zone of that name (Europe/Brussels); None where there is none."""
    if _NAME.fullmatch(name) is None:
        return None
    try:
        return _zone(name)
    except (OSError, ValueError):
        return None
