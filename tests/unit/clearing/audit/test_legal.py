"""What OCPI allows is no fault by default: such CDRs are accepted, whatever of it is told."""

import json
from decimal import Decimal
from typing import Any

import pytest

from services.clearing.audit import documents
from services.clearing.audit.claims import Claim, Cost
from services.clearing.audit.codes import Severity
from services.clearing.audit.engine import Audit, audit
from services.clearing.audit.findings import Verdict
from services.clearing.audit.rules import AuditRules
from services.clearing.rating.tariffs import Component, Limit
from tests.unit.clearing.audit.documents import PLACE, document
from tests.unit.clearing.audit.documents import period as period_json
from tests.unit.clearing.audit.documents import tariff as tariff_json
from tests.unit.clearing.audit.examples import HOUR, PER_KWH, audited, period, tariff
from tests.unit.clearing.samples import START, facts

NOBODY = {"session_id": None}
RESERVED = {"evse_uid": "#NA", "evse_id": "#NA", "connector_id": "#NA"}
FED_BACK = {
    "energy": Decimal(-20),
    "periods": (period({"ENERGY": "-20", "TIME": "2", "MIN_POWER": "-11"}),),
    "total_excl_tax": Decimal("-5.00"),
    "total_incl_tax": Decimal("-5.50"),
    "parts": {"energy": Cost(Decimal("-5.00"), Decimal("-5.50"))},
}
SAID = facts()
UNSAID = facts(session=None)


def accepted(found: Audit) -> bool:
    assert {finding.severity for finding in found.findings} <= {Severity.INFORM}, found.findings
    return found.verdict is Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("known", "changes"),
    [
        pytest.param(UNSAID, NOBODY, id="no session"),
        pytest.param(
            UNSAID, NOBODY | {"tariffs": [], "periods": (period({"ENERGY": "20"}, START, None),)}, id="no tariff"
        ),
        pytest.param(facts(location=None), {}, id="a location that was not published"),
        pytest.param(UNSAID, FED_BACK | NOBODY, id="energy that flows back"),
        pytest.param(
            UNSAID,
            NOBODY
            | {"tariffs": [tariff(PER_KWH, min_price=Limit(Decimal(6)))], "total_excl_tax": Decimal(6)}
            | {"total_incl_tax": Decimal("6.60")},
            id="a least price that is in the total and in no part",
        ),
        pytest.param(
            SAID,
            {"periods": (period({"ENERGY": "20", "TIME": "1"}), period({"PARKING_TIME": "1"}, START + HOUR))}
            | {
                "parking_hours": Decimal("0.5"),
                "tariffs": [tariff(PER_KWH, Component("PARKING_TIME", Decimal(0), Decimal(10)))],
            },
            id="parking time by the newer meaning beside a total by the older one",
        ),
        pytest.param(
            SAID,
            {"periods": (period({"ENERGY": "10", "TIME": "1"}, START + HOUR), period({"ENERGY": "10", "TIME": "1"}))},
            id="periods in no order",
        ),
    ],
)
def test_what_the_text_allows_is_accepted(known: Any, changes: dict[str, Any]) -> None:
    assert accepted(audited(known, **changes))


def test_a_reservation_that_nobody_used_is_accepted() -> None:
    component = {"type": "TIME", "price": 2.5, "vat": 10, "step_size": 60}
    elements = [{"price_components": [component], "restrictions": {"reservation": "RESERVATION"}}]
    sent = document(
        session_id=None,
        cdr_location=PLACE | RESERVED,
        charging_periods=[period_json(dimensions=[{"type": "RESERVATION_TIME", "volume": 2}])],
        tariffs=[tariff_json(elements=elements)],
        total_energy=0,
        total_energy_cost=None,
        total_time=0,
    )
    claim = documents.read(documents.parse(json.dumps(sent).encode()))
    assert isinstance(claim, Claim)
    found = audit(claim, UNSAID, AuditRules())
    assert accepted(found)
    assert found.rated is not None
    assert found.rated.incl_tax == Decimal("5.50")
