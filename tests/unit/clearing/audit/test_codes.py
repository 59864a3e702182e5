import re
import string
from decimal import Decimal
from pathlib import Path

import pytest

from services.clearing.audit.codes import SENTENCES, Code, Severity
from services.clearing.audit.findings import find

PAGE = Path(__file__).parents[4] / "services" / "clearing" / "README.md"


def test_the_page_says_what_the_catalogue_says() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (INFORM|FLAG|DISPUTE|REJECT) \| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    assert rows
    for name, severity, meaning in rows:
        assert (severity, meaning) == (Code[name].severity, Code[name].meaning)


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
