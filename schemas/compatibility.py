"""Whether one version of a schema and another can read each other's records, by Avro's rules and our stricter ones.

Avro's own rules let a decimal's scale change (every amount would then mean another), and a default vanish that a later
removal needs. Ours: fields come and go only with a default, and whatever stays is the same in every respect but its
documentation.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.schema import parse

from schemas.contract import AvroType, Schema, without_documentation

_ABSENT = object()


def transitive(schema: Schema, published: Iterable[Mapping[str, Any]]) -> list[str]:
    """What stands between the schema as it is now and any of its published versions, in both directions."""
    return [
        f"{schema.name}: against version {number}: {problem}"
        for number, older in enumerate(published, start=1)
        for problem in between(older, schema.current)
    ]


def between(older: Mapping[str, Any], newer: Mapping[str, Any]) -> list[str]:
    """What keeps readers and writers of two versions from understanding each other; empty when nothing does."""
    older, newer = without_documentation(older), without_documentation(newer)
    return [*_by_avro(older, newer), *_changed("", older, newer)]


def _by_avro(older: Mapping[str, Any], newer: Mapping[str, Any]) -> Iterator[str]:
    first, second = parse(json.dumps(older)), parse(json.dumps(newer))
    for reader, writer, direction in ((second, first, "older records"), (first, second, "newer records")):
        checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]
        result = checker.get_compatibility(reader, writer)
        if result.compatibility is not SchemaCompatibilityType.compatible:
            yield f"Avro cannot read {direction}: {'; '.join(sorted(result.messages))}"


def _changed(place: str, older: AvroType, newer: AvroType) -> Iterator[str]:
    if older == newer:
        return
    if _is("record", older, newer):
        yield from _attributes(place, older, newer, inside="fields")
        yield from _fields(place, older, newer)
    elif _is("array", older, newer):
        yield from _attributes(place, older, newer, inside="items")
        yield from _changed(f"{place}[]", older["items"], newer["items"])
    elif isinstance(older, list) and isinstance(newer, list) and len(older) == len(newer):
        for first, second in zip(older, newer, strict=True):
            yield from _changed(place, first, second)
    else:
        yield f"{place or 'the schema'} was {json.dumps(older)} and is {json.dumps(newer)}"


def _is(kind: str, *types: AvroType) -> bool:
    return all(isinstance(avro, dict) and avro["type"] == kind for avro in types)


def _attributes(place: str, older: Mapping[str, Any], newer: Mapping[str, Any], inside: str) -> Iterator[str]:
    for name in sorted((older.keys() | newer.keys()) - {inside}):
        if older.get(name, _ABSENT) != newer.get(name, _ABSENT):
            yield f"{place or 'the schema'}: {name} was {older.get(name)} and is {newer.get(name)}"


def _fields(place: str, older: Mapping[str, Any], newer: Mapping[str, Any]) -> Iterator[str]:
    was = {field["name"]: field for field in older["fields"]}
    now = {field["name"]: field for field in newer["fields"]}
    for name in [*was, *(name for name in now if name not in was)]:
        path = f"{place}.{name}" if place else name
        if name not in now or name not in was:
            field, what = (was[name], "removed") if name in was else (now[name], "new")
            if "default" not in field:
                yield f"{path} is {what} and has no default"
        else:
            yield from _attributes(path, was[name], now[name], inside="type")
            yield from _changed(path, was[name]["type"], now[name]["type"])
