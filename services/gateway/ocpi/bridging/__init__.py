"""Bridging between versions of OCPI: a document of one version as a partner of another version understands it.

Versions are bridged neighbour by neighbour, by pure functions of the document alone. What neither version knows is
carried along; `last_updated` is never changed (transport_and_format, Objects sent via Hubs). A field that only the
source version has does not go out: to a strict receiver it would be a reason to refuse the whole object, and a lenient
one would not look at it. What the target cannot carry is listed in the partners' guide, `services/gateway/README.md`.
"""

from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from typing import Final, TypeAlias

from services.gateway.ocpi.bridging.connectors import connector_down, is_known_down
from services.gateway.ocpi.bridging.hub_clients import client_info_up
from services.gateway.ocpi.bridging.locations import evse_down, is_shown_down, location_down
from services.gateway.ocpi.bridging.records import cdr_down, cdr_up, session_down, session_up
from services.gateway.ocpi.bridging.tariffs import tariff_down, tariff_up
from services.gateway.ocpi.bridging.tokens import holding_down, named_again, token_down
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.envelope import OcpiError
from services.gateway.ocpi.versions import V2_2_1, V2_3_0, VERSIONS, Version

Step: TypeAlias = Callable[[Document], Document]

_STEPS: Final[Mapping[tuple[Version, Version], Mapping[str, Step]]] = {
    (V2_2_1, V2_3_0): {
        "cdrs": cdr_up,
        "hubclientinfo": client_info_up,
        "sessions": session_up,
        "tariffs": tariff_up,
    },
    (V2_3_0, V2_2_1): {
        "authorize": holding_down,
        "cdrs": cdr_down,
        "commands": holding_down,
        "connectors": connector_down,
        "evses": evse_down,
        "locations": location_down,
        "sessions": session_down,
        "tariffs": tariff_down,
        "tokens": token_down,
    },
}

_SHOWN: Final[Mapping[tuple[Version, Version], Mapping[str, Callable[[Document], bool]]]] = {
    (V2_3_0, V2_2_1): {"connectors": is_known_down, "evses": is_shown_down},
}


def is_carried(module: str, document: Document, source: Version, target: Version) -> bool:
    """Tell whether a version can show an object at all: a part of a location that it has no word for is left out.

    Args:
        module: As for `convert`.
        document: The object, checked.
        source: The version that the document is in.
        target: The version in question.
    """
    shown = [_SHOWN.get(step, {}).get(module) for step in _path(source, target)]
    return all(each is None or each(document) for each in shown)


def convert(module: str, document: Document, source: Version, target: Version) -> Document:
    """Return a document of one version as another version has it; the given one is not changed.

    Args:
        module: What the document is: `locations`, `tariffs`, `tokens`, `sessions`, `cdrs`, `hubclientinfo`; a part of a
            location as `evses` or `connectors`; `commands` for the body of a command and `authorize` for the
            AuthorizationInfo of a real-time authorization. All else (charging profiles and preferences, command
            responses and results, location references) is the same in both versions and returned as it is.
        document: The object, as parsed; fields of it, as of a PATCH, will do.
        source: The version that the document is in.
        target: The version that it is to be in.

    Raises:
        OcpiError: 2001, when the document is not of the form that its version gives it; what the version's own mapping
            has checked always is.
    """
    try:
        for step in _path(source, target):
            change = _STEPS[step].get(module)
            document = document if change is None else change(document)
    except (ArithmeticError, AttributeError, LookupError, TypeError) as error:
        raise OcpiError(f"{module}: is not of the form that {source.name} gives it") from error
    return document


def naming(module: str, document: Document, source: Version, target: Version, issued_type: str | None) -> Document:
    """Return a converted document whose copy of a token has its issuer's own type, where the target has a name for it.

    Args:
        module: `sessions`, `cdrs` or `commands`.
        document: The document, converted already.
        source: The version that it was in; an older one may have had to say OTHER.
        target: The version that it is in now.
        issued_type: The type that the token's issuer gave it; None where that is not known.
    """
    if issued_type is None or not any(step == (V2_2_1, V2_3_0) for step in _path(source, target)):
        return document
    return named_again(document, "token" if module == "commands" else "cdr_token", issued_type)


@cache
def _path(source: Version, target: Version) -> tuple[tuple[Version, Version], ...]:
    versions = list(VERSIONS.values())
    first, last = versions.index(source), versions.index(target)
    between = versions[first : last + 1] if first <= last else versions[last : first + 1][::-1]
    return tuple(pairwise(between))
