from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.core.errors import BadContent
from services.exports.files import Imported, Noted, Remark, read, rows

DUNDEE = (
    "Charging event,User ID,CP ID,Connector,Start Date,Start Time,End Date,End Time,Total kWh,Cost,Site,Group,Model,,,"
)
PERTH = "_id,CP ID,Connector,Start Date,Start Time,End Date,End Time,Total kWh,Site,Model"


def dundee(*rows: str) -> Imported:
    return read([f"{line}\r\n" for line in (DUNDEE, *rows)])


def row(  # one Dundee row with everything in order
    event: str = "7751157",
    card: str = "601838",
    start: str = "06/09/2018,23:55",
    end: str = "07/09/2018,07:03",
    kwh: str = "22.287",
    charge_point: str = "50914",
    connector: str = "1",
) -> str:
    return (
        f'{event},{card},{charge_point},{connector},{start},{end},{kwh},0,"Lochee Charging Hub, Dundee",'
        f"APT Controls; CYC,APT 22kW Dual Outlet,,,Multiple vehicles available"
    )


def remarks(imported: Imported) -> Sequence[tuple[int, Remark]]:
    return [(each.line, each.remark) for each in imported.notes]


def test_a_dundee_row_is_read_with_its_local_times_in_utc() -> None:
    imported = dundee(row())
    (session,) = imported.sessions
    assert imported.format.name == "dundee"
    assert imported.rows == 1
    assert imported.notes == ()
    assert session.line == 2
    assert session.row_id == "7751157"
    assert session.card == "601838"
    assert (session.charge_point, session.connector) == ("50914", "1")
    assert session.started_at == datetime(2018, 9, 6, 22, 55, tzinfo=UTC)
    assert session.ended_at == datetime(2018, 9, 7, 6, 3, tzinfo=UTC)
    assert session.kwh == Decimal("22.287")
    assert session.site == "Lochee Charging Hub, Dundee"
    assert session.model == "APT 22kW Dual Outlet"


def test_a_perth_row_is_read_and_has_no_card() -> None:
    imported = read(
        [PERTH, '1,51519,2,2018-01-31T00:00:00,22:48,2018-01-31T00:00:00,22:58,2.78," Broxden Park & Ride, Perth",APT']
    )
    (session,) = imported.sessions
    assert imported.format.name == "perth-kinross"
    assert session.card is None
    assert session.row_id == "1"
    assert session.started_at == datetime(2018, 1, 31, 22, 48, tzinfo=UTC)
    assert session.site == "Broxden Park & Ride, Perth"


def test_a_byte_order_mark_and_blank_lines_do_not_matter() -> None:
    imported = read(["\ufeff" + DUNDEE, row(), "", ",,,,,,,,,,,,,,,"])
    assert imported.rows == 1
    assert len(imported.sessions) == 1


@pytest.mark.parametrize("header", ["", "a,b,c", "CP ID,Connector,Start Date"])
def test_an_unknown_header_is_refused(header: str) -> None:
    with pytest.raises(BadContent, match="no known export"):
        read([header, row()])


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(BadContent, match="no known export"):
        read([])


def test_a_session_without_an_end_is_noted_by_its_line_and_not_sent() -> None:
    imported = dundee(row("1"), row("2", end=",", kwh=""), row("3"))
    assert [each.row_id for each in imported.sessions] == ["1", "3"]
    assert imported.unsendable() == (Noted(3, Remark.NO_END, "the session has no end"),)
    assert imported.rows == 3


@pytest.mark.parametrize(
    ("bad", "remark"),
    [
        (row(start="31/02/2018,10:00"), Remark.BAD_TIME),
        (row(start="06/09/2018,25:00"), Remark.BAD_TIME),
        (row(start=","), Remark.BAD_TIME),
        (row(start="2018-09-06,10:00"), Remark.BAD_TIME),
        (row(kwh=""), Remark.BAD_ENERGY),
        (row(kwh="n/a"), Remark.BAD_ENERGY),
        (row(kwh="NaN"), Remark.BAD_ENERGY),
        (row(charge_point=""), Remark.NO_CHARGE_POINT),
        ("7751157,601838", Remark.NO_CHARGE_POINT),
    ],
)
def test_what_cannot_be_sent_is_noted(bad: str, remark: Remark) -> None:
    imported = dundee(bad)
    assert imported.sessions == ()
    assert remarks(imported) == [(2, remark)]


@pytest.mark.parametrize("kwh", ["0", "-60.81", "1430.08", "0.001"])
def test_energy_is_taken_as_written_however_absurd(kwh: str) -> None:
    (session,) = dundee(row(kwh=kwh)).sessions
    assert session.kwh == Decimal(kwh)


def test_a_row_without_a_card_is_sent_without_one() -> None:
    (session,) = dundee(row(card=" ")).sessions
    assert session.card is None


def test_an_end_before_the_start_is_sent_as_written() -> None:
    (session,) = dundee(row(start="06/09/2018,10:00", end="06/09/2018,09:00")).sessions
    assert session.ended_at < session.started_at


def test_a_repeated_row_id_is_noted_once_and_the_first_is_sent() -> None:
    imported = dundee(row("1", kwh="1"), row("1", kwh="2"))
    assert [each.kwh for each in imported.sessions] == [Decimal(1)]
    assert remarks(imported) == [(3, Remark.DUPLICATE_ID)]


def test_notes_never_hold_a_card_number() -> None:
    imported = dundee(row(card="99999999", end=","), row(card="99999999", kwh="x"))
    assert not any("99999999" in each.detail for each in imported.notes)


# The clocks went forward on 25 March 2018 at 01:00 and back on 28 October 2018 at 02:00 local time.


def test_a_time_that_the_clock_skipped_is_reported_and_taken_by_the_offset_before() -> None:
    imported = dundee(row(start="25/03/2018,01:30", end="25/03/2018,03:30"))
    (session,) = imported.sessions
    assert session.started_at == datetime(2018, 3, 25, 1, 30, tzinfo=UTC)
    assert session.ended_at == datetime(2018, 3, 25, 2, 30, tzinfo=UTC)
    assert remarks(imported) == [(2, Remark.NON_EXISTENT_TIME)]
    assert imported.unsendable() == ()


def test_a_time_that_the_clock_showed_twice_is_reported_and_taken_as_the_earlier() -> None:
    imported = dundee(row(start="28/10/2018,00:30", end="28/10/2018,01:15"))
    (session,) = imported.sessions
    assert session.started_at == datetime(2018, 10, 27, 23, 30, tzinfo=UTC)
    assert session.ended_at == datetime(2018, 10, 28, 0, 15, tzinfo=UTC)
    assert remarks(imported) == [(2, Remark.AMBIGUOUS_TIME)]


def test_an_ambiguous_end_is_taken_as_the_later_where_the_earlier_would_lie_before_the_start() -> None:
    (session,) = dundee(row(start="28/10/2018,01:50", end="28/10/2018,01:10")).sessions
    assert session.started_at == datetime(2018, 10, 28, 0, 50, tzinfo=UTC)
    assert session.ended_at == datetime(2018, 10, 28, 1, 10, tzinfo=UTC)


def test_rows_come_one_by_one_with_what_is_to_be_noted() -> None:
    kind, stream = rows([DUNDEE, row("1"), row("1", end=","), ",,,", row("2", kwh="x")])
    assert kind.name == "dundee"
    found = list(stream)
    assert [each.line for each in found] == [2, 3, 5]
    assert [each.session is None for each in found] == [False, True, True]
    assert [note.remark for each in found for note in each.notes] == [Remark.NO_END, Remark.BAD_ENERGY]


def test_a_cell_beyond_all_bounds_is_noted_and_the_rows_after_it_are_read() -> None:
    imported = dundee(row("1"), row("x" * 200_000), row("2"))
    assert [each.row_id for each in imported.sessions] == ["1", "2"]
    assert remarks(imported) == [(3, Remark.UNREADABLE)]


@pytest.mark.parametrize(
    ("cost", "expected"), [("0", Decimal(0)), ("3.50", Decimal("3.50")), ("", None), ("free", None)]
)
def test_the_cost_is_what_the_publisher_says(cost: str, expected: Decimal | None) -> None:
    (session,) = dundee(row().replace("22.287,0,", f"22.287,{cost},")).sessions
    assert session.cost == expected


def test_a_quote_that_is_not_closed_swallows_no_row_unseen() -> None:
    imported = dundee(row().replace(' Dundee"', " Dundee"), row(event="8"), row(event="9"))
    assert Remark.UNREADABLE in {each.remark for each in imported.notes}


@pytest.mark.parametrize("kwh", ["1_000", "1e999999", "Infinity"])
def test_what_is_like_a_number_and_is_none_is_noted(kwh: str) -> None:
    assert remarks(dundee(row(kwh=kwh))) == [(2, Remark.BAD_ENERGY)]
