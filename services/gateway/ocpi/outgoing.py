"""Stored to wire: what a partner gets is what its owner sent, but for DateTimes that OCPI does not allow."""

import re
from typing import Final

from services.core.clock import format_utc, parse_utc
from services.core.errors import BadContent

# A whole JSON string that is a DateTime without Z. What is quoted inside another string (signed data holds JSON) has a
# backslash before its quotes and does not match.
_NOT_UTC: Final = re.compile(rb'(?<!\\)"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d:\d\d)?)"')


def to_wire(body: bytes) -> bytes:
    """Return a stored object as it goes to a partner: the same bytes each time.

    Every DateTime ends with Z: one without a zone means UTC, one with an offset is converted, since `+00:00` is not
    allowed on the way out (OCPI 2.2.1, types, DateTime). Numbers, order and unknown fields stay as they came, and
    `last_updated` keeps its time (Timestamps and Objects send via Hubs).
    """
    return _NOT_UTC.sub(_in_utc, body)


def _in_utc(found: "re.Match[bytes]") -> bytes:
    text = found[1].decode()
    if text[-6] not in "+-":
        return f'"{text}Z"'.encode()
    try:
        return f'"{format_utc(parse_utc(text))}"'.encode()
    except BadContent:
        return found[0]
