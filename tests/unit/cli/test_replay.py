from datetime import UTC, date, datetime

from services.cli.replay import chosen
from services.exports.files import FORMATS, Imported
from tests.unit.exports.rows import imported


def at(day: int, hour: int, row_id: str) -> Imported:
    start = datetime(2018, 9, day, hour, tzinfo=UTC)
    return Imported(FORMATS[0], 1, (imported(row_id, started_at=start, ended_at=start),), ())


def together(*parts: Imported) -> Imported:
    return Imported(FORMATS[0], len(parts), tuple(each for part in parts for each in part.sessions), ())


def test_rows_are_chosen_by_their_local_day_in_order_of_time() -> None:
    # 23:30 UTC on the 5th is half past midnight of the 6th in summer time.
    everything = together(at(7, 10, "c"), at(5, 23, "a"), at(6, 12, "b"), at(5, 12, "before"))
    assert [each.row_id for each in chosen(everything, date(2018, 9, 6), date(2018, 9, 7), None)] == ["a", "b", "c"]
    assert [each.row_id for each in chosen(everything, date(2018, 9, 6), date(2018, 9, 6), None)] == ["a", "b"]


def test_the_limit_takes_the_first_in_time() -> None:
    everything = together(at(7, 10, "b"), at(6, 12, "a"))
    assert [each.row_id for each in chosen(everything, None, None, 1)] == ["a"]
    assert len(chosen(everything, None, None, None)) == 2
