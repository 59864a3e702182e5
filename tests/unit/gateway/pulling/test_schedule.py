"""When lists are walked, from where on, and what failures mean."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.deliveries.verdict import Failing, Result
from services.gateway.partners.options import PartnerOptions
from services.gateway.pulling.schedule import (
    Cadence,
    Schedule,
    Setback,
    after_failure,
    after_walk,
    cadence,
    date_from,
    kind_due,
)
from services.gateway.pulling.settings import PullSettings
from services.gateway.pulling.walking import Kind, Walk, smaller

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CADENCE = Cadence(
    delta_seconds=300,
    reconcile_seconds=86_400,
    confirm_seconds=900,
    overlap_seconds=60,
    lookback_seconds=7_200,
    history_seconds=86_400 * 31,
    push_memory_seconds=86_400 * 7,
)
FULL, DELTA = Walk(Kind.FULL, NOW, "c", 100), Walk(Kind.DELTA, NOW, "c", 100)
BUSY = Result(http_status=503, message="HTTP 503")
REFUSED = Result(http_status=200, ocpi_status=2001, message="HTTP 200, OCPI 2001")


def test_a_full_walk_comes_before_any_delta() -> None:
    assert kind_due(Schedule(NOW + HOUR), NOW) is Kind.FULL
    assert kind_due(Schedule(NOW + HOUR, NOW, high_water=NOW), NOW) is Kind.DELTA
    assert kind_due(Schedule(NOW, NOW, high_water=NOW), NOW) is Kind.FULL


@pytest.mark.ocpi_rule(9)
@pytest.mark.parametrize("module", ["sessions", "cdrs"])
@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("high_water", [None, NOW - HOUR])
def test_sessions_are_always_asked_for_with_date_from(module: str, kind: Kind, high_water: datetime | None) -> None:
    schedule = Schedule(NOW, None, high_water)
    assert date_from(module, kind, schedule, NOW, cadence=CADENCE, agreed_from=NOW - 2 * HOUR) is not None


def test_cdrs_from_before_the_agreement_are_not_fetched() -> None:
    recent, long_ago = NOW - HOUR, NOW - timedelta(days=400)
    schedule = Schedule(NOW)
    assert date_from("cdrs", Kind.FULL, schedule, NOW, cadence=CADENCE, agreed_from=recent) == recent
    oldest = NOW - timedelta(days=31)
    assert date_from("cdrs", Kind.FULL, schedule, NOW, cadence=CADENCE, agreed_from=long_ago) == oldest


def test_a_full_walk_of_locations_has_no_filter() -> None:
    schedule = Schedule(NOW, None, NOW)
    assert date_from("locations", Kind.FULL, schedule, NOW, cadence=CADENCE, agreed_from=NOW) is None


def test_a_delta_begins_a_little_before_the_newest_object_known() -> None:
    schedule = Schedule(NOW + HOUR, NOW, NOW - HOUR)
    found = date_from("locations", Kind.DELTA, schedule, NOW, cadence=CADENCE, agreed_from=None)
    assert found == NOW - HOUR - timedelta(seconds=60)


@pytest.mark.parametrize(
    ("newest", "known", "high_water"),
    [
        (NOW - HOUR, None, NOW - HOUR),
        # An owner's clock that is ahead hides nothing, one that is far behind makes no delta a full walk.
        (NOW + 10 * HOUR, None, NOW),
        (NOW - 10 * HOUR, None, NOW - 2 * HOUR),
        (None, None, NOW - 2 * HOUR),
        (NOW - HOUR, NOW - HOUR / 2, NOW - HOUR / 2),
    ],
)
def test_what_is_known_to_be_newest(newest: datetime | None, known: datetime | None, high_water: datetime) -> None:
    schedule = Schedule(NOW, None, known)
    walk = replace(FULL, newest=newest)
    found = after_walk(schedule, walk, NOW, CADENCE, pushed_at=None, unconfirmed=False, jitter=0.5)
    assert found.high_water == high_water


@given(jitter=st.floats(0, 1, exclude_max=True), kind=st.sampled_from(Kind), unconfirmed=st.booleans())
def test_walks_are_spread_by_a_tenth(jitter: float, kind: Kind, unconfirmed: bool) -> None:
    before = Schedule(NOW + 5 * HOUR, NOW, NOW)
    walk = replace(FULL, kind=kind)
    found = after_walk(before, walk, NOW, CADENCE, pushed_at=None, unconfirmed=unconfirmed, jitter=jitter)
    assert found.delta_due_at is not None
    assert 270 <= (found.delta_due_at - NOW).total_seconds() <= 330
    if kind is Kind.DELTA:
        assert found.full_due_at == before.full_due_at
    else:
        seconds = 900 if unconfirmed else 86_400
        assert seconds * 0.9 <= (found.full_due_at - NOW).total_seconds() <= seconds * 1.1


def test_who_pushes_is_not_asked_for_deltas_unless_always() -> None:
    pushed_at = NOW - HOUR
    found = after_walk(Schedule(NOW), FULL, NOW, CADENCE, pushed_at=pushed_at, unconfirmed=False, jitter=0.5)
    assert found.delta_due_at == pushed_at + timedelta(days=7)
    always = replace(CADENCE, always=True)
    found = after_walk(Schedule(NOW), FULL, NOW, always, pushed_at=pushed_at, unconfirmed=False, jitter=0.5)
    assert found.delta_due_at == NOW + timedelta(seconds=300)


def test_who_pushed_long_ago_is_asked_for_deltas_again() -> None:
    pushed_at = NOW - timedelta(days=8)
    found = after_walk(Schedule(NOW), FULL, NOW, CADENCE, pushed_at=pushed_at, unconfirmed=False, jitter=0.5)
    assert found.delta_due_at == NOW + timedelta(seconds=300)


def test_options_of_a_partner_come_before_the_deployments_settings() -> None:
    settings = PullSettings()
    assert cadence(settings, PartnerOptions(), "cdrs").delta_seconds == settings.delta_seconds
    options = PartnerOptions(pull={"cdrs": "ALWAYS"}, pull_seconds=30, reconcile_seconds=600)
    found = cadence(settings, options, "cdrs")
    assert (found.always, found.delta_seconds, found.reconcile_seconds) == (True, 30, 600)
    assert not cadence(settings, options, "locations").always


def failed(
    walk: Walk, result: Result | None, *, failures: int = 1, asked: float | None = None, jitter: float = 0.5
) -> Setback:
    return after_failure(
        walk,
        failures,
        smaller=smaller(walk),
        least_seconds=10,
        most_seconds=3_600,
        asked_seconds=asked,
        jitter=jitter,
        result=result,
    )


MIDDLE = replace(FULL, pages=5, offset=500)


def test_a_walk_goes_on_where_it_was_when_the_partner_is_back() -> None:
    assert failed(MIDDLE, BUSY).walk == MIDDLE


def test_a_place_that_the_partner_has_forgotten_begins_the_walk_again() -> None:
    assert failed(MIDDLE, REFUSED).walk is None
    assert failed(FULL, REFUSED).walk == FULL


def test_a_list_that_makes_no_sense_begins_again() -> None:
    assert failed(MIDDLE, None).walk is None


def test_pages_too_large_are_asked_for_smaller_at_once_and_slow_ones_after_a_pause() -> None:
    large = failed(MIDDLE, Result(failing=Failing.TOO_LARGE))
    assert (large.walk, large.pause_seconds) == (replace(MIDDLE, limit=50), 0)
    slow = failed(MIDDLE, Result(failing=Failing.TIMEOUT))
    assert (slow.walk, slow.pause_seconds) == (replace(MIDDLE, limit=50), 7.5)
    single = replace(MIDDLE, limit=1)
    assert failed(single, Result(failing=Failing.TOO_LARGE)) == Setback(single, 7.5)


def test_what_the_partner_asks_us_to_wait_is_waited_within_bounds() -> None:
    assert failed(MIDDLE, BUSY, asked=120).pause_seconds == 120
    assert failed(MIDDLE, BUSY, asked=1e9).pause_seconds == 3_600


@given(failures=st.integers(1, 10_000), jitter=st.floats(0, 1, exclude_max=True))
def test_pauses_grow_and_are_bounded(failures: int, jitter: float) -> None:
    assert 5 <= failed(MIDDLE, BUSY, failures=failures, jitter=jitter).pause_seconds <= 3_600
