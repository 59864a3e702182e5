"""Which URL is asked for a page: the partner's own `Link`, but only where its credentials may go, or one we count out.

Source: OCPI 2.2.1 and 2.3.0, transport_and_format, Pagination.
"""

from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

_PORTS: Final = {"https": 443, "http": 80}
_MAX_URL_CHARACTERS: Final = 4_000


class Elsewhere(ValueError):
    """A link to where a partner's credentials must not go."""


def trusted(link: str, endpoint: str, hosts: Collection[str] = ()) -> str:
    """Return the link as it may be followed.

    Our token goes to the host that the partner registered and to no other, unless its settings name that one. What
    stands behind a proxy often writes `http` or an inner port: such a link to the same host is followed at the
    registered origin.

    Args:
        link: The absolute URL of the next page.
        endpoint: The URL that the partner registered.
        hosts: Further hosts, each with its port where that is not 443.

    Raises:
        Elsewhere: when it leads to another host, or cannot be read.
    """
    try:
        to, home = urlsplit(link), urlsplit(endpoint)
        there, own = (_host(to), _port(to)), (_host(home), _port(home))
    except ValueError:
        raise Elsewhere("the Link to its next page is no URL") from None
    if len(link) > _MAX_URL_CHARACTERS:
        raise Elsewhere("the Link to its next page is too long")
    if there[0] == own[0]:
        return urlunsplit((home.scheme, home.netloc, to.path, to.query, ""))
    name = there[0] if there[1] == 443 else f"{there[0]}:{there[1]}"
    if to.scheme == "https" and to.username is None and name in {each.lower() for each in hosts}:
        return urlunsplit((to.scheme, to.netloc, to.path, to.query, ""))
    raise Elsewhere("the Link to its next page leads to another host")


def with_query(url: str, parameters: Mapping[str, str]) -> str:
    """Return a URL with these parameters in its query, in place of those of the same name."""
    parts = urlsplit(url)
    kept = dict(parse_qsl(parts.query, keep_blank_values=True))
    query = urlencode({**kept, **parameters}, safe=":")
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def number(url: str, name: str) -> int | None:
    """Return a number in a URL's query; None where there is none of this name."""
    text = dict(parse_qsl(urlsplit(url).query)).get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 16 else None


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").lower()


def _port(parts: SplitResult) -> int | None:
    return parts.port or _PORTS.get(parts.scheme)
