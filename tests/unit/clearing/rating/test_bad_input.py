"""Whatever stands somewhere in a tariff or a CDR, there is a price or a reason why there is none."""

import random
from contextlib import suppress
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.clearing.rating.documents import UnreadableDocument, cdr_of, tariff_of
from services.clearing.rating.engine import rate
from services.clearing.rating.results import NotRated
from services.clearing.rating.text import explain
from tests.unit.clearing.rating.random_cases import random_case

WILD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30).map(Decimal),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.text(max_size=6),
    st.sampled_from(["2026-03-02T08:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "10:00", "MONDAY", "EUR"]),
    st.just([]),
    st.just({}),
)


def _spoil(document: Any, rng: random.Random, value: object) -> None:
    """Put a value somewhere into a document."""
    while True:
        keys = list(document) if isinstance(document, dict) else list(range(len(document)))
        if not keys:
            return
        where = rng.choice(keys)
        inner = document[where]
        if not isinstance(inner, dict | list) or rng.random() < 0.2:
            document[where] = value
            return
        document = inner


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**9), WILD, st.randoms(use_true_random=False))
def test_bad_input_has_a_reason_and_never_crashes(seed: int, wild: object, rng: random.Random) -> None:
    case = random_case(random.Random(seed))
    _spoil(rng.choice((*case.tariffs, case.cdr)), rng, wild)
    with suppress(UnreadableDocument):
        outcome = rate(cdr_of(case.cdr).session, [tariff_of(each) for each in case.tariffs], case.zone)
        assert all(isinstance(line, str) for line in explain(outcome, case.zone))
        assert not isinstance(outcome, NotRated) or outcome.reason
