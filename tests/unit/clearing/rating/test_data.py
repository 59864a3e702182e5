"""A price and its reasons as data that programs read."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from services.clearing.rating.data import outcome_data, rating_data
from services.clearing.rating.engine import rate
from services.clearing.rating.results import Line, NotRated, Part, Rating
from services.clearing.rating.sessions import Period
from services.clearing.rating.tariffs import Component, Element, Limit, Restrictions, Tariff
from tests.unit.clearing.rating.examples import outcome_of, session

START = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
ELEMENTS = [
    Element([Component("ENERGY", Decimal("0.25"), Decimal(10), Decimal(100))], Restrictions(min_kwh=Decimal(50))),
    Element([Component("ENERGY", Decimal("0.30"), None, Decimal(500))]),
]
USED = session(START, START + timedelta(hours=1), Period(START, {"ENERGY": Decimal("4.2000"), "TIME": Decimal(1)}))


def test_every_reason_and_number_is_there() -> None:
    found = rating_data(outcome_of(USED, Tariff("T1", "EUR", ELEMENTS, min_price=Limit(Decimal(2))), None))
    assert json.loads(json.dumps(found)) == found
    assert found["parts"][0] == {
        "period": 1,
        "started_at": "2026-03-02T08:30:00Z",
        "ended_at": "2026-03-02T09:30:00Z",
        "tariff_id": "T1",
        "dimension": "ENERGY",
        "volume": "4.2",
        "element": 2,
        "skipped": [{"element": 1, "reason": "only from 50 kWh on"}],
        "interpolated": False,
        "price": "0.3",
    }
    assert found["parts"][1]["element"] is None
    assert found["parts"][1]["price"] is None
    assert found["lines"][0] == {
        "tariff_id": "T1",
        "element": 2,
        "component_type": "ENERGY",
        "reservation": False,
        "measured": "4.2",
        "volume": "4.5",
        "unit": "KWH",
        "step_size": "500",
        "price": "0.3",
        "vat_percent": None,
        "amount_excl_tax": "1.35",
        "tax_amount": None,
        "amount_incl_tax": None,
        "tax_included": False,
        "bounds": [],
    }
    assert (found["lines"][1]["component_type"], found["lines"][1]["amount_excl_tax"]) == ("ADJUSTMENT", "0.65")
    assert found["lines"][1]["bounds"] == [{"name": "min_price", "with_tax": False, "amount": "2"}]
    assert found["rounding"] == {"rule": {"mode": "HALF_UP", "digits": 2}, "per_line": False}
    assert (found["currency"], found["excl_tax"], found["incl_tax"]) == ("EUR", "2", None)


def test_no_field_of_a_result_is_left_out() -> None:
    found = rating_data(outcome_of(USED, Tariff("T1", "EUR", ELEMENTS), None))
    assert set(found["parts"][0]) == set(Part._fields)
    assert set(found["lines"][0]) == set(Line._fields)
    assert set(found) == set(Rating.__struct_fields__)


def test_why_there_is_no_price() -> None:
    assert outcome_data(NotRated("it rained")) == {"rating": None, "not_rated": "it rained"}
    outcome = rate(USED, [Tariff("T1", "EUR", ELEMENTS)], None)
    assert isinstance(outcome, Rating)
    assert outcome_data(outcome) == {"rating": rating_data(outcome), "not_rated": None}
