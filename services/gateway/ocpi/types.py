"""OCPI's basic types as pydantic checks them (Types; the lengths from each module's object description).

Ids must keep the text's bounds, since they become parts of URLs and keys. Texts for people may be longer than the text
allows, up to `MAX_TEXT_CHARACTERS`: an address of 50 characters is no reason to refuse a CDR. Enumerations are open
where nothing of ours depends on their values. Fields that the text does not know are let through and kept.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar

from pydantic import (
    BeforeValidator,
    FailFast,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    Strict,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import CoreSchema

from services.core.clock import parse_utc
from services.core.errors import BadContent
from services.gateway.ocpi.envelope import OcpiError

MAX_TEXT_CHARACTERS: Final = 2_000
MAX_LONG_TEXT_CHARACTERS: Final = 100_000
"""Of signed data and its keys, which the text lets have 5000."""
_MAX_DIGITS: Final = 100
_LIMIT: Final = 10**_MAX_DIGITS
_MAX_WHOLE_DIGITS: Final = 10
_SHOWN_ERRORS: Final = 5

_REASONS: Final = {"missing": "missing", "string_pattern_mismatch": "is not of the form that OCPI gives it"}

_Ascii = r"^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$"
_COMMON_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z", re.ASCII)


def _time(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError("must be a DateTime such as 2015-06-29T20:39:09Z")
    try:
        # The common forms alone: `fromisoformat` takes others that are no DateTimes, such as weeks.
        if _COMMON_TIME.fullmatch(value):
            return datetime.fromisoformat(value)
        return parse_utc(value)
    except (BadContent, ValueError):
        raise ValueError("must be a DateTime such as 2015-06-29T20:39:09Z") from None


def _number(value: object) -> int | Decimal:
    # The bounds lie far beyond any amount: the text of 1E+999999, written out, would fill a disk.
    if type(value) is Decimal:
        if len(str(value)) <= _MAX_DIGITS and -_MAX_DIGITS < value.adjusted() < _MAX_DIGITS:
            return value
        raise ValueError("must be a number of a sensible size")
    # bool is an int to Python, and no number to JSON.
    if type(value) is int:
        if -_LIMIT < value < _LIMIT:
            return value
        raise ValueError("must be a number of a sensible size")
    raise ValueError("must be a number")


def _whole(value: object) -> object:
    # Not of 1E+999999, whose digits would fill a disk.
    if isinstance(value, Decimal) and value.adjusted() < _MAX_WHOLE_DIGITS and value == value.to_integral_value():
        return int(value)
    return value


DateTime: TypeAlias = Annotated[
    datetime, PlainValidator(_time), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""No zone means UTC; an offset, which the text does not allow, is converted."""

Number: TypeAlias = Annotated[int | Decimal, PlainValidator(_number), WithJsonSchema({"type": "number"})]
Text: TypeAlias = Annotated[str, Strict(), StringConstraints(max_length=MAX_TEXT_CHARACTERS)]
Id36: TypeAlias = Annotated[str, Strict(), StringConstraints(min_length=1, max_length=36, pattern=_Ascii)]
Id39: TypeAlias = Annotated[str, Strict(), StringConstraints(min_length=1, max_length=39, pattern=_Ascii)]
Id48: TypeAlias = Annotated[str, Strict(), StringConstraints(min_length=1, max_length=48, pattern=_Ascii)]
Country: TypeAlias = Annotated[str, Strict(), StringConstraints(pattern=r"^[A-Za-z]{2}$")]
Party: TypeAlias = Annotated[str, Strict(), StringConstraints(pattern=r"^[A-Za-z0-9]{3}$")]
Country3: TypeAlias = Annotated[str, Strict(), StringConstraints(min_length=2, max_length=3, pattern=_Ascii)]
Currency: TypeAlias = Annotated[str, Strict(), StringConstraints(pattern=r"^[A-Za-z]{3}$")]
Code: TypeAlias = Annotated[str, Strict(), StringConstraints(min_length=1, max_length=64, pattern=_Ascii)]
Flag: TypeAlias = Annotated[bool, Strict()]
LongText: TypeAlias = Annotated[str, Strict(), StringConstraints(max_length=MAX_LONG_TEXT_CHARACTERS)]
Whole: TypeAlias = Annotated[int, Strict(), Field(ge=-(2**31), le=2**31 - 1), BeforeValidator(_whole)]
"""Also written 230.0: JSON does not tell the two apart."""

Whitelist: TypeAlias = Literal["ALWAYS", "ALLOWED", "ALLOWED_OFFLINE", "NEVER"]

Item = TypeVar("Item")


class _OrNull:
    """Tells the schema of a list that null is as good as none."""

    @staticmethod
    def __get_pydantic_json_schema__(core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [handler(core), {"type": "null"}]}


# The first entry that is wrong ends the reading of a list: a hundred thousand errors would take seconds to tell.
Listed: TypeAlias = Annotated[list[Item], FailFast()]
# Cardinality "*": a list, null or nothing.
Many: TypeAlias = Annotated[Listed[Item], BeforeValidator(lambda value: [] if value is None else value), _OrNull]
# Cardinality "+".
Some: TypeAlias = Annotated[Listed[Item], Field(min_length=1)]

Object = TypeVar("Object")


def check(model: TypeAdapter[Object], document: Mapping[str, Any]) -> Object:
    """Return a document as its wire model.

    Raises:
        OcpiError: 2001, naming the first fields that are missing or wrong, never their values.
    """
    try:
        return model.validate_python(document)
    except ValidationError as error:
        raise OcpiError(_explain(error)) from None


@lru_cache(maxsize=4096)
def owner_of(country_code: str, party_id: str) -> str:
    """Return the party of an object's two owner fields as `CC-PPP`; both were checked before."""
    return f"{country_code.upper()}-{party_id.upper()}"


def text_of(number: int | Decimal | None) -> str | None:
    """Return a number as the sender wrote it, as far as JSON keeps that."""
    return None if number is None else str(number)


def as_decimal(number: int | Decimal, field: str) -> Decimal:
    """Return a number that must fit decimal(28,8).

    Raises:
        OcpiError: 2001, when it does not.
    """
    value = Decimal(number)
    if abs(value) >= Decimal(10) ** 20 or value != round(value, 8):
        raise OcpiError(f"{field}: at most 20 digits before and 8 after the point")
    return value


def _explain(error: ValidationError) -> str:
    found = error.errors(include_input=False, include_url=False, include_context=False)
    lines = [f"{_place(each['loc'])}: {_reason(each['type'], each['msg'])}" for each in found[:_SHOWN_ERRORS]]
    more = len(found) - _SHOWN_ERRORS
    return "; ".join(lines) + (f"; and {more} more" if more > 0 else "")


def _place(location: tuple[int | str, ...]) -> str:
    place = ""
    for part in location:
        if isinstance(part, int):
            place += f"[{part}]"
        else:
            place += f".{part}" if place else part
    return place or "body"


def _reason(kind: str, message: str) -> str:
    return _REASONS.get(kind) or message.removeprefix("Value error, ")
