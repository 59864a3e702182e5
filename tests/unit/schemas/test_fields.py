from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.fields import Decimal28, Int, Long, Record, Timestamp

DECIMAL: TypeAdapter[Decimal] = TypeAdapter(Decimal28)
TIME: TypeAdapter[datetime] = TypeAdapter(Timestamp)


@pytest.mark.parametrize("text", ["0", "-0.00000001", "99999999999999999999.99999999", "1E+19", "1.100000000000"])
def test_a_decimal_that_fits_is_taken_without_loss(text: str) -> None:
    taken = DECIMAL.validate_python(Decimal(text))
    assert taken == Decimal(text)
    assert taken.as_tuple().exponent == -8


@pytest.mark.parametrize(
    "text", ["0.000000001", "100000000000000000000", "1E+20", "NaN", "sNaN", "Infinity", "-Infinity"]
)
def test_a_decimal_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        DECIMAL.validate_python(Decimal(text))


@pytest.mark.parametrize("text", ["12345678901234567890.123456789", "0.12345678" + "0" * 30 + "1"])
def test_digits_beyond_the_precision_are_never_rounded_away(text: str) -> None:
    with pytest.raises(ValidationError):
        DECIMAL.validate_python(Decimal(text))


@pytest.mark.parametrize("value", [1.5, 1, "1.5", True, None])
def test_only_a_decimal_is_a_decimal(value: Any) -> None:
    with pytest.raises(ValidationError):
        DECIMAL.validate_python(value)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_is_taken_as_it_is_or_not_at_all(value: Decimal) -> None:
    try:
        assert DECIMAL.validate_python(value) == value
    except ValidationError:
        assert abs(value) >= 10**20 or round(value, 8) != value


def test_a_time_is_moved_to_utc_and_cut_to_milliseconds() -> None:
    local = datetime(2026, 3, 1, 12, 0, 0, 1999, tzinfo=timezone(timedelta(hours=2)))
    assert TIME.validate_python(local) == datetime(2026, 3, 1, 10, 0, 0, 1000, tzinfo=UTC)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValidationError):
        TIME.validate_python(datetime(2026, 3, 1))  # noqa: DTZ001


def test_a_time_that_utc_does_not_have_is_refused() -> None:
    with pytest.raises(ValidationError):
        TIME.validate_python(datetime.min.replace(tzinfo=timezone(timedelta(hours=1))))


@pytest.mark.parametrize(("kind", "limit"), [(Int, 2**31), (Long, 2**63)])
def test_whole_numbers_have_avros_bounds(kind: Any, limit: int) -> None:
    adapter: TypeAdapter[int] = TypeAdapter(kind)
    assert adapter.validate_python(limit - 1) == limit - 1
    assert adapter.validate_python(-limit) == -limit
    for beyond in (limit, -limit - 1):
        with pytest.raises(ValidationError):
            adapter.validate_python(beyond)


class Example(Record):
    """A record with one field."""

    name: str


def test_a_record_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Example(name="a").name = "b"  # type: ignore[misc]


def test_a_record_has_no_other_fields() -> None:
    with pytest.raises(ValidationError):
        Example.model_validate({"name": "a", "other": 1})
