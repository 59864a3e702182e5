"""Stored to wire: what a partner gets is what its owner sent, in the version that the partner speaks.

In the owner's own version these are its bytes, but for DateTimes that OCPI does not allow.
"""

import re
from typing import Final

from services.core.clock import format_utc, parse_utc
from services.core.errors import BadContent
from services.gateway.ocpi import documents
from services.gateway.ocpi.bridging import convert, naming
from services.gateway.ocpi.versions import VERSIONS, Version

# A whole JSON string that is a DateTime without Z. What is quoted inside another string (signed data holds JSON) has a
# backslash before its quotes and does not match.
_NOT_UTC: Final = re.compile(rb'(?<!\\)"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d:\d\d)?)"')


def in_version(module: str, body: bytes, protocol: str, version: Version, issued_type: str | None = None) -> bytes:
    """Return a stored object in another version, or as it is where it is in that one; the same bytes each time.

    Args:
        module: The module that the object belongs to.
        body: The object as its owner sent it.
        protocol: The version that it is in, by name.
        version: The version that is wanted.
        issued_type: The type that its issuer gave the token that is copied in it, where that is known.
    """
    if protocol == version.name:
        return body
    document, source = documents.parse(body, documents.STORED_DEPTH), VERSIONS[protocol]
    converted = convert(module, document, source, version)
    return to_wire(documents.render(naming(module, converted, source, version, issued_type)))


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
