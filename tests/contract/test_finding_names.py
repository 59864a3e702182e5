"""What agreements may say of findings is just what clearing can find and do."""

from services.clearing.audit import codes
from services.core import findings


def test_every_finding_can_be_agreed_on_by_its_name_and_no_other() -> None:
    assert [code.value for code in findings.Code] == [code.value for code in codes.Code], (
        "services/core/findings.py has to name the codes of clearing's catalogue, in its order"
    )


def test_severities_are_the_same_from_the_mildest_to_the_worst() -> None:
    assert [each.value for each in findings.Severity] == [each.value for each in codes.Severity]
