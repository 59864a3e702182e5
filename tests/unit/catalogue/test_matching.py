from typing import Any

import pytest

from schemas import contract
from services.catalogue.matching import normal_form

SCHEMA = contract.load().schemas["cdr_cleared"].current


def as_java_writes_it(avro: Any) -> Any:
    """The same schema with the strings' Java class, as Java's code generator adds it."""
    match avro:
        case "string":
            return {"type": "string", "avro.java.string": "String"}
        case list():
            return [as_java_writes_it(part) for part in avro]
        case {"type": "string"}:
            return {**avro, "avro.java.string": "String"}
        case {"type": "array", "items": items}:
            return {**avro, "items": as_java_writes_it(items)}
        case {"type": "record", "fields": fields}:
            return {**avro, "fields": [{**field, "type": as_java_writes_it(field["type"])} for field in fields]}
    return avro


def test_a_schema_is_itself_whatever_java_adds() -> None:
    java = as_java_writes_it(SCHEMA)
    assert java != SCHEMA
    assert normal_form(java) == normal_form(SCHEMA)


def test_documentation_does_not_matter() -> None:
    assert normal_form(contract.without_documentation(SCHEMA)) == normal_form(SCHEMA)


def test_a_full_name_is_the_same_as_name_and_namespace() -> None:
    full = {**SCHEMA, "name": f"{SCHEMA['namespace']}.{SCHEMA['name']}"}
    full.pop("namespace")
    assert normal_form(full) == normal_form(SCHEMA)


def test_a_wrapped_primitive_is_the_primitive() -> None:
    assert normal_form({"type": "string"}) == normal_form("string")
    assert normal_form(["null", {"type": "long"}]) == ["null", "long"]


@pytest.mark.parametrize(
    "other",
    [
        {**SCHEMA, "name": "Other"},
        {**SCHEMA, "namespace": "other"},
        {**SCHEMA, "fields": SCHEMA["fields"][:-1]},
        {**SCHEMA, "fields": [{**SCHEMA["fields"][0], "type": "string"}, *SCHEMA["fields"][1:]]},
    ],
)
def test_another_schema_is_another(other: Any) -> None:
    assert normal_form(other) != normal_form(SCHEMA)
