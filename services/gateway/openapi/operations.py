"""What each endpoint takes and gives: by its method and its path below the version, parameters written `{}`."""

import re
from collections.abc import Mapping
from typing import Final

from services.gateway.ocpi.commands import COMMANDS

_PARAMETER: Final = re.compile(r"\{[^}]*\}")
_OWN: Final = "{}/{}/{}"
_INVOICES: Final = "invoicereconciliation"

REQUESTS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("POST", "credentials"): ("credentials",),
    ("PUT", "credentials"): ("credentials",),
    ("PUT", "receiver/hubclientinfo/{}/{}"): ("client_info",),
    ("POST", "receiver/cdrs"): ("cdr",),
    ("POST", f"receiver/{_INVOICES}"): ("invoice",),
    ("PUT", f"receiver/{_INVOICES}/{_OWN}"): ("invoice",),
    ("PUT", f"receiver/locations/{_OWN}"): ("location",),
    ("PUT", f"receiver/locations/{_OWN}/{{}}"): ("evse",),
    ("PUT", f"receiver/locations/{_OWN}/{{}}/{{}}"): ("connector",),
    ("PATCH", f"receiver/locations/{_OWN}"): ("change",),
    ("PATCH", f"receiver/locations/{_OWN}/{{}}"): ("change",),
    ("PATCH", f"receiver/locations/{_OWN}/{{}}/{{}}"): ("change",),
    ("PUT", f"receiver/sessions/{_OWN}"): ("session",),
    ("PATCH", f"receiver/sessions/{_OWN}"): ("session_patch",),
    ("PUT", f"receiver/tariffs/{_OWN}"): ("tariff",),
    ("PUT", f"receiver/tokens/{_OWN}"): ("token",),
    ("PATCH", f"receiver/tokens/{_OWN}"): ("change",),
    ("POST", "sender/tokens/{}/authorize"): ("location_references",),
    ("POST", "receiver/commands/{}"): tuple(name.lower() for name in sorted(COMMANDS)),
    ("PUT", "receiver/chargingprofiles/{}"): ("set_charging_profile",),
    ("PUT", "sender/chargingprofiles/{}"): ("active_charging_profile",),
    ("PUT", "sender/sessions/{}/charging_preferences"): ("charging_preferences",),
    ("POST", "sender/commands/results/{}"): ("result",),
    ("POST", "sender/chargingprofiles/results/{}"): ("result",),
}
"""What bodies hold; of several models one."""

NO_BODY_NEEDED: Final = frozenset({("POST", "sender/tokens/{}/authorize")})

DATA: Final[Mapping[str, str]] = {
    "": "version_details",
    "credentials": "credentials",
    "receiver/hubclientinfo/{}/{}": "client_info",
    "receiver/cdrs/{}/{}": "cdr",
    f"receiver/{_INVOICES}/{_OWN}": "invoice",
    f"receiver/locations/{_OWN}": "location",
    f"receiver/locations/{_OWN}/{{}}": "evse",
    f"receiver/locations/{_OWN}/{{}}/{{}}": "connector",
    f"receiver/sessions/{_OWN}": "session",
    f"receiver/tariffs/{_OWN}": "tariff",
    f"receiver/tokens/{_OWN}": "token",
}
"""What the answer to a GET holds. Of what others answer (a location asked of its owner) nothing is promised."""

LISTS: Final[Mapping[str, str]] = {
    "sender/cdrs": "cdr",
    "sender/hubclientinfo": "client_info",
    f"sender/{_INVOICES}": "invoice",
    "sender/locations": "location",
    "sender/sessions": "session",
    "sender/tariffs": "tariff",
    "sender/tokens": "token",
    "reports/refusals": "refusal",
}
"""Of what a GET answers pages."""

QUERIES: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    **{(method, f"receiver/tokens/{_OWN}"): ("type",) for method in ("GET", "PUT", "PATCH")},
    ("POST", "sender/tokens/{}/authorize"): ("type",),
    ("GET", "receiver/chargingprofiles/{}"): ("duration", "response_url"),
    ("DELETE", "receiver/chargingprofiles/{}"): ("response_url",),
}
"""Parameters in the query, those of pages aside."""
NEEDED: Final = frozenset({"duration", "response_url"})


def shape(path: str, root: str) -> str:
    """Return the path of a route below its version's root as the tables here have it."""
    return _PARAMETER.sub("{}", path.removeprefix(root).strip("/"))
