"""Whether two texts are the same schema, however a client's library wrote it out."""

from typing import Any

_PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
_NAMED = frozenset({"record", "enum", "fixed"})
# Beside Avro's own attributes that do not matter: what Java's code generator adds to strings.
_WITHOUT_MEANING = frozenset({"doc", "namespace", "avro.java.string"})


def normal_form(avro: Any, namespace: str = "") -> Any:
    """Give a schema in the one form that equal schemas share: full names, no documentation, no wrapping of primitives.

    Raises:
        KeyError: when it is no Avro schema.
        TypeError: when it is no Avro schema.
    """
    if isinstance(avro, str):
        return avro if avro in _PRIMITIVES else _full_name(avro, namespace)
    if isinstance(avro, list):
        return [normal_form(part, namespace) for part in avro]
    kind = avro["type"]
    kept = {name: part for name, part in avro.items() if name not in _WITHOUT_MEANING}
    if kind in _NAMED:
        full_name = _full_name(avro["name"], avro.get("namespace", namespace))
        kept["name"], namespace = full_name, full_name.rpartition(".")[0]
    if kind == "record":
        kept["fields"] = [_field(field, namespace) for field in avro["fields"]]
    elif kind in {"array", "map"}:
        inside = "items" if kind == "array" else "values"
        kept[inside] = normal_form(avro[inside], namespace)
    elif kept.keys() == {"type"}:
        return normal_form(kind, namespace)
    return kept


def _field(field: dict[str, Any], namespace: str) -> dict[str, Any]:
    kept = {name: part for name, part in field.items() if name not in _WITHOUT_MEANING}
    return {**kept, "type": normal_form(field["type"], namespace)}


def _full_name(name: str, namespace: str) -> str:
    return name if "." in name or not namespace else f"{namespace}.{name}"
