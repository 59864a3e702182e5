from datetime import UTC, datetime, timedelta

from services.gateway.partners.announcing import due_at
from services.gateway.partners.settings import AnnouncementSettings

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SETTINGS = AnnouncementSettings(settle_seconds=10, jitter_seconds=20)


def test_a_change_waits_for_others_and_a_while_of_its_own() -> None:
    found = [due_at(changed=True, due=None, now=NOW, settings=SETTINGS, jitter=jitter) for jitter in (0, 0.5)]
    assert found == [NOW + timedelta(seconds=10), NOW + timedelta(seconds=20)]


def test_later_changes_go_out_with_the_first() -> None:
    due = NOW + timedelta(seconds=3)
    assert due_at(changed=True, due=due, now=NOW, settings=SETTINGS, jitter=0.9) == due


def test_a_change_that_was_taken_back_is_not_told() -> None:
    assert due_at(changed=False, due=NOW, now=NOW, settings=SETTINGS, jitter=0) is None
