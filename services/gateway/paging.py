"""Pages of lists (OCPI 2.2.1, Pagination): what is asked for, and the headers that say where the next one is.

Beside the offset that the text has, our `Link` carries a cursor: the place after the last object of the page. Whoever
follows it gets each page at the same cost, and none is shifted by what is taken back meanwhile. Whoever counts offsets
by itself needs no cursor.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from services.core.clock import parse_utc
from services.core.errors import BadContent
from services.gateway.ocpi.envelope import OcpiError

_MAX_OFFSET: Final = 2**53
_MAX_PLACE: Final = 2**63 - 1
_CURSOR: Final = "cursor"
_NUMBER_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for.

    Attributes:
        offset: How many objects come before it.
        limit: How many it has at most: what was asked for, and not above the cap.
        date_from: `last_updated` from this time on, inclusive.
        date_to: `last_updated` before this time, exclusive.
        after: The place (`Shown.last`) after which it begins; 0 where objects are counted from the beginning instead.
    """

    offset: int
    limit: int
    date_from: datetime | None = None
    date_to: datetime | None = None
    after: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page came to hold.

    Attributes:
        total: How many objects match and are for this partner.
        rows: How many the page has.
        more: Whether there are any after it.
        last: The place of its last object; None for a list without places.
        cap: The most objects that this answer could hold: the page's limit, or fewer where they are large.
    """

    total: int
    rows: int
    more: bool
    last: int | None
    cap: int


def page_of(query: Mapping[str, str], default_rows: int, max_rows: int) -> Page:
    """Return the page that a query asks for.

    `date_from` may be missing everywhere, also for sessions, where the text's table requires it and examples omit it.
    A cursor counts where the offset beside it is its own; with another one it is the offset that is meant.

    Raises:
        OcpiError: 2001, naming the parameter that cannot be read.
    """
    limit = min(_number(query, "limit", default_rows, 1), max_rows)
    meant, after = _cursor(query)
    offset = _number(query, "offset", meant, 0)
    return Page(
        offset, limit, _time(query, "date_from"), _time(query, "date_to"), after=after if offset == meant else 0
    )


def page_headers(page: Page, shown: Shown, url: str, query: Mapping[str, str]) -> dict[str, str]:
    """Return a page's headers: `Link` only where there is a next page, with every filter of this one.

    Args:
        page: The page.
        shown: What it holds.
        url: Of the list, without a query.
        query: As asked.
    """
    headers = {"x-total-count": str(shown.total), "x-limit": str(shown.cap)}
    if shown.more and shown.rows:
        offset = page.offset + shown.rows
        following = {**query, "offset": str(offset), "limit": str(page.limit)}
        following.pop(_CURSOR, None)
        if shown.last is not None:
            following[_CURSOR] = _encoded(offset, shown.last)
        headers["link"] = f'<{url}?{urlencode(following)}>; rel="next"'
    return headers


def _encoded(offset: int, last: int) -> str:
    packed = offset.to_bytes(_NUMBER_BYTES) + last.to_bytes(_NUMBER_BYTES)
    return urlsafe_b64encode(packed).decode().rstrip("=")


def _cursor(query: Mapping[str, str]) -> tuple[int, int]:
    """Return the offset and the place that a cursor stands for; without one, the beginning."""
    text = query.get(_CURSOR)
    if text is None:
        return 0, 0
    try:
        packed = urlsafe_b64decode(text.encode("ascii") + b"==")
    except (NotBase64, UnicodeEncodeError):
        packed = b""
    offset, last = int.from_bytes(packed[:_NUMBER_BYTES]), int.from_bytes(packed[_NUMBER_BYTES:])
    if len(packed) != 2 * _NUMBER_BYTES or offset > _MAX_OFFSET or last > _MAX_PLACE:
        raise OcpiError(f"{_CURSOR}: is not as a Link of ours has it")
    return offset, last


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
