"""The Python types that the generated models give to Avro's types, and the base of every model."""

from datetime import UTC, datetime
from decimal import Context, Decimal, InvalidOperation
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator

PRECISION = 28
SCALE = 8
_UNIT = Decimal(1).scaleb(-SCALE)
_CONTEXT = Context(prec=PRECISION, traps=[InvalidOperation])


class Record(BaseModel):
    """A record of an Avro schema: immutable, and with no fields but those of the schema."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def exact_decimal(value: object) -> Decimal:
    """Take a `Decimal` if decimal(28,8) holds it without loss, and give it with its 8 places.

    A float, an int or text is refused: where a number comes from is to be decided by whoever reads it.

    Raises:
        ValueError: when it is no `Decimal`, not finite, or has more digits.
    """
    if not isinstance(value, Decimal):
        raise ValueError("must be a Decimal")
    try:
        exact = value.quantize(_UNIT, context=_CONTEXT)
    except InvalidOperation as error:
        raise ValueError("must be a number with at most 20 digits before the point") from error
    if exact != value:
        raise ValueError("must be a number with at most 8 decimal places")
    return exact


def utc_milliseconds(value: datetime) -> datetime:
    """Move a time to UTC and cut it to milliseconds, which is all that timestamp-millis holds.

    Raises:
        ValueError: when UTC has no such time (before year 1, after year 9999).
    """
    if value.tzinfo is UTC and not value.microsecond % 1000:
        return value  # as the codec reads it
    if value.tzinfo is UTC and value.microsecond % 1000 == 0:
        return value
    try:
        utc = value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("must be within the years 1 to 9999, in UTC") from error
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


Decimal28: TypeAlias = Annotated[
    Decimal,
    PlainValidator(exact_decimal),
    # Said outright: what pydantic makes of a plain validator writes the same text, and warns of each value.
    PlainSerializer(str, return_type=str, when_used="json"),
]
"""Avro decimal(28,8): money, kWh, hours."""

Timestamp: TypeAlias = Annotated[AwareDatetime, AfterValidator(utc_milliseconds)]
"""Avro timestamp-millis: an aware time, in UTC once validated."""

Int: TypeAlias = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
"""Avro int."""

Long: TypeAlias = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
"""Avro long."""
