from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.clearing.audit.facts import CreditedFact
from services.clearing.claims import claim_of
from services.clearing.matching import Named, deadline, is_ready, missing
from tests.unit.clearing.samples import CSP, END, NOW, agreement, cdr, facts, period, session, tariff

CREDIT = {"credit": True, "credit_reference_id": "C0"}


@pytest.mark.parametrize(
    ("changes", "known", "absent"),
    [
        ({}, {}, set()),
        ({}, {"session": None}, {Named.SESSION}),
        ({}, {"session": session(state="ACTIVE", ended_at=None)}, {Named.SESSION}),
        ({}, {"session": session(state="INVALID")}, set()),
        ({"session_id": None}, {"session": None}, set()),
        ({"tariffs": []}, {}, {Named.TARIFF}),
        ({"tariffs": [tariff(tariff_id="t1")]}, {}, set()),
        ({"tariffs": [tariff()], "periods": [period({}, "T1"), period({}, "T2")]}, {}, {Named.TARIFF}),
        ({"tariffs": [], "periods": [period({})]}, {}, set()),
        ({}, {"agreements": []}, {Named.AGREEMENT}),
        ({}, {"agreements": [agreement(valid_from=END)]}, {Named.AGREEMENT}),
        (CREDIT, {}, {Named.CREDITED}),
        (CREDIT, {"credited": CreditedFact("C0", 1, CSP, Decimal(1), "EUR", None)}, set()),
        ({"credit": True}, {}, set()),
        ({"location": cdr().location}, {"location": None}, set()),
    ],
)
def test_what_is_named_and_not_known(changes: dict[str, Any], known: dict[str, Any], absent: set[Named]) -> None:
    assert missing(claim_of(cdr(**changes)), facts(**known)) == absent


def test_a_deadline_counts_from_arrival() -> None:
    assert deadline(NOW, 60) == NOW + timedelta(minutes=1)


def test_a_cdr_waits_for_facts_or_for_its_deadline() -> None:
    claim, moment = claim_of(cdr()), timedelta(milliseconds=1)
    assert is_ready(claim, facts(), NOW + moment, NOW)
    assert not is_ready(claim, facts(session=None), NOW + moment, NOW)
    assert is_ready(claim, facts(session=None), NOW, NOW)
