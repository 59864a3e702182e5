"""Whatever a document says, there is a report of it."""

import copy
import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.clearing.reporting import as_text
from services.clearing.reporting.as_data import as_data
from services.clearing.reporting.as_page import as_page
from tests.unit.clearing.reporting.samples import NOW, TARIFF, audited, cdr, terms

JUNK: list[Any] = [
    *(None, True, "", "x", -1, 0, 1e-9, 1e19, 10**25, 1e308, -1e308, [], {}, [[]], [None], {"a": []}),
    *("NaN", "Infinity", "1,5", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2025-02-30T00:00:00Z", "\u0000\u202e"),
    *("EUR", "ENERGY", "\ud800", "x" * 500, "2025-03-01T10:00:00+14:00", float("nan"), float("inf")),
]


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a document."""
    inner = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return (
        [path, *(place for name, value in inner for place in places(value, (*path, name)))]
        if path
        else [place for name, value in inner for place in places(value, (*path, name))]
    )


PLACES = places(cdr(credit=False, credit_reference_id="C0", total_parking_time=0, total_energy_cost={"excl_vat": 4}))


def broken(changes: list[tuple[tuple[Any, ...], Any]]) -> dict[str, Any]:
    """A CDR with other values at these places, as far as they are still there."""
    found = copy.deepcopy(cdr(credit=False, credit_reference_id="C0", total_energy_cost={"excl_vat": 4}))
    for path, value in changes:
        inner: Any = found
        try:
            for name in path[:-1]:
                inner = inner[name]
            inner[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue
    return found


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(JUNK)), max_size=3), min_size=8, max_size=8)
)
def test_no_document_is_too_bad_for_a_report(rows: list[list[tuple[tuple[Any, ...], Any]]]) -> None:
    documents = [broken(changes) for changes in rows]
    with tempfile.TemporaryDirectory() as name:
        lines = "\n".join(json.dumps(each) for each in documents)
        report, judged = audited(Path(name), lines, terms(tariffs=[TARIFF]))
        assert len(judged) == len(documents)
        assert report.summary.rows == len(documents)
        told = json.loads(json.dumps(as_data(report, NOW)))
        assert sum(told["verdicts"].values()) == len(documents)
        as_text.plain(told)


def test_a_page_is_drawn_of_every_kind_of_junk_at_every_place(tmp_path: Path) -> None:
    documents = [broken([(place, junk)]) for number, place in enumerate(PLACES) for junk in JUNK[number % 5 :: 5]]
    report, _ = audited(tmp_path, "\n".join(json.dumps(each) for each in documents), terms(tariffs=[TARIFF]))
    assert report.summary.rows == len(documents)
    page = as_page(as_data(report, NOW))
    assert page.encode("utf-8", "strict")
