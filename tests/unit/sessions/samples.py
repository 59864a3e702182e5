"""Reports that tests vary."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from services.sessions.domain import Report, State

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def report(**changes: Any) -> Report:
    """The first report of a session that is active."""
    values: dict[str, Any] = {
        "visited_cso": "BE-BEC",
        "home_csp": "NL-TNM",
        "session_id": "S1",
        "version": 1,
        "pseudonym": "p-1",
        "state": State.ACTIVE,
        "started_at": START,
        "ended_at": None,
        "kwh": Decimal(0),
        "authorization_reference": None,
        "location_id": "L1",
        "evse_uid": "E1",
        "connector_id": "1",
        "currency": "EUR",
        "total_cost_excl_tax": None,
        "total_cost_incl_tax": None,
        "last_updated": START,
    }
    return Report(**(values | changes))


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)
