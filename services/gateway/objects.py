"""What a pushed object is, compared with what we hold under its id: the gateway's central decision, pure.

It is taken under the row's lock, so two pushes of one object are decided one after the other, on any replica.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from services.core.clock import parse_utc
from services.core.errors import BadContent


class Decision(StrEnum):
    """What comes of a pushed object."""

    NEW = "NEW"
    SAME = "SAME"
    CHANGED = "CHANGED"
    STALE = "STALE"
    CONFLICT = "CONFLICT"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision; for CHANGED, STALE and CONFLICT with the first field that differs from what we hold."""

    decision: Decision
    field: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """An object as we hold it.

    Attributes:
        content: As parsed; None once its contract was erased.
        removed: Its owner took it back.
    """

    content: Mapping[str, Any] | None
    last_updated: datetime
    removed: bool = False


def decide(held: Held | None, content: Mapping[str, Any], last_updated: datetime, *, immutable: bool) -> Verdict:
    """Compare a pushed object with what we hold.

    Content counts as the same when it is equal after parsing: the order of keys does not matter, nor null or an empty
    list against nothing, nor how a number or a DateTime is written, nor `last_updated`. Equal content is SAME, however
    old. Other content under the id of what never changes (a CDR) is CONFLICT; elsewhere it is STALE when the owner
    dates it before what we hold, else CHANGED. Of an erased contract's object nothing is left to compare: what never
    changes is then SAME.

    Args:
        held: What we hold, or None.
        content: What was pushed, whole.
        last_updated: The owner's date of it, UTC.
        immutable: Whether an object of this kind may never change.
    """
    if held is None:
        return Verdict(Decision.NEW)
    if held.content is None:
        return Verdict(Decision.SAME if immutable else Decision.CHANGED)
    field = difference(held.content, content)
    if field is None and not held.removed:
        return Verdict(Decision.SAME)
    if immutable:
        return Verdict(Decision.CONFLICT, field or "")
    return Verdict(Decision.STALE if last_updated < held.last_updated else Decision.CHANGED, field or "")


def difference(held: Any, given: Any) -> str | None:
    """Return the path of the first field in which two contents differ, or None where they are the same."""
    if isinstance(held, Mapping) and isinstance(given, Mapping):
        return _first(
            (name, None if name == _LAST_UPDATED else _value(held.get(name), given.get(name), name))
            for name in (*held, *(name for name in given if name not in held))
        )
    return _value(held, given, "")


_LAST_UPDATED: Final = "last_updated"
# OCPI's CiStrings compare without case (types, CiString).
_CI_STRINGS: Final = frozenset(
    {"authorization_reference", "connector_id", "contract_id", "country_code", "credit_reference_id", "encoding_method"}
    | {"cdrs", "invoice_id"}
    | {"evse_id", "evse_uid", "group_id", "id", "invoice_reference_id", "location_id", "nature", "party_id"}
    | {"session_id", "tariff_id", "tariff_ids", "uid"}
)
_DATE_TIMES: Final = ("_date_time", "_begin", "_end", _LAST_UPDATED)


def _value(held: Any, given: Any, name: str) -> str | None:
    """Compare two values of one field; returns the path below it, "" where the values themselves differ."""
    if held == given and type(held) is type(given) and not isinstance(held, dict | list):
        return None
    if _is_nothing(held) and _is_nothing(given):
        return None
    if isinstance(held, Mapping) and isinstance(given, Mapping):
        return difference(held, given)
    if isinstance(held, list) and isinstance(given, list):
        return _lists(held, given, name)
    return None if _is_equal_leaf(held, given, name) else ""


def _lists(held: Sequence[Any], given: Sequence[Any], name: str) -> str | None:
    if len(held) != len(given):
        return ""
    pairs = zip(held, given, strict=True)
    return _first((f"[{number}]", _value(one, other, name)) for number, (one, other) in enumerate(pairs))


def _first(compared: Any) -> str | None:
    for name, below in compared:
        if below is not None:
            return f"{name}.{below}" if below and not below.startswith("[") else f"{name}{below}"
    return None


def _is_nothing(value: Any) -> bool:
    return value is None or value == []


def _is_equal_leaf(held: Any, given: Any, name: str) -> bool:
    if isinstance(held, bool) or isinstance(given, bool):
        return held is given
    if isinstance(held, str) and isinstance(given, str):
        if name in _CI_STRINGS:
            return held.casefold() == given.casefold()
        return name.endswith(_DATE_TIMES) and _is_same_time(held, given)
    return bool(held == given)


def _is_same_time(held: str, given: str) -> bool:
    try:
        return parse_utc(held) == parse_utc(given)
    except BadContent:
        return False
