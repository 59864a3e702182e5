from datetime import timedelta

import pytest

from services.clearing.audit.codes import Code
from tests.unit.clearing.audit.examples import Example, codes, tariff
from tests.unit.clearing.samples import END, START, agreement, session

FOUND = [
    Example(Code.NO_AGREEMENT, facts={"agreements": []}),
    Example(Code.NO_AGREEMENT, facts={"agreements": [agreement(valid_from=END)]}),
    Example(Code.NO_AGREEMENT, facts={"agreements": [agreement(valid_until=START)]}),
    Example(Code.CURRENCY_MISMATCH, {"currency": "GBP"}),
    Example(Code.CURRENCY_MISMATCH, {"tariffs": [tariff(), tariff(tariff_id="T2", currency="GBP")]}),
    Example(Code.CURRENCY_MISMATCH, {"tariffs": []}, {"tariffs": {"t1": tariff(currency="GBP")}}),
    Example(Code.CURRENCY_MISMATCH, facts={"session": session(currency="GBP")}),
]
LEGAL = [
    Example(Code.NO_AGREEMENT, facts={"agreements": [agreement(valid_from=START, valid_until=START + timedelta(1))]}),
    Example(Code.CURRENCY_MISMATCH),
    # Of a published tariff that the CDR copies, the copy counts.
    Example(Code.CURRENCY_MISMATCH, facts={"tariffs": {"t1": tariff(currency="GBP")}}),
]


@pytest.mark.parametrize("example", FOUND)
def test_found(example: Example) -> None:
    assert example.code in codes(example.audited)


@pytest.mark.parametrize("example", LEGAL)
def test_legal(example: Example) -> None:
    assert example.code not in codes(example.audited)


def test_without_an_agreement_nothing_is_rated_and_the_cdr_is_rejected() -> None:
    found = Example(Code.NO_AGREEMENT, facts={"agreements": []}).audited
    assert found.rated is None
    assert found.verdict == "REJECTED"
