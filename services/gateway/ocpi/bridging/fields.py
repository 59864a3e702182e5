"""Changing a few fields of a document, while all others, known or not, stay where and what they are."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from services.gateway.ocpi.documents import Document

Change: TypeAlias = Callable[[Any], Any]


def changed(document: Document, changes: Mapping[str, Change]) -> Document:
    """Return a document with some of its fields changed, those that it has and that are not null."""
    return {
        name: value if value is None or name not in changes else changes[name](value)
        for name, value in document.items()
    }


def renamed(document: Document, names: Mapping[str, str]) -> Document:
    """Return a document with some of its fields under another name."""
    return {names.get(name, name): value for name, value in document.items()}


def without(document: Document, names: frozenset[str]) -> Document:
    """Return a document without these fields."""
    return {name: value for name, value in document.items() if name not in names}


def each(change: Change) -> Change:
    """Return the change of a field that holds a list of objects."""
    return lambda items: [change(item) for item in items]


def words(allowed: frozenset[str], instead: Mapping[str, str]) -> Change:
    """Return the change of a list of codes: those that the target lacks are replaced or left out, none comes twice."""

    def change(found: list[str]) -> list[str]:
        replaced = dict.fromkeys(instead.get(word, word) for word in found)
        return [word for word in replaced if word in allowed]

    return change
