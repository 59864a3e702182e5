"""Where results may be sent: the rules for a partner's `response_url`.

The URL is the partner's to choose (OCPI 2.2.1 and 2.3.0, mod_commands, Sender Interface), and the platform calls it.
So it must not lead into the platform's own network: no private address, no name without a dot, no address in
disguise. A public name that resolves to a private address gets no further than the TLS handshake, since nobody there
has a certificate for that name; nothing of what answers is ever shown to whoever chose the URL.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from services.gateway.ocpi.envelope import OcpiError

_PRINTABLE: Final = re.compile(r"[\x21-\x7e]+")
# The system's resolver takes such hosts for IPv4 addresses: 127.1, 2130706433, 0x7f.0.0.1.
_NUMERIC: Final = re.compile(r"(\d+|0[xX][0-9a-fA-F]*)")
_INNER_NAMES: Final = (".localhost", ".local", ".internal", ".localdomain", ".home.arpa")


@dataclass(frozen=True, slots=True)
class UrlRules:
    """What a `response_url` must be like.

    Attributes:
        max_characters: Its length.
        own: Our own public URL: a result sent there would come back to us.
        anywhere: Whether public names are allowed besides the addresses that the partner registered.
    """

    max_characters: int
    own: str
    anywhere: bool


def check_response_url(value: object, registered: Collection[str], rules: UrlRules) -> str:
    """Return a partner's `response_url`, just as it is.

    Args:
        value: From a body or a query.
        registered: The URLs at which the partner itself is called; their hosts and ports are always allowed.
        rules: The rules.

    Raises:
        OcpiError: 2001, when it is not a URL that we would call.
    """
    if not isinstance(value, str) or not 0 < len(value) <= rules.max_characters:
        raise _wrong(f"a URL of at most {rules.max_characters} characters is needed")
    if _PRINTABLE.fullmatch(value) is None:
        raise _wrong("only printable ASCII characters, all others encoded")
    address = _address(value)
    if address is None or not value.lower().startswith("https://"):
        raise _wrong("an https URL without user and password is needed")
    if address == _address(rules.own):
        raise _wrong("is an address of this platform")
    if address in {_address(each) for each in registered}:
        return value
    if not rules.anywhere:
        raise _wrong("is at none of the addresses of your registered endpoints")
    if not _is_public(address[0]):
        raise _wrong("neither is a public name nor is at one of your registered endpoints")
    return value


def _wrong(reason: str) -> OcpiError:
    # The URL itself may hold a secret of the partner's; it is never repeated.
    return OcpiError(f"response_url: {reason}")


def _address(url: str) -> tuple[str, int] | None:
    """Return host and port of a URL, or None where it has none that could be called."""
    try:
        parts: SplitResult = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or "@" in parts.netloc or "\\" in url:
        return None
    return host.rstrip("."), 443 if port is None else port


def _is_public(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return _is_public_name(host)
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_global and not address.is_multicast


def _is_public_name(host: str) -> bool:
    last = host.rpartition(".")[2]
    return "." in host and _NUMERIC.fullmatch(last) is None and not host.endswith(_INNER_NAMES)
