"""What every schema and every id has to be like, whatever was published before."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schemas.contract import AvroType, Contract, Schema, without_documentation
from schemas.model_source import Unsupported, module, records

EVERY_EVENT = ("event_id", "occurred_at")


def broken(contract: Contract, named: Mapping[str, list[int]]) -> list[str]:
    """The rules that the contract breaks, a sentence each; `named` is what `ids.toml` says."""
    return [*_ids(contract, named), *_clashes(contract), *(text for schema in contract for text in _schema(schema))]


def _ids(contract: Contract, named: Mapping[str, list[int]]) -> Iterator[str]:
    for name in sorted(named.keys() - contract.schemas.keys()):
        yield f"{name}: has an id and no schema; what was published stays"
    ids = [schema_id for group in named.values() for schema_id in group]
    for schema_id in sorted({schema_id for schema_id in ids if ids.count(schema_id) > 1}):
        yield f"id {schema_id} stands for more than one schema"
    for schema_id in ids:
        if not contract.owns(schema_id):
            yield f"id {schema_id} is outside our block"


def _clashes(contract: Contract) -> Iterator[str]:
    """One full name must mean one thing: classes generated from several schemas would overwrite each other."""
    seen: dict[str, AvroType] = {}
    for schema in contract:
        for record in records(schema.current):
            full_name = f"{schema.current['namespace']}.{record['name']}"
            definition = {key: part for key, part in without_documentation(record).items() if key != "namespace"}
            if seen.setdefault(full_name, definition) != definition:
                yield f"{schema.name}: {full_name} is defined elsewhere in another way"


def _schema(schema: Schema) -> Iterator[str]:
    camel = "".join(part.title() for part in schema.name.split("_"))
    if (schema.current["namespace"], schema.model_name) != (f"roamwatt.{schema.domain}", camel):
        yield f"{schema.name}: must be roamwatt.{schema.domain}.{camel}"
    if tuple(field["name"] for field in schema.current["fields"][: len(EVERY_EVENT)]) != EVERY_EVENT:
        yield f"{schema.name}: must begin with {' and '.join(EVERY_EVENT)}"
    undocumented = [part for record in records(schema.current) for part in _undocumented(record)]
    if undocumented:
        yield f"{schema.name}: {', '.join(undocumented)} has no documentation"
        return
    try:
        module(schema)
    except Unsupported as error:
        yield f"{schema.name}: {error}"
        return
    for record in records(schema.current):
        yield from _optional(schema.name, record)


def _optional(name: str, record: Mapping[str, Any]) -> Iterator[str]:
    for field in record["fields"]:
        optional = isinstance(field["type"], list)
        if optional != ("default" in field):
            yield f"{name}: {record['name']}.{field['name']} must have the default null if and only if it is optional"


def _undocumented(record: Mapping[str, Any]) -> Iterable[str]:
    if not record.get("doc"):
        yield str(record["name"])
    for field in record["fields"]:
        if not field.get("doc"):
            yield f"{record['name']}.{field['name']}"
