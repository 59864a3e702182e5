"""A walk over a partner's list, page by page: where the next page is, and when the list is at its end. Pure.

Source: OCPI 2.2.1 and 2.3.0, transport_and_format, Pagination.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.core.clock import format_utc
from services.gateway.pulling.links import Elsewhere, number, trusted, with_query
from services.gateway.pulling.pages import Page

_MAX_EMPTY_PAGES: Final = 100
_MAX_BACKS: Final = 100


class Kind(StrEnum):
    """What a walk is for: all that is in the list, or what changed since the walk before."""

    FULL = "FULL"
    DELTA = "DELTA"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a walk over one list goes by.

    Attributes:
        endpoint: The URL that the partner registered.
        counting: Its pages have no `Link`: offsets are counted until a page is empty, or smaller than one before it.
        hosts: Where else links may lead; see `links.trusted`.
        max_pages: A walk that is longer is given up.
    """

    endpoint: str
    max_pages: int
    counting: bool = False
    hosts: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk as far as it has come.

    Attributes:
        date_from: Only what was updated since; None: everything.
        limit: How many objects a page is asked to have.
        next_url: Where the partner says that the next page is; None: at `offset` of the list.
        offset: How many objects come before the next page.
        pages: That were read.
        objects: That these had.
        total: `X-Total-Count` of the last page.
        steady: Every page named the same total; what is in no page of such a walk is not in the list.
        newest: The latest `last_updated` of its objects.
        largest: The most objects that a page had.
        empty: How many pages in a row had none.
        backs: How often it went back because the list had become shorter.
        mark: The digest of an earlier page, by which pages that come again are noticed.
        new, changed, same, stale, wrong, strange: What became of its objects; strange are those of other owners.
        nameless: Wrong ones whose id cannot be read, so that it is not known what is in the list.
        ended: The last page was read; what is left is to conclude from it.
    """

    kind: Kind
    started_at: datetime
    correlation_id: str
    limit: int
    date_from: datetime | None = None
    next_url: str | None = None
    offset: int = 0
    pages: int = 0
    objects: int = 0
    total: int | None = None
    steady: bool = True
    newest: datetime | None = None
    largest: int = 0
    empty: int = 0
    backs: int = 0
    mark: str = ""
    new: int = 0
    changed: int = 0
    same: int = 0
    stale: int = 0
    wrong: int = 0
    strange: int = 0
    nameless: int = 0
    ended: bool = False

    @property
    def saw_all(self) -> bool:
        """Whether what no page held is not in the list, once the walk is at its end."""
        return self.steady and self.total == self.objects


@dataclass(frozen=True, slots=True)
class Step:
    """What follows a page.

    Attributes:
        walk: After the page; `ended` where it was the last one.
        error: Why the walk cannot go on, and has to begin again; empty where it can.
    """

    walk: Walk
    error: str = ""


def url_of(walk: Walk, endpoint: str) -> str:
    """Return the URL of the next page."""
    if walk.next_url is not None:
        return walk.next_url
    wanted = {"offset": str(walk.offset), "limit": str(walk.limit)}
    if walk.date_from is not None:
        wanted = {"date_from": format_utc(walk.date_from)} | wanted
    return with_query(endpoint, wanted)


def after_page(walk: Walk, page: Page, rules: Rules) -> Step:
    """Return what follows a page.

    A list that comes round again is noticed wherever the circle begins (Brent's way: each page is compared with the
    last one whose number was a power of two).
    """
    rows, pages, digest = len(page.objects), walk.pages + 1, page.digest
    if rows and digest == walk.mark:
        return Step(walk, error="its pages repeat themselves")
    walked = replace(
        walk,
        pages=pages,
        objects=walk.objects + rows,
        offset=walk.offset + rows,
        total=page.total,
        steady=walk.steady and page.total is not None and (walk.pages == 0 or page.total == walk.total),
        largest=max(walk.largest, rows),
        empty=0 if rows else walk.empty + 1,
        mark=digest if rows and pages & (pages - 1) == 0 else walk.mark,
        next_url=None,
    )
    try:
        following = _following(walk, walked, page, rules)
    except Elsewhere as error:
        return Step(walk, error=str(error))
    if following is None:
        return Step(replace(walked, ended=True))
    if pages >= rules.max_pages or following.empty > _MAX_EMPTY_PAGES:
        return Step(walk, error=f"its list does not end: {pages} pages were read")
    return Step(following)


def _following(walk: Walk, walked: Walk, page: Page, rules: Rules) -> Walk | None:
    """Return the walk with its next page, or None at the end of the list."""
    if page.link is not None:
        link = trusted(page.link, rules.endpoint, rules.hosts)
        at = number(link, "offset")
        following = replace(walked, next_url=link, offset=walked.offset if at is None else at)
    elif _goes_on(walked, page, rules):
        following = walked
    else:
        return None
    return _stepped_back(walk, following)


def _goes_on(walked: Walk, page: Page, rules: Rules) -> bool:
    """Tell whether a list without a `Link` has more: by its total, and where Links are always missing by its pages."""
    rows = len(page.objects)
    if rows == 0:
        return False
    if page.total is not None and walked.offset < page.total:
        return True
    if not rules.counting:
        return False
    return rows == min(walked.limit, page.cap) if page.cap else rows == walked.largest


def _stepped_back(walk: Walk, following: Walk) -> Walk:
    """Read a page again, from as many objects earlier as the list lost since the page before it.

    What was taken out before our place moved the rest forward, by so many at most (Paginated Response, the note).
    """
    if walk.pages == 0 or walk.total is None or following.total is None or following.total >= walk.total:
        return following
    url = following.next_url
    if walk.backs >= _MAX_BACKS or (url is not None and number(url, "offset") is None):
        return following
    offset = max(0, walk.offset - (walk.total - following.total))
    back = None if url is None else with_query(url, {"offset": str(offset)})
    # A page that is read again on purpose is no circle.
    return replace(following, offset=offset, next_url=back, mark="", backs=walk.backs + 1)


def smaller(walk: Walk) -> Walk | None:
    """Return the walk with half as many objects in a page, for pages too large or too slow; None where it has one."""
    if walk.limit <= 1:
        return None
    limit = walk.limit // 2
    url = None if walk.next_url is None else with_query(walk.next_url, {"limit": str(limit)})
    return replace(walk, limit=limit, next_url=url)
