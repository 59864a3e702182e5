"""Pydantic models of all events, generated from the Avro schemas."""
