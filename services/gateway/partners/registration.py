"""The decisions of the credentials handshake: who may register, as whom, with what (credentials, both versions)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from services.core.errors import BadContent, RoamwattError
from services.core.party import PartyId
from services.gateway.ocpi.modules import FUNCTIONAL
from services.gateway.ocpi.versions import Version
from services.gateway.partners.reachable import OCPI_ROLES
from services.gateway.partners.tokens import is_token

_CALLED: Final = FUNCTIONAL | {"credentials", "hubclientinfo"}
"""The modules whose endpoints are kept: all but versions, and those that a partner has of its own."""
_MAX_URL_CHARACTERS: Final = 255
_HUB: Final = "HUB"
_HUB_PARTY_CHARACTERS: Final = 5

INVALID: Final = 2001
CANNOT_USE_API: Final = 3001
UNSUPPORTED_VERSION: Final = 3002
NO_MATCHING_ENDPOINTS: Final = 3003


# On which side of an agreement a party stands counts, not what else it calls itself (types, Role): whoever offers
# stations to drivers, and whoever deals with drivers' contracts, with what they look up or with how they charge.
_FITTING: Final[Mapping[str, frozenset[str]]] = {
    "CSO": frozenset({"CPO", "OTHER"}),
    "CSP": frozenset({"EMSP", "NAP", "NSP", "OTHER", "SCSP"}),
}


class Refused(RoamwattError):
    """A registration that cannot be: the OCPI status code says whose fault it is."""

    def __init__(self, ocpi_status: int, message: str) -> None:
        super().__init__(message)
        self.ocpi_status = ocpi_status


class WrongMoment(RoamwattError):
    """POST of the registered, or PUT or DELETE of the unregistered: HTTP 405.

    Attributes:
        allowed: What fits instead, as the header `Allow` has it.
    """

    def __init__(self, message: str, allowed: str = "GET") -> None:
        super().__init__(message)
        self.allowed = allowed


@dataclass(frozen=True, slots=True)
class Role:
    """A role that a platform reports for one of its parties; `role` as OCPI writes it."""

    role: str
    party: PartyId


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a partner sends: its token for us (B), its versions URL, its roles.

    Attributes:
        is_hub: It is a hub itself: it has the role HUB (2.2.1), or names its `hub_party_id` (2.3.0).
    """

    token: str
    url: str
    roles: tuple[Role, ...]
    is_hub: bool = False

    def __repr__(self) -> str:
        """Without the token, so that no log or error has it."""
        return f"Credentials(url={self.url!r}, roles={self.roles!r})"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of a partner's version details; `role` is SENDER or RECEIVER."""

    identifier: str
    role: str
    url: str


def check_moment(method: str, *, registered: bool, invited: bool = True) -> None:
    """Check that the method fits: POST registers once, PUT and DELETE need a registration.

    Args:
        method: POST, PUT or DELETE.
        registered: Whether there is a registration.
        invited: Whether the caller may make one; with a token that we are just giving it, it may not.

    Raises:
        WrongMoment: when it does not.
    """
    if method == "POST" and registered:
        raise WrongMoment(
            "this platform is registered: use PUT with the token it was given, or DELETE first", "DELETE, GET, PUT"
        )
    if method in {"PUT", "DELETE"} and not registered:
        raise WrongMoment("this platform is not registered: use POST", "GET, POST")
    if method == "POST" and not invited:
        raise WrongMoment("we are registering with this platform, with this token")


def read_credentials(body: Any, max_roles: int) -> Credentials:
    """Return the credentials that a parsed body holds.

    Raises:
        Refused: 2001, naming the field that is missing or cannot be used.
    """
    fields = _object(body, "the body")
    token = fields.get("token")
    if not isinstance(token, str) or not is_token(token):
        raise Refused(INVALID, "token: 1 to 64 printable ASCII characters without white space are needed")
    roles = fields.get("roles")
    if not isinstance(roles, list) or not 0 < len(roles) <= max_roles:
        raise Refused(INVALID, f"roles: a list of 1 to {max_roles} is needed")
    found = tuple(_role(each) for each in roles)
    is_hub = _is_hub_party(fields.get("hub_party_id")) or any(each.role == _HUB for each in found)
    return Credentials(token, https_url(fields.get("url"), "url"), found, is_hub)


def represented(
    given: Credentials, invited: Mapping[str, Collection[str]], inviting: str | None = None
) -> frozenset[str]:
    """Return the parties that a platform speaks for, after checking that they are those that were invited.

    A hub is the way to those that were invited on its platform. In 2.3.0 it names whom it reaches, others than those
    too; in 2.2.1 it names itself alone (credentials, Credentials object and its roles).

    Args:
        given: What the platform reports of itself.
        invited: The parties invited on this platform, each with its roles there (CSO, CSP).
        inviting: The party whose registration token was used; it must be among them.

    Raises:
        Refused: 2001, naming what was not invited or is not reported.
    """
    roles = [role for role in given.roles if role.role != _HUB]
    named = {str(role.party) for role in roles}
    strangers = sorted(named - set(invited))
    if given.is_hub:
        named = named.intersection(invited) if roles else set(invited)
    elif strangers:
        raise Refused(INVALID, f"roles: {', '.join(strangers)} not invited on this platform; invited: {_list(invited)}")
    if inviting is not None and inviting not in named:
        raise Refused(INVALID, f"roles: {inviting}, whose registration token this is, is missing")
    for party in sorted(named) if roles else ():
        reported = {role.role for role in roles if str(role.party) == party}
        missing = [OCPI_ROLES[role] for role in sorted(invited[party]) if not reported & _FITTING[role]]
        if missing:
            raise Refused(INVALID, f"roles: {party} was invited as {_list(missing)} and does not report it")
    if not named:
        raise Refused(INVALID, f"roles: nobody behind this hub was invited on its platform; invited: {_list(invited)}")
    return frozenset(named)


def choose_version(data: Any, wanted: Sequence[Version]) -> tuple[Version, str]:
    """Return the newest of these versions that a partner's list of versions has, and where its details are.

    Args:
        data: The partner's list.
        wanted: What we would speak with it, the oldest first.

    Raises:
        Refused: 3001 when the list cannot be read, 3002 when none of the versions is in it.
    """
    if not isinstance(data, list):
        raise Refused(CANNOT_USE_API, "the versions endpoint gives no list of versions")
    for version in reversed(wanted):
        for each in data:
            if isinstance(each, dict) and each.get("version") == version.number:
                return version, _url(each.get("url"), f"url of version {version.number}", CANNOT_USE_API)
    numbers = _list([each.number for each in wanted])
    raise Refused(UNSUPPORTED_VERSION, f"the versions endpoint does not list version {numbers}")


def read_endpoints(data: Any, max_endpoints: int) -> tuple[Endpoint, ...]:
    """Return the endpoints of a partner's version details that we may have a use for.

    Unknown modules are left out: partners may have modules of their own.

    Raises:
        Refused: 3001 when the details cannot be read, 3003 when there is nothing that both sides have.
    """
    found = data.get("endpoints") if isinstance(data, dict) else None
    if not isinstance(found, list) or len(found) > max_endpoints:
        raise Refused(CANNOT_USE_API, f"the version details have no list of at most {max_endpoints} endpoints")
    endpoints = tuple(_endpoint(each) for each in found if _is_known(each))
    modules = {endpoint.identifier for endpoint in endpoints}
    if "credentials" not in modules:
        raise Refused(NO_MATCHING_ENDPOINTS, "the version details lack the endpoint of credentials")
    if not modules & FUNCTIONAL:
        raise Refused(NO_MATCHING_ENDPOINTS, f"the version details have none of {_list(FUNCTIONAL)}")
    return endpoints


def _is_known(endpoint: Any) -> bool:
    identifier = endpoint.get("identifier") if isinstance(endpoint, dict) else None
    return isinstance(identifier, str) and identifier in _CALLED


def _endpoint(fields: Mapping[str, Any]) -> Endpoint:
    identifier, role = fields["identifier"], fields.get("role")
    # The text gives the role of credentials no meaning, so none is asked for.
    if role not in ("SENDER", "RECEIVER") and identifier != "credentials":
        raise Refused(CANNOT_USE_API, f"the endpoint of {identifier} in the version details has no role")
    url = _url(fields.get("url"), f"url of the endpoint of {identifier}", CANNOT_USE_API)
    return Endpoint(identifier, role if isinstance(role, str) else "SENDER", url)


def _role(value: Any) -> Role:
    fields = _object(value, "roles")
    country, party, role = fields.get("country_code"), fields.get("party_id"), fields.get("role")
    if not isinstance(role, str) or not isinstance(country, str) or not isinstance(party, str):
        raise Refused(INVALID, "roles: each needs role, country_code and party_id")
    try:
        return Role(role.upper(), PartyId.of(country, party))
    except BadContent as error:
        raise Refused(INVALID, f"roles: {error}") from None


def _is_hub_party(value: Any) -> bool:
    if value is None:
        return False
    if not isinstance(value, str) or len(value) != _HUB_PARTY_CHARACTERS:
        raise Refused(
            INVALID, f"hub_party_id: {_HUB_PARTY_CHARACTERS} characters are needed, country code and party id"
        )
    return True


def https_url(value: Any, name: str) -> str:
    """Return a value that is a URL which a partner can be called by.

    Raises:
        Refused: 2001, when it is none.
    """
    return _url(value, name, INVALID)


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Refused(INVALID, f"{name}: an object is needed")
    return value


def _url(value: Any, name: str, status: int) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_URL_CHARACTERS or not _is_https(value):
        raise Refused(status, f"{name}: an https URL of at most {_MAX_URL_CHARACTERS} characters is needed")
    return value


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_place = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url
    return has_place and plain and parts.scheme == "https" and parts.username is None and not parts.fragment


def _list(names: Collection[str]) -> str:
    return ", ".join(sorted(names)) or "none"
