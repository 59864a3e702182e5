"""JSON documents with exact numbers: how bodies are read, checked and written.

Numbers are `int` or `Decimal` and keep every digit; a key twice in one object is refused, since two readers would take
two values. What a store behind the gateway could not hold (the NUL character) is refused here, where its sender still
gets an answer.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any, Final, TypeAlias

import jiter

from services.gateway.ocpi.envelope import NotJson, OcpiError

Document: TypeAlias = dict[str, Any]
"""A JSON object as parsed."""

STORED_DEPTH: Final = 200
"""What a stored body may have: it was checked when it came, perhaps under a larger setting; the parser's own bound."""

# Everything but brackets, to strip a body to its nesting.
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


def parse(body: bytes, max_depth: int) -> Document:
    """Return the JSON object that a body holds.

    Raises:
        NotJson: when it is no JSON (lone surrogates and bytes that are no UTF-8 included).
        OcpiError: when it is JSON that we cannot take: no object, a key twice, nested too deeply, a NUL character.
    """
    try:
        value = jiter.from_json(body, float_mode="decimal", catch_duplicate_keys=True, allow_inf_nan=False)
    except ValueError as error:
        raise _unparsable(str(error)) from None
    if not isinstance(value, dict):
        raise OcpiError("the body must be a JSON object")
    if is_deeper(body, value, max_depth):
        raise OcpiError(f"the body has more than {max_depth} levels of objects and lists within each other")
    if b"\\u0000" in body:
        place = next(_nuls(value, ""), None)
        if place is not None:
            raise OcpiError(f"{place}: a NUL character is not allowed")
    return value


def is_deeper(body: bytes, value: Any, max_depth: int) -> bool:
    """Tell whether a parsed body has more levels than allowed.

    The brackets of the body alone are peeled level by level, which takes microseconds; only where brackets inside
    strings leave something over is the parsed value itself measured.
    """
    brackets = body.translate(None, _NO_BRACKETS)
    for _ in range(max_depth):
        if not brackets:
            return False
        brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")
    return bool(brackets) and _depth(value) > max_depth


def render(value: Any) -> bytes:
    """Write a document as JSON: numbers with the digits they have, keys in their order, nothing between."""
    return _text(value).encode()


def _text(value: Any) -> str:
    write = _WRITERS.get(type(value))
    if write is not None:
        return write(value)
    if isinstance(value, str):
        # A word of ours, of an enumeration.
        return encode_basestring(value)
    raise TypeError(f"{type(value).__name__} has no place in a document")


def _object(value: Document) -> str:
    return "{" + ",".join([f"{encode_basestring(name)}:{_text(each)}" for name, each in value.items()]) + "}"


def _list(value: list[Any]) -> str:
    return "[" + ",".join([_text(each) for each in value]) + "]"


# By the very type: of what holds other things there is much in a document, and each step counts.
_WRITERS: Final[dict[type, Callable[[Any], str]]] = {
    str: encode_basestring,
    dict: _object,
    list: _list,
    int: str,
    Decimal: str,
    bool: {True: "true", False: "false"}.__getitem__,
    type(None): lambda _nothing: "null",
}


def _unparsable(reason: str) -> OcpiError:
    # jiter's words for a key that stands twice, and for the only bounds it has; all else is no JSON.
    if reason.startswith("number out of range"):
        return OcpiError("a number has too many digits")
    if reason.startswith("Detected duplicate key"):
        place = reason.rpartition(" at ")[2]
        return OcpiError(f"a key stands twice in one object, at {place}")
    if reason.startswith("recursion limit"):
        return OcpiError("the body has too many levels of objects and lists within each other")
    if "InvalidOperation" in reason:
        return OcpiError("a number's exponent is too large")
    return NotJson(f"the body is no JSON: {reason}")


def _nuls(value: Any, place: str) -> Iterator[str]:
    if isinstance(value, str) and "\0" in value:
        yield place
    elif isinstance(value, dict):
        for name, each in value.items():
            inner = f"{place}.{name}" if place else name
            yield from [f"a field name below {place or 'the body'}"] if "\0" in name else _nuls(each, inner)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _nuls(each, f"{place}[{number}]")


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0
