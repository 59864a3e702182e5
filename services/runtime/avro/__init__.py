"""Avro on topics: Confluent's wire format with the permanent schema ids of `schemas/ids.toml`."""

from services.core.errors import BadContent
from services.runtime.avro.codec import Codec, UnknownSchemaAhead

__all__ = ["BadContent", "Codec", "UnknownSchemaAhead"]
