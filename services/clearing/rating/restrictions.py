"""Reads an element's restrictions: numbers or text, as OCPI's JSON and our events have them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from services.clearing import numbers
from services.clearing.rating.tariffs import ALWAYS, Reservation, Restrictions

_DAYS: Final = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def _time(value: object) -> time:
    hours, minutes = _digits(str(value), ":", (2, 2))
    return time(hours, minutes)


def _date(value: object) -> date:
    return date(*_digits(str(value), "-", (4, 2, 2)))


def _digits(text: str, separator: str, widths: Sequence[int]) -> list[int]:
    parts = text.split(separator)
    if [len(part) for part in parts] != list(widths) or not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError
    return [int(part) for part in parts]


def _number(value: object) -> Decimal:
    found = number(value)
    if found is None:
        raise ValueError
    return found


def number(value: object) -> Decimal | None:
    """Return a number of JSON, or of text, with eight decimals; None where it is none or too large."""
    if isinstance(value, bool):
        return None
    if isinstance(value, Decimal):
        return numbers.read(str(value)) if value.is_finite() else None
    return numbers.read(str(value)) if isinstance(value, int | str) else None


def _days(value: object) -> frozenset[int]:
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, Sequence):
        raise ValueError
    return frozenset(_DAYS.index(str(name).strip()) for name in names if name)


def _reservation(value: object) -> Reservation:
    return Reservation(str(value))


_READERS: Final[Mapping[str, tuple[str, Callable[[object], Any]]]] = MappingProxyType(
    {
        "start_time": ("start_time", _time),
        "end_time": ("end_time", _time),
        "start_date": ("start_date", _date),
        "end_date": ("end_date", _date),
        "day_of_week": ("days", _days),
        "reservation": ("reservation", _reservation),
    }
    | {
        f"{side}_{what}": (f"{side}_{what}", _number)
        for side in ("min", "max")
        for what in ("kwh", "current", "power", "duration")
    }
)


def restrictions_of(values: Mapping[str, object]) -> Restrictions:
    """Return the restrictions; one that nobody can read, or that is not of 2.2.1 or 2.3.0, is kept as that."""
    read: dict[str, Any] = {}
    unreadable: list[str] = []
    for name, value in values.items():
        if value is None:
            continue
        field, reader = _READERS.get(name, ("", None))
        if reader is None:
            unreadable.append(f"nobody knows the restriction {name[:40]}")
            continue
        try:
            read[field] = reader(value)
        except ValueError:
            unreadable.append(f"{name} cannot be read: {str(value)[:40]}")
    return Restrictions(**read, unreadable=tuple(unreadable)) if read or unreadable else ALWAYS
