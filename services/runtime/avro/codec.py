"""Encodes events for topics and decodes what stands there, with nothing but the committed contract."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from fastavro import parse_schema, schemaless_reader, schemaless_writer
from pydantic import BaseModel, ValidationError

from schemas import contract, topics
from schemas.contract import Contract, Schema
from schemas.topics import Topics
from services.core.errors import BadContent, RoamwattError

MAGIC = b"\0"
PREFIX_BYTES = 5


class UnknownSchemaAhead(RoamwattError):
    """A record written by a newer release: its schema id is of our block, and unknown to this one. It is no poison."""


@dataclass(frozen=True, slots=True)
class _Format:
    """What a topic's records look like: how this release writes them, and every version that it can read."""

    model: type[BaseModel]
    prefix: bytes
    schema: Any
    older: Mapping[int, Any]


class Codec:
    """Encodes and decodes the values of every topic. It keeps no state between calls; any thread may use it."""

    def __init__(self, loaded: Contract | None = None, listed: Topics | None = None) -> None:
        """Load the contract; by default the committed one.

        Raises:
            KeyError: when a topic names a schema that does not exist.
        """
        self._contract = loaded or contract.load()
        formats = {schema.name: _format(schema) for schema in self._contract}
        self._formats = {topic.name: formats[topic.schema] for topic in listed or topics.load()}
        self._ids = {version.id for schema in self._contract for version in schema.versions}

    def encode(self, topic: str, value: BaseModel) -> bytes:
        """Encode a value: magic byte, schema id, Avro body.

        Raises:
            BadContent: when the value is not the topic's model, or holds what its schema cannot.
            KeyError: when there is no such topic.
        """
        form = self._formats[topic]
        if type(value) is not form.model:
            raise BadContent(f"{topic} takes {form.model.__name__}, not {type(value).__name__}")
        output = BytesIO()
        output.write(form.prefix)
        try:
            schemaless_writer(output, form.schema, value.model_dump(warnings=False))
        except Exception as error:  # the library has no type of its own for a value that does not fit
            raise BadContent(f"{topic}: a value does not fit its schema ({type(error).__name__})") from None
        return output.getvalue()

    def decode(self, topic: str, data: bytes) -> BaseModel:
        """Decode and validate a record's value, written with any version of the topic's schema.

        Errors name what is wrong and never show content.

        Raises:
            BadContent: when it is no record of this topic's schema, or has bytes left over.
            UnknownSchemaAhead: when its schema is one of a later release.
            KeyError: when there is no such topic.
        """
        form = self._formats[topic]
        body = BytesIO(data)
        prefix = body.read(PREFIX_BYTES)
        try:
            if prefix == form.prefix:
                content = schemaless_reader(body, form.schema, None)
            else:
                content = schemaless_reader(body, self._older(topic, form, prefix), form.schema)
        except RoamwattError:
            raise
        except Exception as error:  # whatever bytes make the library raise is the fault of the bytes
            raise BadContent(f"{topic}: not a record of its schema ({type(error).__name__})") from None
        if body.tell() != len(data):
            raise BadContent(f"{topic}: bytes are left over after the record")
        try:
            return form.model.model_validate(content)
        except ValidationError as error:
            raise BadContent(f"{topic}: {_places(error)}") from None

    def check(self, data: bytes) -> None:
        """Look at a record's schema id alone; whatever else is wrong with it shows when it is decoded.

        Raises:
            UnknownSchemaAhead: when its schema is one of a later release.
        """
        schema_id = int.from_bytes(data[1:PREFIX_BYTES], "big")
        if data[:1] == MAGIC and schema_id not in self._ids and self._contract.owns(schema_id):
            raise UnknownSchemaAhead(f"schema id {schema_id} is of a later release")

    def _older(self, topic: str, form: _Format, prefix: bytes) -> Any:
        if len(prefix) < PREFIX_BYTES or prefix[:1] != MAGIC:
            raise BadContent(f"{topic}: not in the Confluent wire format")
        schema_id = int.from_bytes(prefix[1:], "big")
        if schema_id in form.older:
            return form.older[schema_id]
        if schema_id in self._ids:
            raise BadContent(f"{topic}: schema id {schema_id} is of another topic")
        if self._contract.owns(schema_id):
            raise UnknownSchemaAhead(f"{topic}: schema id {schema_id} is of a later release")
        raise BadContent(f"{topic}: schema id {schema_id} is not ours")


def _format(schema: Schema) -> _Format:
    module = importlib.import_module(f"schemas.models.{schema.domain}")
    return _Format(
        model=getattr(module, schema.model_name),
        prefix=MAGIC + schema.latest.id.to_bytes(4, "big"),
        schema=parse_schema(dict(schema.current)),
        older={version.id: parse_schema(dict(version.schema)) for version in schema.versions[:-1]},
    )


def _places(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, place['loc']))}: {place['type']}" for place in found[:3])
