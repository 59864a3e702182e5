from datetime import timedelta
from typing import Any

import pytest

from services.clearing.audit.codes import Code
from services.clearing.audit.missing import missing_cdrs
from tests.unit.clearing.samples import CSO, END, session

KEY = (CSO, "s1")
DAY = timedelta(days=1)
LATE = END + DAY + timedelta(seconds=1)


def test_a_session_that_ended_and_was_never_billed_is_found() -> None:
    (finding,) = missing_cdrs([(KEY, session())], set(), LATE, DAY)
    assert finding.code is Code.CDR_MISSING
    assert finding.numbers == {"session": "S1", "ended": "2026-03-01T10:00:00Z", "hours": "24"}


@pytest.mark.parametrize(
    ("changes", "billed", "now"),
    [
        ({}, {KEY}, LATE),
        ({}, set(), END + DAY),
        ({"state": "ACTIVE", "ended_at": None}, set(), LATE),
        ({"state": "INVALID"}, set(), LATE),
        ({"ended_at": None}, set(), LATE),
    ],
)
def test_a_session_that_is_billed_young_or_not_to_be_billed_is_legal(
    changes: dict[str, Any], billed: set[Any], now: Any
) -> None:
    assert list(missing_cdrs([(KEY, session(**changes))], billed, now, DAY)) == []
