"""Renders what analysts read about topics and their fields, from the schemas' own documentation."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schemas.contract import AvroType, Contract
from schemas.rules import EVERY_EVENT
from schemas.topics import Topic, Topics

_TYPES = {"string": "text", "boolean": "true or false", "bytes": "bytes", "int": "whole number", "long": "whole number"}
_EVERY_VALUE = (
    "Every value has two more fields: `event_id`, a UUID that is the same when the event is repeated, "
    "and `occurred_at`, the business time in UTC."
)
_LOGICAL = {"uuid": "UUID as text", "timestamp-millis": "UTC time, ms", "decimal": "decimal(28,8)"}


def overview(topics: Topics) -> str:
    """Give a table of all topics: what they say, who writes them, their key, how long they keep what."""
    rows = [
        f"| {_link(topic)} | {topic.meaning} | {topic.writer} | {_code(topic.key)} | {kept(topic)} |"
        for topic in topics
    ]
    return "\n".join(["| topic | what it says | written by | key | keeps |", "| --- | --- | --- | --- | --- |", *rows])


def sections(contract: Contract, topics: Iterable[Topic]) -> str:
    """Give a section for each schema of these topics, with a row for each of its fields."""
    return "\n\n".join(_section("###", contract, name, group) for name, group in _by_schema(topics).items())


def pages(contract: Contract, topics: Iterable[Topic]) -> Mapping[str, str]:
    """Give a page of its own for each schema of these topics."""
    return {
        name: f"{_section('#', contract, name, group)}\n\n{_EVERY_VALUE}\n"
        for name, group in _by_schema(topics).items()
    }


def _by_schema(topics: Iterable[Topic]) -> Mapping[str, list[Topic]]:
    using: dict[str, list[Topic]] = {}
    for topic in topics:
        using.setdefault(topic.schema, []).append(topic)
    return using


def _link(topic: Topic) -> str:
    anchor = f"#{topic.name.replace('.', '')}" if topic.analysts else f"reference/{topic.schema}.md"
    return f"[`{topic.name}`]({anchor})"


def kept(topic: Topic) -> str:
    """Say how long a topic keeps its records."""
    if topic.compacted:
        return "the newest of each key, for ever"
    if topic.retention_milliseconds is None:
        return "everything, for ever"
    minutes = topic.retention_milliseconds // 60_000
    return f"{minutes // 1440} days" if minutes >= 1440 else f"{minutes} minutes"


def _section(mark: str, contract: Contract, name: str, topics: list[Topic]) -> str:
    schema = contract.schemas[name]
    titles = ", ".join(f"`{topic.name}`" for topic in topics)
    rows = [f"| `{path}` | {kind} | {meaning} |" for path, kind, meaning in _fields("", schema.current)]
    about = f"{schema.current['doc']} Schema `{name}`, id {schema.latest.id}."
    return "\n".join(
        [f"{mark} {titles}", "", about, "", "| field | type | meaning |", "| --- | --- | --- |", *rows],
    )


def _fields(prefix: str, record: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for field in record["fields"]:
        if not prefix and field["name"] in EVERY_EVENT:
            continue
        path = prefix + field["name"]
        yield path, _kind(field["type"]), _cell(field["doc"])
        inner, mark = _inner(field["type"])
        if inner:
            yield from _fields(path + mark, inner)


def _inner(avro: AvroType) -> tuple[Mapping[str, Any] | None, str]:
    """The record inside a field's type, and how a path into it goes on."""
    match avro:
        case {"type": "array", "items": {"type": "record"} as record}:
            return record, "[]."
        case {"type": "record"}:
            return avro, "."
        case ["null", inner]:
            return _inner(inner)
    return None, ""


def _kind(avro: AvroType) -> str:
    match avro:
        case ["null", inner]:
            return f"{_kind(inner)}; may be empty"
        case {"type": "array", "items": items}:
            return f"list of {_kind(items)}"
        case {"type": "record"}:
            return "record"
        case {"logicalType": logical}:
            return _LOGICAL[logical]
    return _TYPES[avro]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _code(key: str) -> str:
    return key if " " in key else f"`{_cell(key)}`"


def between_markers(text: str, name: str, content: str) -> str:
    """Put generated content between `<!-- name -->` and `<!-- /name -->`.

    Raises:
        ValueError: when the text has no such markers.
    """
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    head, found, rest = text.partition(begin)
    _, closed, tail = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"no markers for {name}")
    return f"{head}{begin}{content}\n{end}{tail}"
