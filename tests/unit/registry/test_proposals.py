"""What an operator may propose."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from services.core.findings import Code, Severity
from services.registry.proposals import Invitation, Role, ServiceKind, Terms

PARTNER: dict[str, Any] = {"party": "NL-TNM", "name": "The New Motion", "roles": ["CSP"]}
AGREEMENT: dict[str, Any] = {"visited_cso": "GB-DCC", "home_csp": "NL-TNM"}


def test_parties_are_upper_case_and_lists_sorted_once() -> None:
    invitation = Invitation.model_validate(PARTNER | {"party": "nl-tnm", "roles": ["CSP", "CSO", "CSP"]})
    assert (invitation.party, invitation.roles) == ("NL-TNM", (Role.CSO, Role.CSP))
    terms = Terms.model_validate(AGREEMENT | {"services": ["PARKING", "CHARGING", "PARKING"]})
    assert terms.services == (ServiceKind.CHARGING, ServiceKind.PARKING)


@pytest.mark.parametrize(
    "wrong",
    [
        {"party": "NLTNM"},
        {"party": "NL-TNMX"},
        {"name": ""},
        {"name": "a\0b"},
        {"name": "x" * 101},
        {"roles": []},
        {"roles": ["HUB"]},
        {"platform": "a\nb"},
        {"token": "chosen by the operator"},
    ],
)
def test_an_invitation_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Invitation.model_validate(PARTNER | wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"home_csp": "GB-DCC"},
        {"mode": "HUB"},
        {"services": []},
        {"total_tolerance": Decimal("-0.01")},
        {"total_tolerance": Decimal("0.000000001")},
        {"total_tolerance": Decimal("NaN")},
        {"rounding_mode": "UP"},
        {"rounding_digits": 9},
        {"finding_severities": {"TOTAL_MISMACH": "FLAG"}},
        {"finding_severities": {"TOTAL_MISMATCH": "IGNORE"}},
        {"finding_severities": ["TOTAL_MISMATCH"]},
        {"cdr_due_after_hours": 0},
        {"cdr_due_after_hours": 1.5},
        {"valid_from": "2026-03-01T00:00:00"},
        {"valid_until": "0001-01-01T00:00:00+12:00"},
    ],
)
def test_terms_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Terms.model_validate(AGREEMENT | wrong)


def test_terms_as_text_and_as_numbers_are_the_same() -> None:
    given = {"total_tolerance": Decimal("0.1"), "rounding_mode": "HALF_EVEN", "valid_from": "2026-03-01T00:00:00.0004Z"}
    terms = Terms.model_validate(AGREEMENT | given)
    assert terms == Terms.model_validate_json(terms.model_dump_json())


def test_what_findings_do_can_be_agreed_on() -> None:
    severities = {"TOTAL_MISMATCH": "DISPUTE", "ENERGY_ZERO": "FLAG"}
    terms = Terms.model_validate(AGREEMENT | {"finding_severities": severities})
    assert list(terms.finding_severities.items()) == [
        (Code.ENERGY_ZERO, Severity.FLAG),
        (Code.TOTAL_MISMATCH, Severity.DISPUTE),
    ]
    assert terms == Terms.model_validate_json(terms.model_dump_json())


def test_who_agrees_on_nothing_gets_the_catalogue_and_rounded_totals() -> None:
    terms = Terms.model_validate(AGREEMENT)
    assert (terms.finding_severities, terms.rounding_per_line, terms.cdr_due_after_hours) == ({}, False, None)
