"""Questions, answers and facts to decide from; each differs from the plain case only in what a test names."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from schemas.models.gateway import AuthorizationAnswered, AuthorizationRequested
from services.authorization.domain import Agreement, Credential

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

_QUESTION: dict[str, Any] = {
    "event_id": UUID(int=1),
    "occurred_at": NOW,
    "authorization_id": "authorization-1",
    "deadline": NOW + timedelta(seconds=5),
    "pseudonym": "p1",
    "sealed": b"sealed",
    "credential_type": "RFID",
    "visited_cso": "GB-DCC",
    "home_csp": "NL-TNM",
    "service": "CHARGING",
    "location_id": "LOC1",
    "evse_uids": ["1"],
    "reply_partition": 3,
    "reply_replica": "gateway-0",
}


def request(**other: Any) -> AuthorizationRequested:
    return AuthorizationRequested(**_QUESTION | other)


def answer(**other: Any) -> AuthorizationAnswered:
    return AuthorizationAnswered(**_QUESTION | {"answer": "ALLOWED"} | other)


def silence(failure: str = "UNREACHABLE", **other: Any) -> AuthorizationAnswered:
    return AuthorizationAnswered(**_QUESTION | {"answer": None, "failure": failure} | other)


def credential(**other: Any) -> Credential:
    plain = Credential("p1", "", version=7, home_csp="NL-TNM", whitelist="ALLOWED", valid=True, removed=False)
    return plain._replace(**other)


def agreement(**other: Any) -> Agreement:
    plain = Agreement(
        agreement_id="agreement-1",
        version=2,
        status="ACTIVE",
        services=("CHARGING",),
        decide_when_unreachable=False,
        trust_whitelist=False,
        valid_from=NOW - timedelta(days=1),
        valid_until=None,
    )
    return plain._replace(**other)
