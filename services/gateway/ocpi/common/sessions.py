"""Sessions: changes of one, and the event that reports its newest state (mod_sessions)."""

from typing import Any, Final

from schemas.models.gateway import SessionReported
from services.gateway.objects import difference
from services.gateway.ocpi.common.dialect import Dialect
from services.gateway.ocpi.common.events import event
from services.gateway.ocpi.common.wire import PATCH
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.envelope import Missing, OcpiError
from services.gateway.ocpi.types import as_decimal, check
from services.gateway.states import Merged, Push, State
from services.runtime.events import Event

# The text says RESERVED where its enumeration says RESERVATION (mod_sessions, Reservation and SessionStatus).
_STATUS: Final = {
    "ACTIVE": "ACTIVE",
    "COMPLETED": "COMPLETED",
    "INVALID": "INVALID",
    "PENDING": "PENDING",
    "RESERVATION": "RESERVATION",
    "RESERVED": "RESERVATION",
}


def check_session(dialect: Dialect, document: Document) -> Any:
    """Return a whole session as its wire model.

    Raises:
        OcpiError: 2001, naming what is missing or wrong.
    """
    return check(dialect.models.session, document)


def merge(dialect: Dialect, push: Push, held: Document | None) -> Merged:
    """Return the whole session after a PATCH: its charging periods are appended, all else is replaced by name.

    A PATCH that comes again, as after a lost answer, appends nothing: it has the date of the state that we hold, and
    that state's last periods are its own.

    Raises:
        OcpiError: 2001 when the session is not known (HTTP 404) or the result is no valid session.
    """
    if held is None:
        raise Missing("the session is not known: PUT it whole first")
    held_date = check(PATCH, held)["last_updated"]
    periods, more = list(held.get("charging_periods") or []), push.document.get("charging_periods") or []
    if not isinstance(more, list):
        raise OcpiError("charging_periods: must be a list")
    repeated = held_date == push.last_updated and difference(periods[len(periods) - len(more) :], more) is None
    document = {**held, **push.document}
    if periods or more:
        document["charging_periods"] = periods if repeated else periods + more
    return Merged(document, check_session(dialect, document), held_date)


def session_event(dialect: Dialect, state: State) -> Event:
    """Return `session.reported`.

    Raises:
        OcpiError: 2001, when a number does not fit decimal(28,8).
    """
    found = state.wire
    fields: dict[str, Any] = {
        "visited_cso": state.owner,
        "home_csp": state.receiver,
        "session_id": state.object_id,
        "pseudonym": state.pseudonym,
        "credential_type": found["cdr_token"]["type"],
        "status": _STATUS[found["status"]],
        "started_at": found["start_date_time"],
        "ended_at": found.get("end_date_time"),
        "kwh": as_decimal(found["kwh"], "kwh"),
        "auth_method": found["auth_method"],
        "authorization_reference": found.get("authorization_reference"),
        "location_id": found["location_id"],
        "evse_uid": found["evse_uid"],
        "connector_id": found["connector_id"],
        "currency": found["currency"].upper(),
        **dialect.price.fields(found.get("total_cost"), "total_cost", as_decimal),
        "last_updated": state.last_updated,
    }
    return event("session.reported", SessionReported, state, fields, f"{state.owner}|{state.object_id}")
