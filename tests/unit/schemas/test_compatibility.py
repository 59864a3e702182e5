import copy
from collections.abc import Callable
from typing import Any

import pytest

from schemas.compatibility import between, transitive
from schemas.contract import Schema, Version

Avro = dict[str, Any]

DECIMAL: Avro = {"type": "bytes", "logicalType": "decimal", "precision": 28, "scale": 8}
BASE: Avro = {
    "type": "record",
    "name": "Sample",
    "namespace": "roamwatt.test",
    "doc": "A sample.",
    "fields": [
        {"name": "id", "type": "string", "doc": "Id."},
        {"name": "amount", "type": DECIMAL, "doc": "Amount."},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}, "doc": "Time."},
        {"name": "note", "type": ["null", "string"], "default": None, "doc": "Note."},
        {"name": "limit", "type": ["null", DECIMAL], "default": None, "doc": "Limit."},
        {"name": "state", "type": {"type": "enum", "name": "State", "symbols": ["ON", "OFF"]}, "doc": "State."},
        {"name": "codes", "type": {"type": "array", "items": "string"}, "doc": "Codes."},
        {
            "name": "parts",
            "type": {
                "type": "array",
                "items": {
                    "type": "record",
                    "name": "Part",
                    "doc": "A part.",
                    "fields": [{"name": "price", "type": DECIMAL, "doc": "Price."}],
                },
            },
            "doc": "Parts.",
        },
    ],
}


def changed(change: Callable[[dict[str, Avro], Avro], Any]) -> Avro:
    """The base after a change, which gets its fields by name and the whole."""
    schema = copy.deepcopy(BASE)
    change({field["name"]: field for field in schema["fields"]}, schema)
    return schema


def part(fields: dict[str, Avro]) -> Avro:
    record: Avro = fields["parts"]["type"]["items"]
    return record


def without(name: str) -> Avro:
    return {**BASE, "fields": [field for field in BASE["fields"] if field["name"] != name]}


def adding(**field: Any) -> Avro:
    return {**BASE, "fields": [*BASE["fields"], field]}


BAD: dict[str, Avro] = {
    "scale": changed(lambda fields, _: fields["amount"]["type"].update(scale=2)),
    "precision": changed(lambda fields, _: fields["amount"]["type"].update(precision=38)),
    "scale in a union": changed(lambda fields, _: fields["limit"]["type"][1].update(scale=2)),
    "scale in a part": changed(lambda fields, _: part(fields)["fields"][0].update(type={**DECIMAL, "scale": 4})),
    "logical type gone": changed(lambda fields, _: fields["amount"].update(type="bytes")),
    "logical type of a time": changed(lambda fields, _: fields["at"]["type"].update(logicalType="timestamp-micros")),
    "type": changed(lambda fields, _: fields["id"].update(type="long")),
    "wider number": changed(lambda fields, _: fields["at"].update(type="double")),
    "text to bytes": changed(lambda fields, _: fields["id"].update(type="bytes")),
    "default gone": changed(lambda fields, _: fields["note"].pop("default")),
    "default new": changed(lambda fields, _: fields["id"].update(default="")),
    "optional from now on": changed(lambda fields, _: fields["id"].update(type=["null", "string"], default=None)),
    "required from now on": changed(lambda fields, _: fields["note"].update(type="string")),
    "union turned": changed(lambda fields, _: fields["note"]["type"].reverse()),
    "enum symbol new": changed(lambda fields, _: fields["state"]["type"]["symbols"].append("UNKNOWN")),
    "enum symbol gone": changed(lambda fields, _: fields["state"]["type"]["symbols"].pop()),
    "enum to text": changed(lambda fields, _: fields["state"].update(type="string")),
    "items": changed(lambda fields, _: fields["codes"]["type"].update(items="int")),
    "name": changed(lambda _, schema: schema.update(name="Other")),
    "namespace": changed(lambda _, schema: schema.update(namespace="other")),
    "name of a part": changed(lambda fields, _: part(fields).update(name="Piece")),
    "alias": changed(lambda fields, _: fields["id"].update(aliases=["key"])),
    "required field new": adding(name="new", type="string", doc="New."),
    "required field gone": without("id"),
}
GOOD: dict[str, Avro] = {
    "nothing": BASE,
    "documentation": changed(lambda fields, schema: (fields["id"].update(doc="Other."), schema.update(doc="Other."))),
    "optional field new": adding(name="new", type=["null", "long"], default=None, doc="New."),
    "optional field gone": without("note"),
    "order of fields": {**BASE, "fields": BASE["fields"][::-1]},
}


@pytest.mark.parametrize("newer", BAD.values(), ids=BAD.keys())
def test_a_bad_change_is_found(newer: Avro) -> None:
    assert between(BASE, newer)


@pytest.mark.parametrize("newer", BAD.values(), ids=BAD.keys())
def test_a_bad_change_is_found_the_other_way_round(newer: Avro) -> None:
    assert between(newer, BASE)


@pytest.mark.parametrize("newer", GOOD.values(), ids=GOOD.keys())
def test_a_good_change_passes_in_both_directions(newer: Avro) -> None:
    assert between(BASE, newer) == []
    assert between(newer, BASE) == []


def test_the_place_of_a_change_is_named() -> None:
    assert any("parts[].price" in problem for problem in between(BASE, BAD["scale in a part"]))


def test_every_published_version_counts_and_not_only_the_last() -> None:
    first = adding(name="gone", type=["null", "long"], default=None, doc="A number.")
    second = BASE
    third = adding(name="gone", type=["null", "string"], default=None, doc="Back as text.")
    schema = Schema("sample", "test", third, (Version(1, 1, first), Version(2, 2, second), Version(3, 3, third)))
    assert between(second, third) == []
    problems = transitive(schema, [first, second, third])
    assert problems
    assert all("against version 1" in problem for problem in problems)
