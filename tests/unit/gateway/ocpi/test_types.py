from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter
from typing_extensions import TypedDict

from services.gateway.ocpi.envelope import OcpiError
from services.gateway.ocpi.types import (
    MAX_TEXT_CHARACTERS,
    DateTime,
    Id36,
    Number,
    Text,
    Whole,
    as_decimal,
    check,
    owner_of,
)
from services.gateway.ocpi.v2_2_1 import wire
from tests.unit.gateway import samples


class Sample(TypedDict, total=False):
    id: Id36
    number: Number
    time: DateTime
    text: Text
    whole: Whole


SAMPLE = TypeAdapter(Sample)


@pytest.mark.parametrize("value", [0, -1, 10**50, Decimal("1.10"), Decimal("-0.0001"), Decimal("1E+5")])
def test_numbers_are_taken_as_they_are(value: Any) -> None:
    found = check(SAMPLE, {"number": value})["number"]
    assert (found, type(found), str(found)) == (value, type(value), str(value))


@pytest.mark.parametrize("value", [True, "1", None, [], 10**200, -(10**200), Decimal("1E+999999"), Decimal("1E-400")])
def test_what_is_no_sensible_number(value: Any) -> None:
    with pytest.raises(OcpiError, match=r"^number: must be a number"):
        check(SAMPLE, {"number": value})


@pytest.mark.ocpi_rule(26)
@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2015-06-29T20:39:09Z", datetime(2015, 6, 29, 20, 39, 9, tzinfo=UTC)),
        ("2015-06-29T20:39:09", datetime(2015, 6, 29, 20, 39, 9, tzinfo=UTC)),
        ("2016-12-29T17:45:09.2Z", datetime(2016, 12, 29, 17, 45, 9, 200000, tzinfo=UTC)),
        ("2018-01-01T01:08:01.123", datetime(2018, 1, 1, 1, 8, 1, 123000, tzinfo=UTC)),
        ("2018-01-01T01:08:01.123Z", datetime(2018, 1, 1, 1, 8, 1, 123000, tzinfo=UTC)),
        ("2018-01-01T01:08:01+01:00", datetime(2018, 1, 1, 0, 8, 1, tzinfo=UTC)),
    ],
)
@pytest.mark.ocpi_rule(26)
def test_date_times_without_a_zone_mean_utc(text: str, time: datetime) -> None:
    assert check(SAMPLE, {"time": text})["time"] == time


@pytest.mark.parametrize(
    "value",
    [
        *("", "2015-06-29", "20150629T203909Z", "2015-06-31T20:39:09Z", "2015-06-29T24:39:09Z", 1435610349, None),
        *("2015-06-31T20:39:09.123Z", "2015-06-29T20:39:09,123Z", "٢015-06-29T20:39:09.123Z"),
        *("2015-W27-1T20:39:09Z", "2015-06-29T20:39:60Z", "2015-06-29 20:39:09Z", "2015-06-29T20-39-09Z"),
    ],
)
def test_what_is_no_date_time(value: Any) -> None:
    with pytest.raises(OcpiError, match=r"^time: must be a DateTime"):
        check(SAMPLE, {"time": value})


@pytest.mark.parametrize("value", [230, Decimal("230"), Decimal("230.0"), Decimal("2.3E+2"), -5])
def test_whole_numbers_may_have_a_point(value: Any) -> None:
    found = check(SAMPLE, {"whole": value})["whole"]
    assert (found, type(found)) == (value, int)


@pytest.mark.parametrize("value", [Decimal("230.5"), Decimal("1E+999999"), 2**31, Decimal(2**31), True, "230", None])
def test_what_is_no_whole_number(value: Any) -> None:
    with pytest.raises(OcpiError, match=r"^whole: "):
        check(SAMPLE, {"whole": value})


@pytest.mark.parametrize("value", ["a", "#NA", "FR*SUN*E 1", "x" * 36])
def test_ids_are_printable_ascii(value: str) -> None:
    assert check(SAMPLE, {"id": value})["id"] == value


@pytest.mark.parametrize("value", ["", " a", "a ", "é", "a\tb", "x" * 37, 5, None])
def test_what_is_no_id(value: Any) -> None:
    with pytest.raises(OcpiError, match=r"^id: "):
        check(SAMPLE, {"id": value})


def test_texts_for_people_may_be_long_but_not_endless() -> None:
    assert check(SAMPLE, {"text": "x" * MAX_TEXT_CHARACTERS})
    with pytest.raises(OcpiError, match=r"^text: "):
        check(SAMPLE, {"text": "x" * (MAX_TEXT_CHARACTERS + 1)})


def test_several_errors_are_named_with_their_places_and_never_their_values() -> None:
    wrong = samples.cdr(total_cost={"incl_vat": "SECRET"}, end_date_time="SECRET", auth_method=5)
    wrong["charging_periods"][0]["dimensions"][0]["volume"] = "SECRET"
    with pytest.raises(OcpiError) as caught:
        check(wire.CDR, wrong)
    message = str(caught.value)
    assert "SECRET" not in message
    for place in (
        "end_date_time",
        "auth_method",
        "charging_periods[0].dimensions[0].volume",
        "total_cost.excl_vat: miss",
    ):
        assert place in message


def test_a_long_list_of_errors_is_cut() -> None:
    with pytest.raises(OcpiError, match=r"and 6 more$"):
        check(wire.LOCATION, {"evses": [1]})


@pytest.mark.parametrize("entry", [0, {}, {"dimensions": [{}] * 3}])
def test_of_a_list_only_the_first_wrong_entry_is_read(entry: Any) -> None:
    with pytest.raises(OcpiError) as caught:
        check(wire.CDR, samples.cdr(charging_periods=[entry] * 50_000))
    assert "charging_periods[0]" in str(caught.value)
    assert "charging_periods[1]" not in str(caught.value)


@pytest.mark.ocpi_rule(26)
def test_fields_that_the_text_does_not_know_are_let_through() -> None:
    assert check(wire.TOKEN, samples.token(x_own={"a": 1}))["uid"] == samples.token()["uid"]


@pytest.mark.parametrize("whitelist", ["SOMETIMES", "always", None])
def test_enumerations_that_decide_are_closed(whitelist: Any) -> None:
    with pytest.raises(OcpiError, match=r"^whitelist: "):
        check(wire.TOKEN, samples.token(whitelist=whitelist))


@pytest.mark.ocpi_rule(26)
def test_enumerations_that_nothing_depends_on_are_open() -> None:
    assert check(wire.EVSE, samples.evse(status="LEVITATING"))["status"] == "LEVITATING"


def test_null_is_as_good_as_nothing_where_a_field_is_optional() -> None:
    optional = dict.fromkeys(("session_id", "tariffs", "remark", "credit", "total_parking_time", "total_fixed_cost"))
    assert check(wire.CDR, samples.parsed(samples.cdr(**optional)))["tariffs"] == []


def test_amounts_must_fit_the_platforms_decimals() -> None:
    assert as_decimal(Decimal("1.100000000"), "kwh") == Decimal("1.1")
    for value in (10**20, Decimal("0.123456789")):
        with pytest.raises(OcpiError, match=r"^kwh: "):
            as_decimal(value, "kwh")


def test_owners_are_written_in_upper_case() -> None:
    assert owner_of("nl", "tNm") == "NL-TNM"
