"""The endpoints of versions: which versions we speak, and where the modules of each are (version_information_endpoint).

What is listed is read off the routes that there are, so that nothing is announced that is not served.
"""

import re
from collections.abc import Sequence
from typing import Final

from starlette.routing import Route

from services.gateway.calls import Access, Call, Endpoint, Front, route
from services.gateway.ocpi import documents
from services.gateway.ocpi.envelope import Answer
from services.gateway.ocpi.modules import FUNCTIONAL
from services.gateway.ocpi.versions import VERSIONS, Version

BASE: Final = "/ocpi"
_PLACE: Final = re.compile(r"(?P<path>/ocpi/(?P<number>[0-9.]+)/(?P<role>sender|receiver)/(?P<module>[a-z]+))(?:/.*)?")


def offered(routes: Sequence[Route], version: Version, base_url: str, ending: str = "") -> list[dict[str, str]]:
    """Return the endpoints of a version, in the order of their modules; the role of credentials has no meaning.

    Args:
        routes: All that are served.
        version: Whose are wanted.
        base_url: What partners reach us by.
        ending: What the URLs of functional modules end with.
    """
    found = {(m["module"], m["role"]): m["path"] for m in _places(routes) if m["number"] == version.number}
    endpoints = [{"identifier": "credentials", "role": "SENDER", "url": f"{base_url}{version.root}/credentials"}]
    return endpoints + [
        {"identifier": module, "role": role.upper(), "url": base_url + path + ending}
        for (module, role), path in sorted(found.items())
    ]


def spoken(routes: Sequence[Route]) -> tuple[Version, ...]:
    """Return the versions that there are routes of functional modules for, the oldest first."""
    numbers = {m["number"] for m in _places(routes) if m["module"] in FUNCTIONAL}
    return tuple(each for each in VERSIONS.values() if each.number in numbers)


def version_routes(front: Front, base_url: str, routes: Sequence[Route]) -> list[Route]:
    """Return the routes of the list of versions and of their details.

    Args:
        front: What every endpoint is wired with.
        base_url: What partners reach us by.
        routes: All others that are served.
    """
    versions = spoken(routes)
    listed = documents.render([{"version": each.number, "url": base_url + each.root} for each in versions])
    found = [route(f"{BASE}/versions", front, {"GET": _constant(listed)}, Access.CREDENTIALS)]
    for each in versions:
        plain, slashed = (_details(each, offered(routes, each, base_url, ending)) for ending in ("", "/"))
        found.append(route(each.root, front, {"GET": _one_of(plain, slashed)}, Access.CREDENTIALS, each))
    return found


def _places(routes: Sequence[Route]) -> "list[re.Match[str]]":
    return [match for match in (_PLACE.fullmatch(each.path) for each in routes) if match is not None]


def _details(version: Version, endpoints: list[dict[str, str]]) -> bytes:
    return documents.render({"version": version.number, "endpoints": endpoints})


def _one_of(plain: bytes, slashed: bytes) -> Endpoint:
    async def get(call: Call) -> Answer:
        return Answer(slashed if call.peer.options.listed_with_slash else plain)

    return get


def _constant(data: bytes) -> Endpoint:
    async def get(_call: Call) -> Answer:
        return Answer(data)

    return get
