"""Tokens: the credential that one stands for, changes of it, and its event (mod_tokens)."""

from collections.abc import Mapping
from typing import Any

from schemas.models.gateway import CredentialIssued
from services.gateway.ocpi.common.dialect import Dialect
from services.gateway.ocpi.common.events import event
from services.gateway.ocpi.common.wire import PATCH
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.envelope import Missing, Status
from services.gateway.ocpi.types import check, owner_of
from services.gateway.states import Merged, Push, State
from services.gateway.vault import Credential
from services.runtime.events import Event


def credential_of(token: Mapping[str, Any]) -> Credential:
    """Return the credential that a token, or a session's or CDR's copy of one, stands for."""
    return Credential(owner_of(token["country_code"], token["party_id"]), token["type"], token["uid"])


def named_credential(content: Mapping[str, Any]) -> Credential | None:
    """Return the credential that a session or a CDR names; a change names one only where another token took over."""
    token = content.get("cdr_token")
    return None if token is None else credential_of(token)


def merge(dialect: Dialect, push: Push, held: Document | None) -> Merged:
    """Return the whole token after a change.

    Raises:
        OcpiError: 2004 when the token is not known, 2001 when the result is no valid token.
    """
    if held is None:
        raise Missing("the token is not known: PUT it whole first", Status.UNKNOWN_TOKEN)
    document = {**held, **push.document}
    return Merged(document, check(dialect.models.token, document), check(PATCH, held)["last_updated"])


def token_event(state: State) -> Event:
    """Return `credential.issued`; the token itself is in it sealed only."""
    found = state.wire
    fields = {
        "pseudonym": state.pseudonym,
        "home_csp": state.owner,
        "audience": state.audience,
        "credential_type": found["type"],
        "whitelist": found["whitelist"],
        "valid": found["valid"],
        "removed": state.removed,
        "last_updated": state.last_updated,
    }
    key = f"{state.pseudonym}|{state.audience}"
    return event(
        "credential.issued",
        CredentialIssued,
        state,
        fields,
        key,
        distinct=state.audience,
        partition_key=state.pseudonym,
    )
