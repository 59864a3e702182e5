"""The life cycle of a service session: what we hold true after any number of reports, in any order.

A CSO reports a session again and again, and reports may overtake each other. So the state is no chain of transitions
but a merge that does not depend on order: of all reports the one that counts is the newest that says the session is
over, or else the newest. An end never un-ends. What the reports contradict each other in is kept as anomaly codes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from services.core.errors import BadContent


class State(StrEnum):
    """Where a session stands."""

    RESERVED = "RESERVED"
    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"
    INVALID = "INVALID"

    @property
    def is_over(self) -> bool:
        """Whether nothing more is expected."""
        return self in {State.COMPLETED, State.INVALID}


class Anomaly(StrEnum):
    """What is wrong with the reports of a session."""

    END_BEFORE_START = "END_BEFORE_START"
    END_MISSING = "END_MISSING"
    ENERGY_NEGATIVE = "ENERGY_NEGATIVE"
    ENERGY_DECREASED = "ENERGY_DECREASED"
    REPORT_AFTER_END = "REPORT_AFTER_END"
    START_CHANGED = "START_CHANGED"
    PLACE_CHANGED = "PLACE_CHANGED"
    CREDENTIAL_CHANGED = "CREDENTIAL_CHANGED"
    CURRENCY_CHANGED = "CURRENCY_CHANGED"


# OCPI's text says RESERVED where its enum says RESERVATION (mod_sessions, SessionStatus).
_STATES: Final = MappingProxyType({state.value: state for state in State} | {"RESERVATION": State.RESERVED})

Span = tuple[str, str]
"""The least and the greatest of what several reports said: equal while they agree, and the same in any order."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the CSO said of a session at one time, whole.

    Attributes:
        version: Of the gateway's row; tells apart two reports of the same `last_updated`.
        started_at: While PENDING or RESERVED, when the session was created; later, when it became active.
        kwh: Energy so far.
        last_updated: As the CSO says.
    """

    visited_cso: str
    home_csp: str
    session_id: str
    version: int
    pseudonym: str
    state: State
    started_at: datetime
    ended_at: datetime | None
    kwh: Decimal
    authorization_reference: str | None
    location_id: str
    evse_uid: str
    connector_id: str
    currency: str
    total_cost_excl_tax: Decimal | None
    total_cost_incl_tax: Decimal | None
    last_updated: datetime

    @property
    def order(self) -> tuple[datetime, int]:
        """What makes one report newer than another."""
        return self.last_updated, self.version


@dataclass(frozen=True, slots=True)
class Track:
    """A session as all reports together say.

    Attributes:
        report: The one that counts.
        newest: The order of the newest report, which may be one that came after the end and does not count.
        highest_kwh: The most energy that any report said.
        spans: What must not change from report to report, by the anomaly that it is when it does.
    """

    report: Report
    newest: tuple[datetime, int]
    highest_kwh: Decimal
    spans: Mapping[Anomaly, Span]


def state_of(status: str) -> State:
    """Return the state that a reported status means.

    Raises:
        BadContent: when it is none of OCPI's.
    """
    if status not in _STATES:
        raise BadContent("unknown session status")
    return _STATES[status]


def track(known: Track | None, report: Report) -> Track:
    """Return the session after one more report; the same reports in any order, also repeated, give the same."""
    if known is None:
        return Track(report, report.order, report.kwh, _spans(report))
    return replace(
        known,
        report=max(known.report, report, key=_weight),
        newest=max(known.newest, report.order),
        highest_kwh=max(known.highest_kwh, report.kwh),
        spans=_widened(known.spans, _spans(report)),
    )


def anomalies(session: Track) -> list[Anomaly]:
    """Return what is wrong with a session's reports, in the order of the catalogue."""
    report = session.report
    found = {anomaly for anomaly, (low, high) in session.spans.items() if low != high}
    if report.ended_at is not None and report.ended_at < report.started_at:
        found.add(Anomaly.END_BEFORE_START)
    if report.state is State.COMPLETED and report.ended_at is None:
        found.add(Anomaly.END_MISSING)
    if report.kwh < 0:
        found.add(Anomaly.ENERGY_NEGATIVE)
    if report.kwh < session.highest_kwh:
        found.add(Anomaly.ENERGY_DECREASED)
    if session.newest > report.order:
        found.add(Anomaly.REPORT_AFTER_END)
    return [anomaly for anomaly in Anomaly if anomaly in found]


def _weight(report: Report) -> tuple[bool, datetime, int]:
    return report.state.is_over, *report.order


def _spans(report: Report) -> dict[Anomaly, Span]:
    said = {
        Anomaly.PLACE_CHANGED: "|".join((report.location_id, report.evse_uid, report.connector_id)).casefold(),
        Anomaly.CREDENTIAL_CHANGED: report.pseudonym,
        Anomaly.CURRENCY_CHANGED: report.currency,
    }
    if report.state not in {State.PENDING, State.RESERVED}:
        said[Anomaly.START_CHANGED] = report.started_at.isoformat(timespec="milliseconds")
    return {anomaly: (text, text) for anomaly, text in said.items()}


def _widened(known: Mapping[Anomaly, Span], added: Mapping[Anomaly, Span]) -> dict[Anomaly, Span]:
    merged = dict(known)
    for anomaly, (low, high) in added.items():
        known_low, known_high = merged.get(anomaly, (low, high))
        merged[anomaly] = min(known_low, low), max(known_high, high)
    return merged
