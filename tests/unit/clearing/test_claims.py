from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.clearing.audit.claims import Cost
from services.clearing.claims import claim_of
from tests.unit.clearing.samples import START, cdr, period, place, tariff


def test_reads_every_number() -> None:
    claim = claim_of(cdr(total_parking_time="0.5", total_time_cost_excl_tax="1.25"))
    assert (claim.energy, claim.hours, claim.parking_hours) == (Decimal(20), Decimal(2), Decimal("0.5"))
    assert claim.parts == {"energy": Cost(Decimal("5.00")), "time": Cost(Decimal("1.25"))}
    assert claim.used.totals == {"ENERGY": Decimal(20), "TIME": Decimal("1.5"), "PARKING_TIME": Decimal("0.5")}
    assert claim.unreadable == ()


def test_ids_are_compared_without_case() -> None:
    claim = claim_of(cdr(cdr_id="cdr-ABC", session_id="Sess", tariffs=[tariff(tariff_id="t1")]))
    assert claim.key == ("BE-BEC", "cdr-abc")
    assert claim.session == ("BE-BEC", "sess")
    assert claim.tariff_names == {"t1": "t1"}
    assert claim.tariffs_to_find == []


def test_a_tariff_named_by_a_period_alone_is_to_be_found() -> None:
    claim = claim_of(cdr(periods=[period({"ENERGY": "20"}, "T2"), period({}, "T1")]))
    assert claim.tariffs_to_find == ["t2"]
    assert list(claim.tariff_names.values()) == ["T1", "T2"]


def test_periods_keep_their_order_and_sum_up() -> None:
    periods = [
        period({"TIME": "1"}),
        period({"PARKING_TIME": "1"}),
        period({"TIME": "1", "PARKING_TIME": "0"}),
    ]
    claim = claim_of(cdr(periods=periods))
    assert [list(each.volumes) for each in claim.used.periods] == [["TIME"], ["PARKING_TIME"], ["TIME", "PARKING_TIME"]]
    assert claim.volumes == {"TIME": Decimal(2), "PARKING_TIME": Decimal(1)}


def test_without_a_tax_the_total_without_it_is_booked() -> None:
    assert claim_of(cdr(total_cost_incl_tax=None)).amounts.amount == Decimal("5.00")
    assert claim_of(cdr()).amounts.amount == Decimal("5.50")


def test_what_occupies_a_connector() -> None:
    assert claim_of(cdr()).connector == ("BE-BEC", "e1", "1")
    assert claim_of(cdr(ended_at=START)).connector is None
    assert claim_of(cdr(credit=True)).connector is None
    reservation = claim_of(cdr(location=place(evse_uid="#NA")))
    assert reservation.connector is None
    assert not reservation.is_charging


def test_minutes_have_to_fit_too() -> None:
    claim = claim_of(cdr(total_time="99999999999999999999"))
    assert claim.unreadable == ("total_time",)
    assert claim.hours == 0


@given(
    st.fixed_dictionaries(
        {name: st.text(max_size=12) for name in ("total_energy", "total_time", "total_cost_excl_tax")}
    )
)
def test_no_text_makes_it_fail(numbers: dict[str, Any]) -> None:
    claim = claim_of(cdr(**numbers))
    assert len(claim.unreadable) <= 3


def test_numbers_with_more_digits_than_are_kept_are_remembered_by_their_field() -> None:
    claim = claim_of(cdr(total_energy="20.000000001", total_time="1e-12", total_cost_excl_tax="5.0000000000"))
    assert set(claim.rounded) == {"total_time", "total_energy"}
    assert (claim.energy, claim.hours) == (Decimal(20), Decimal(0))
