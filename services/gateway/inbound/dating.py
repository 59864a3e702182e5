"""Dates objects that lack `last_updated`, for the partner whose options say that its objects may."""

from datetime import datetime
from typing import Any, Final

from services.core.clock import format_utc
from services.gateway.ocpi.documents import Document

_PARTS: Final = ("evses", "connectors")


def dated(document: Document, now: datetime) -> Document:
    """Return an object with the time of its arrival as its `last_updated`, where it has none.

    The EVSEs and connectors within it that have none get the object's own date: nothing says that they are newer.
    What is no object is left to those who check it.
    """
    date = document.get("last_updated")
    return _dated(document, format_utc(now) if date is None else date)


def _dated(document: Document, date: Any) -> Document:
    given = document.get("last_updated")
    found = {**document, "last_updated": date if given is None else given}
    for name in _PARTS:
        if isinstance(found.get(name), list):
            found[name] = [_dated(each, date) if isinstance(each, dict) else each for each in found[name]]
    return found
