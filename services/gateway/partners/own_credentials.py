"""The credentials object that we give: pure, for each version of OCPI (credentials, Credentials object)."""

from collections.abc import Sequence
from typing import Any

from services.gateway.ocpi.versions import V2_2_1, Version
from services.gateway.partners.reachable import Reachable
from services.gateway.partners.versions import BASE
from services.gateway.settings import OwnSettings


def own_credentials(version: Version, own: OwnSettings, token: str, others: Sequence[Reachable]) -> dict[str, Any]:
    """Return our credentials with a token.

    In 2.2.1 the hub reports itself alone, with the role HUB; partners learn of the others by hubclientinfo. From 2.3.0
    on `hub_party_id` says who the hub is and `roles` names who can be reached through it. `roles` needs one entry at
    least: where nobody can be reached yet that is ourselves, with the role OTHER, since HUB is no role any more.
    """
    country_code, _, party_id = own.party.partition("-")
    given = {"token": token, "url": f"{own.public_url}{BASE}/versions"}
    if version == V2_2_1:
        return given | {"roles": [Reachable(own.party, "HUB", own.name).credentials_role()]}
    roles = [each.credentials_role() for each in others]
    myself = Reachable(own.party, "OTHER", own.name).credentials_role()
    return given | {"hub_party_id": country_code + party_id, "roles": roles or [myself]}
