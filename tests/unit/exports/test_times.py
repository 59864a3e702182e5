from datetime import datetime

import pytest

from services.exports.times import Doubt, london, resolve


@pytest.mark.parametrize(
    ("local", "moment", "doubt"),
    [
        ("2018-03-25T00:59", "2018-03-25T00:59Z", None),
        ("2018-03-25T01:00", "2018-03-25T01:00Z", Doubt.NON_EXISTENT_TIME),
        ("2018-03-25T02:00", "2018-03-25T01:00Z", None),
        ("2018-10-28T00:59", "2018-10-27T23:59Z", None),
        ("2018-10-28T01:00", "2018-10-28T00:00Z", Doubt.AMBIGUOUS_TIME),
        ("2018-10-28T02:00", "2018-10-28T02:00Z", None),
    ],
)
def test_the_edges_of_both_changes(local: str, moment: str, doubt: Doubt | None) -> None:
    resolved = resolve(datetime.fromisoformat(local), london())
    assert (resolved.moment, resolved.doubt) == (datetime.fromisoformat(moment), doubt)


def test_the_zone_comes_from_the_pinned_package() -> None:
    assert london().key == "Europe/London"
