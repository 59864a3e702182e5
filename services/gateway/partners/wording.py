"""How what goes out is written for one partner, where its options ask for another form than OCPI's; all of it pure.

Both forms are found in JSON as text, so that everything else stays byte for byte as its owner wrote it. What is quoted
inside another string (signed data may hold JSON) has a backslash before its quotes and is left alone.
"""

import re
from typing import Final

from services.core.clock import format_utc, parse_utc
from services.core.errors import BadContent
from services.gateway.partners.options import PartnerOptions

_DATE: Final = re.compile(rb'(?<!\\)"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d)?"')
_PARTY: Final = re.compile(rb'(?<!\\)"(?:country_code|party_id|hub_party_id)"\s*:\s*"[A-Za-z0-9]{2,5}"')
_ENDINGS: Final = {"WITHOUT_ZONE": "", "OFFSET": "+00:00"}


def worded(body: bytes, options: PartnerOptions) -> bytes:
    """Return a JSON body as a partner wants it: its dates and party ids in the form that its options say."""
    if options.dates != "ZULU":
        ending = _ENDINGS[options.dates]
        body = _DATE.sub(lambda found: _date(found, ending), body)
    if options.party_id_case == "LOWER":
        body = _PARTY.sub(lambda found: found[0].lower(), body)
    return body


def cased(party: str, options: PartnerOptions) -> str:
    """Return a party id, or its part, as a partner wants it in URLs and headers."""
    return party.lower() if options.party_id_case == "LOWER" else party


def owned(path: str, owner: str, options: PartnerOptions) -> str:
    """Return the path of an object below its endpoint, its owner (`CC-PPP`) written as a partner wants it."""
    place = owner.replace("-", "/")
    return cased(place, options) + path.removeprefix(place) if f"{path}/".startswith(f"{place}/") else path


def addressed(url: str, options: PartnerOptions) -> str:
    """Return a URL as a partner wants it called: with a slash at the end of its path, or as it is."""
    if not options.trailing_slash:
        return url
    path, mark, query = url.partition("?")
    return (path if path.endswith("/") else f"{path}/") + mark + query


def _date(found: "re.Match[bytes]", ending: str) -> bytes:
    text, zone = found[1].decode(), (found[2] or b"Z").decode()
    if zone != "Z":
        try:
            text = format_utc(parse_utc(text + zone)).removesuffix("Z")
        except BadContent:
            return found[0]
    return f'"{text}{ending}"'.encode()
