"""Hypothesis strategies for values of any schema of the contract, built from the schema itself."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

UNIT = Decimal("0.00000001")

PRIMITIVES: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(max_size=20),
    "boolean": st.booleans(),
    "bytes": st.binary(max_size=20),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
}
LOGICAL: dict[str, st.SearchStrategy[Any]] = {
    "uuid": st.uuids(),
    "timestamp-millis": st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001
    "decimal": st.integers(-(10**28) + 1, 10**28 - 1).map(lambda unscaled: Decimal(unscaled).scaleb(-8)),
}


def of(avro: Any) -> st.SearchStrategy[Any]:
    """Plain values as a model of this type is validated from."""
    match avro:
        case ["null", inner]:
            return st.none() | of(inner)
        case {"type": "array", "items": items}:
            return st.lists(of(items), max_size=3)
        case {"type": "record", "fields": fields}:
            return st.fixed_dictionaries({field["name"]: of(field["type"]) for field in fields})
        case {"logicalType": logical}:
            return LOGICAL[logical]
    return PRIMITIVES[avro]
