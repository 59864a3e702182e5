import re
import string
from decimal import Decimal
from pathlib import Path

import pytest

from services.clearing.audit.codes import SENTENCES, Code, Severity
from services.clearing.audit.findings import find
from tests.unit.clearing.audit import (
    test_authorization,
    test_credit,
    test_document,
    test_documents,
    test_duplicates,
    test_energy,
    test_metering,
    test_missing,
    test_numbering,
    test_overlaps,
    test_periods,
    test_price,
    test_session,
    test_tariffs,
    test_terms,
    test_times,
    test_totals,
)

PAGE = Path(__file__).parents[4] / "services" / "clearing" / "README.md"


TESTED_BY_NAME = {
    Code.CDR_UNREADABLE: test_documents,
    Code.TEXT_TOO_LONG: test_documents,
    Code.NUMBERING_GAP: test_numbering,
    Code.CDR_MISSING: test_missing,
}
SUBJECTS = (
    *(test_authorization, test_credit, test_document, test_duplicates, test_energy, test_metering, test_overlaps),
    *(test_periods, test_price, test_session, test_tariffs, test_terms, test_times, test_totals),
)


def test_the_page_says_what_the_catalogue_says() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (INFORM|FLAG|DISPUTE|REJECT) \| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    assert rows == [(code.value, code.severity.value, code.meaning) for code in Code]


def test_each_code_has_a_cdr_in_which_it_is_found_and_a_legal_one_in_which_it_is_not() -> None:
    for examples in ("FOUND", "LEGAL"):
        tested = {each.code for subject in SUBJECTS for each in getattr(subject, examples)}
        assert tested | TESTED_BY_NAME.keys() == set(Code)
    for code, subject in TESTED_BY_NAME.items():
        assert code.name in Path(subject.__file__ or "").read_text()


def test_every_code_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Code)


@pytest.mark.parametrize("code", Code)
def test_a_code_is_its_name_and_knows_itself(code: Code) -> None:
    assert (code.value, Code[code.value]) == (code.name, code)
    assert isinstance(code.severity, Severity)
    assert code.meaning
    assert not code.meaning.endswith(".")


@pytest.mark.parametrize("code", Code)
def test_the_sentence_takes_its_numbers(code: Code) -> None:
    names = [name for _, name, _, _ in string.Formatter().parse(SENTENCES[code]) if name]
    finding = find(code, **dict.fromkeys(names, Decimal("12.50000000")))
    assert finding.detail.count("12.5") == len(names)
    assert "{" not in finding.detail
    assert finding.detail.endswith(".")
