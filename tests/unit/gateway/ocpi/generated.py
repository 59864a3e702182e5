"""Strategies that make objects of the wire models themselves, so that no field of them goes untried."""

import types
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, NotRequired, Union, get_args, get_origin

from hypothesis import strategies as st
from typing_extensions import get_type_hints, is_typeddict

from services.gateway.ocpi import types as ocpi
from services.gateway.ocpi.v2_2_1 import wire as older
from services.gateway.ocpi.v2_2_1 import words
from services.gateway.ocpi.v2_3_0 import wire as newer

OBJECTS: Final[Mapping[str, Mapping[str, Any]]] = {
    number: {
        "locations": wire.Location,
        "tariffs": wire.Tariff,
        "tokens": wire.Token,
        "sessions": wire.Session,
        "cdrs": wire.Cdr,
    }
    for number, wire in (("2.2.1", older), ("2.3.0", newer))
}

_codes = st.text("ABCXYZ_019", min_size=1, max_size=12)
_texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
_ids = st.text("abcDEF-*#019", min_size=1, max_size=36)
_numbers = st.integers(-(10**12), 10**12) | st.decimals(Decimal("-1E15"), Decimal("1E15"), places=4)
_dates = st.datetimes().map(lambda time: f"{time.replace(microsecond=0).isoformat()}Z")
_BY_TYPE: Final[list[tuple[Any, st.SearchStrategy[Any]]]] = [
    (ocpi.Code, _codes),
    (ocpi.Text, _texts),
    (ocpi.LongText, _texts),
    (ocpi.Id36, _ids),
    (ocpi.Id39, _ids),
    (ocpi.Id48, _ids),
    (ocpi.Country, st.sampled_from(["NL", "fr"])),
    (ocpi.Country3, st.sampled_from(["NLD", "fra"])),
    (ocpi.Party, st.sampled_from(["SUN", "c5P"])),
    (ocpi.Currency, st.sampled_from(["EUR", "cad"])),
    (ocpi.Flag, st.booleans()),
    (ocpi.Whole, st.integers(-(2**31), 2**31 - 1)),
    (ocpi.Number, _numbers),
    (ocpi.DateTime, _dates),
]


def _listed(words: frozenset[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(sorted(words)), max_size=2, unique=True)


def _any_of(words: frozenset[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(sorted(words))


# What the mapping wants beyond the types, and words that 2.2.1 has in lists that are closed there.
_WORDS: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "Evse.capabilities": _listed(words.CAPABILITIES),
    "Evse.parking_restrictions": _listed(words.PARKING_RESTRICTIONS),
    "Connector.standard": _any_of(words.CONNECTOR_TYPES),
    "Location.facilities": _listed(words.FACILITIES),
    "Location.parking_type": _any_of(words.PARKING_TYPES),
    "Image.category": _any_of(words.IMAGE_CATEGORIES),
    "EnvironmentalImpact.category": _any_of(words.IMPACT_CATEGORIES),
    "PublishToken.type": _any_of(words.TOKEN_TYPES),
}
_BY_FIELD: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "step_size": st.integers(0, 86400),
    "vat": st.integers(0, 30) | st.decimals(0, 30, places=2),
    "Session.status": st.sampled_from(["ACTIVE", "COMPLETED", "INVALID", "PENDING", "RESERVATION"]),
}
OWN: Final = "note_of_its_own"
"""A field that no version knows."""

_own = st.recursive(
    st.none() | st.booleans() | st.integers() | _texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_codes, inner, max_size=2),
    max_leaves=3,
)


def objects(number: str, module: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return whole objects of a module in one version, some with a field of their sender's own."""
    made = _dictionaries(OBJECTS[number][module], closed=number == "2.2.1")
    return st.builds(_with_own, made, st.none() | _own).map(_credited)


def _with_own(document: dict[str, Any], own: Any) -> dict[str, Any]:
    return document if own is None else {**document, OWN: own}


def _credited(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "credit_reference_id": "C0"} if document.get("credit") else document


def _dictionaries(model: Any, *, closed: bool) -> st.SearchStrategy[dict[str, Any]]:
    required: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for name, hint in get_type_hints(model, include_extras=True).items():
        kind: Any = get_origin(hint)
        is_optional = kind is NotRequired
        inner = get_args(hint)[0] if is_optional else hint
        (optional if is_optional else required)[name] = _field(f"{model.__name__}.{name}", inner, closed=closed)
    return st.fixed_dictionaries(required, optional=optional)


def _field(place: str, hint: Any, *, closed: bool) -> st.SearchStrategy[Any]:
    name = place.partition(".")[2]
    for key in (place, name):
        if key in _BY_FIELD:
            return _BY_FIELD[key]
    if place in _WORDS:
        return _WORDS[place] if closed else _WORDS[place] | _values(hint, closed=closed)
    return _values(hint, closed=closed)


def _values(hint: Any, *, closed: bool) -> st.SearchStrategy[Any]:
    for known, strategy in _BY_TYPE:
        if hint == known:
            return strategy
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in {Union, types.UnionType}:
        return st.one_of([st.none() if each is type(None) else _values(each, closed=closed) for each in arguments])
    if origin is Annotated:
        (item,) = get_args(arguments[0])
        least = 1 if any(getattr(each, "metadata", None) for each in arguments[1:]) else 0
        return st.lists(_values(item, closed=closed), min_size=least, max_size=2)
    assert is_typeddict(hint), hint
    return _dictionaries(hint, closed=closed)
