"""The contract as committed: schemas by name, with their permanent ids and every version published so far."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

ROOT = Path(__file__).parent
DOMAINS = ("authorization", "clearing", "gateway", "registry", "runtime", "sessions")

AvroType: TypeAlias = Any
"""A type as Avro's JSON writes it: a name, a union as a list, or an object."""


@dataclass(frozen=True, slots=True)
class Version:
    """One published version of a schema.

    Attributes:
        number: Counts from 1.
        id: Its permanent id, as it stands in every record written with it.
        schema: The schema; the latest version with its documentation, older ones without.
    """

    number: int
    id: int
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema: what it is now (`<domain>/<name>.avsc`) and its versions in ascending order."""

    name: str
    domain: str
    current: Mapping[str, Any]
    versions: tuple[Version, ...]

    @property
    def latest(self) -> Version:
        """The version that this release writes."""
        return self.versions[-1]

    @property
    def model_name(self) -> str:
        """Name of the model generated from it, in `schemas.models.<domain>`; also the name of the Avro record."""
        return str(self.current["name"])


@dataclass(frozen=True, slots=True)
class Contract:
    """All schemas, and the block that their ids are taken from (`ids.toml`)."""

    schemas: Mapping[str, Schema]
    first_id: int
    last_id: int

    def __iter__(self) -> Iterator[Schema]:
        return iter(self.schemas.values())

    def owns(self, schema_id: int) -> bool:
        """Whether an id is of our own block, known to this release or not."""
        return self.first_id <= schema_id <= self.last_id


def load(root: Path = ROOT) -> Contract:
    """Read the contract.

    Raises:
        KeyError: when a schema has no id in `ids.toml`.
        FileNotFoundError: when an older version's snapshot is missing.
    """
    ids = tomllib.loads((root / "ids.toml").read_text(encoding="utf-8"))
    schemas = {path.stem: _schema(root, path, ids["schemas"][path.stem]) for path in sources(root)}
    return Contract(schemas, ids["block"]["first"], ids["block"]["last"])


def sources(root: Path = ROOT) -> list[Path]:
    """The files that are the source of truth, one a schema, by domain and name."""
    return [path for domain in DOMAINS for path in sorted((root / domain).glob("*.avsc"))]


def snapshot_path(root: Path, name: str, number: int) -> Path:
    """Where the published form of one version is kept, for ever."""
    return root / "history" / name / f"{number}.avsc"


def _schema(root: Path, path: Path, ids: list[int]) -> Schema:
    current = read(path)
    older = [
        Version(number, schema_id, read(snapshot_path(root, path.stem, number)))
        for number, schema_id in enumerate(ids[:-1], start=1)
    ]
    return Schema(path.stem, path.parent.name, current, (*older, Version(len(ids), ids[-1], current)))


def read(path: Path) -> dict[str, Any]:
    """Read one `.avsc` file."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def without_documentation(avro: AvroType) -> AvroType:
    """Give a type without its `doc` texts: what writers and readers of records depend on."""
    if isinstance(avro, list):
        return [without_documentation(part) for part in avro]
    if isinstance(avro, dict):
        return {name: without_documentation(part) for name, part in avro.items() if name != "doc"}
    return avro
