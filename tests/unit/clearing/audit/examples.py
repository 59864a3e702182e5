"""Claims free of any event, what is known about them, and what an audit finds; tests vary both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from services.clearing.audit.claims import Claim, Cost
from services.clearing.audit.codes import Code
from services.clearing.audit.engine import Audit, audit
from services.clearing.audit.facts import Facts
from services.clearing.audit.rules import AuditRules
from services.clearing.rating.sessions import Period, Session
from services.clearing.rating.tariffs import Component, Element, Tariff
from tests.unit.clearing.samples import CSO, CSP, END, START, facts

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
UNKNOWN_TIME = datetime.fromisoformat("1970-01-01T00:00:00Z")
PER_KWH = Component("ENERGY", Decimal("0.25"), Decimal(10))
PER_HOUR = Component("TIME", Decimal(1), Decimal(10))


def tariff(*components: Component, **changes: Any) -> Tariff:
    """A tariff of one element."""
    values: dict[str, Any] = {"tariff_id": "T1", "currency": "EUR", "elements": [Element(components or (PER_KWH,))]}
    return Tariff(**(values | changes))


def period(volumes: Mapping[str, str], started_at: datetime = START, tariff_id: str | None = "T1") -> Period:
    return Period(started_at, {kind: Decimal(volume) for kind, volume in volumes.items()}, tariff_id)


def claim(**changes: Any) -> Claim:
    """A CDR of 20 kWh in two hours at 0.25 a kWh and 10 % tax: 5.00 without tax, 5.50 with it. It has no fault."""
    used: dict[str, Any] = {
        "started_at": START,
        "ended_at": END,
        "currency": "EUR",
        "periods": (period({"ENERGY": "20", "TIME": "2"}),),
        "totals": {"ENERGY": Decimal(20), "TIME": Decimal(2)},
    }
    used = {name: changes.pop(name, value) for name, value in used.items()}
    values: dict[str, Any] = {
        "visited_cso": CSO,
        "home_csp": CSP,
        "cdr_id": "C1",
        "used": Session(**used),
        "total_excl_tax": Decimal("5.00"),
        "total_incl_tax": Decimal("5.50"),
        "energy": Decimal(20),
        "hours": Decimal(2),
        "parts": {"energy": Cost(Decimal("5.00"), Decimal("5.50"))},
        "tariffs": [tariff()],
        "session_id": "S1",
        "credential": "p-1",
        "location_id": "L1",
        "evse_uid": "E1",
        "connector_id": "1",
    }
    return Claim(**(values | changes))


@dataclass(frozen=True)
class Example:
    """A CDR in which a code is found, or one that is legal and looks like it."""

    code: Code
    claim: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    rules: Mapping[str, Any] = field(default_factory=dict)

    @property
    def audited(self) -> Audit:
        return audited(facts(**self.facts), self.rules, **self.claim)


def audited(known: Facts | None = None, rules: Mapping[str, Any] | None = None, **changes: Any) -> Audit:
    return audit(claim(**changes), facts() if known is None else known, AuditRules(**(rules or {})))


def codes(found: Audit) -> set[Code]:
    return {finding.code for finding in found.findings}
