"""Time zones by name, from the pinned `tzdata` package: prices must not differ from machine to machine."""

import re
from functools import lru_cache
from importlib import resources
from typing import Final
from zoneinfo import ZoneInfo

_NAME: Final = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+){0,2}")
_REMEMBERED: Final = 1000


@lru_cache(_REMEMBERED)
def zone_of(name: str) -> ZoneInfo | None:
    """Return the time zone of that name (Europe/Brussels); None where there is none."""
    if _NAME.fullmatch(name) is None:
        return None
    try:
        with resources.files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    except (OSError, ValueError):
        return None
