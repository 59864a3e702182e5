"""Pages of lists (OCPI 2.2.1, Pagination): what is asked for, and the headers that say where the next one is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from services.core.clock import parse_utc
from services.core.errors import BadContent
from services.gateway.ocpi.envelope import OcpiError

_MAX_OFFSET: Final = 2**53


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for.

    Attributes:
        offset: How many objects come before it.
        limit: How many it has at most: what was asked for, and not above the cap.
        date_from: `last_updated` from this time on, inclusive.
        date_to: `last_updated` before this time, exclusive.
    """

    offset: int
    limit: int
    date_from: datetime | None = None
    date_to: datetime | None = None


def page_of(query: Mapping[str, str], default_rows: int, max_rows: int) -> Page:
    """Return the page that a query asks for.

    `date_from` may be missing everywhere, also for sessions, where the text's table requires it and examples omit it.

    Raises:
        OcpiError: 2001, naming the parameter that cannot be read.
    """
    limit = min(_number(query, "limit", default_rows, 1), max_rows)
    offset = _number(query, "offset", 0, 0)
    return Page(offset, limit, _time(query, "date_from"), _time(query, "date_to"))


def page_headers(page: Page, total: int, shown: int, url: str, query: Mapping[str, str]) -> dict[str, str]:
    """Return a page's headers: `Link` only where there is a next page, with every filter of this one.

    Args:
        page: The page.
        total: How many objects match and are for this partner.
        shown: How many this page has.
        url: Of the list, without a query.
        query: As asked.
    """
    headers = {"x-total-count": str(total), "x-limit": str(page.limit)}
    if shown and page.offset + shown < total:
        following = {**query, "offset": str(page.offset + shown), "limit": str(page.limit)}
        headers["link"] = f'<{url}?{urlencode(following)}>; rel="next"'
    return headers


def _number(query: Mapping[str, str], name: str, default: int, least: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 16 or not least <= int(text) <= _MAX_OFFSET:
        raise OcpiError(f"{name}: must be a whole number from {least} on")
    return int(text)


def _time(query: Mapping[str, str], name: str) -> datetime | None:
    text = query.get(name)
    if not text:
        return None
    try:
        # A plus sign that was not escaped arrives as a space.
        return parse_utc(text.replace(" ", "+"))
    except BadContent as error:
        raise OcpiError(f"{name}: {error}") from None
