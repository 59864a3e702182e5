"""One page of a partner's list, cut into its objects without trusting a byte of it.

The objects stay the bytes that their owner sent, and one that cannot be read does not spoil its neighbours: each is
read by itself later, like a push.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from services.gateway.deliveries.answers import read_status
from services.gateway.deliveries.requests import Fetched
from services.gateway.deliveries.verdict import Result

_SPACE: Final = " \t\n\r"
_MAX_COUNT: Final = 2**53
# Numbers stay text: nothing is made of them here, and converting digits without end would take time without end.
_DECODER: Final = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


@dataclass(frozen=True, slots=True)
class Page:
    """What a page holds and says of the list.

    Attributes:
        objects: Each as its owner wrote it.
        link: Where the next page is, absolute; None where the answer does not say.
        total: `X-Total-Count`: how many objects match the request; None where the answer does not say.
        cap: `X-Limit`: the most objects that a page can have; None where the answer does not say.
    """

    objects: tuple[bytes, ...] = field(repr=False)
    link: str | None = None
    total: int | None = None
    cap: int | None = None

    @property
    def digest(self) -> str:
        """Tells one page from another by its content."""
        found = sha256()
        for each in self.objects:
            found.update(sha256(each).digest())
        return found.hexdigest()


def read_page(fetched: Fetched) -> tuple[Result, Page | None]:
    """Return what an answer means, and the page where it is one.

    An answer whose list cannot be found, or breaks off, has no page and no OCPI status.
    """
    if fetched.failed is not None:
        return fetched.failed, None
    status, objects = split(fetched.body)
    result = read_status(fetched.http_status, status)
    if objects is None:
        return result, None
    total, cap = _count(fetched.headers, "x-total-count"), _count(fetched.headers, "x-limit")
    return result, Page(objects, fetched.next_url, total, cap)


def split(body: bytes) -> tuple[int | None, tuple[bytes, ...] | None]:
    """Return the OCPI status of an answer, and the elements of its `data` as they came.

    Each half is None where it is not there or not of that kind; both are where the body is no JSON object.
    """
    text = body.decode("utf-8", "surrogateescape")
    status: int | None = None
    objects: tuple[bytes, ...] | None = None
    try:
        for name, start, end in _members(text):
            if name == "data":
                objects = tuple(_elements(text, start)) if text[start] == "[" else None
            elif name == "status_code":
                status = _status(text[start:end])
    except (ValueError, IndexError, RecursionError):
        return None, None
    return status, objects


def _members(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the members of the object that a text holds: name, and where the value begins and ends."""
    at = _expect(text, _skip(text, 0), "{")
    while text[at] != "}":
        name, at = _value(text, at)
        if not isinstance(name, str):
            raise ValueError("a name is needed")
        start = _skip(text, _expect(text, at, ":"))
        _, end = _DECODER.raw_decode(text, start)
        yield name, start, end
        at = _next(text, end, "}")
    if _skip(text, at + 1) != len(text):
        raise ValueError("more than one value")


def _elements(text: str, start: int) -> Iterator[bytes]:
    at = _skip(text, start + 1)
    while text[at] != "]":
        _, end = _DECODER.raw_decode(text, at)
        yield text[at:end].encode("utf-8", "surrogateescape")
        at = _next(text, end, "]")


def _value(text: str, at: int) -> tuple[Any, int]:
    value, end = _DECODER.raw_decode(text, at)
    return value, _skip(text, end)


def _next(text: str, end: int, closing: str) -> int:
    """Return where the next item begins, or the closing bracket is."""
    at = _skip(text, end)
    return at if text[at] == closing else _expect(text, at, ",")


def _expect(text: str, at: int, mark: str) -> int:
    if text[at] != mark:
        raise ValueError(f"{mark} is needed")
    return _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _status(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else None


def _count(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 16 and int(text) < _MAX_COUNT else None
