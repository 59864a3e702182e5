"""Which of our authorizations opened a session."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.sessions.domain import Report


@dataclass(frozen=True, slots=True)
class Authorization:
    """An authorization that the CSO was told is ALLOWED, of the session's CSO and credential."""

    authorization_id: str
    reference: str | None
    location_id: str | None
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """When a session without a reference may have been authorized: so long before its start, and, as the clocks of CSO
    and platform differ, so little after it.
    """

    before: timedelta
    after: timedelta


def opened_by(report: Report, candidates: Iterable[Authorization], window: Window) -> str | None:
    """Return the authorization that opened a session, the same whatever came first.

    A session that gives a reference was opened by the one with that reference and by no other (OCPI 2.2.1 mod_sessions,
    authorization_reference). Without one it is the last that was asked, at this location or at none, within the window
    about the start; None where there is none.
    """
    if report.authorization_reference is not None:
        wanted = report.authorization_reference.casefold()
        fitting = [each for each in candidates if each.reference is not None and each.reference.casefold() == wanted]
    else:
        fitting = [each for each in candidates if _precedes(each, report, window)]
    newest = max(fitting, key=lambda each: (each.asked_at, each.authorization_id), default=None)
    return None if newest is None else newest.authorization_id


def _precedes(authorization: Authorization, report: Report, window: Window) -> bool:
    same_place = (
        authorization.location_id is None or authorization.location_id.casefold() == report.location_id.casefold()
    )
    return same_place and -window.after <= report.started_at - authorization.asked_at <= window.before
