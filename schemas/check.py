"""`python -m schemas.check` fails on a schema that breaks a rule or is not compatible with what was published."""

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from schemas import compatibility, contract, rules
from schemas.contract import Schema


def problems(root: Path = contract.ROOT) -> list[str]:
    """Everything that is wrong with the contract, a sentence each."""
    named = tomllib.loads((root / "ids.toml").read_text(encoding="utf-8"))["schemas"]
    without_id = [path.stem for path in contract.sources(root) if not named.get(path.stem)]
    if without_id:
        return [f"{name}: has no id in ids.toml" for name in without_id]
    loaded = contract.load(root)
    return [*rules.broken(loaded, named), *(text for schema in loaded for text in _history(root, schema))]


def _history(root: Path, schema: Schema) -> Iterator[str]:
    numbers = [version.number for version in schema.versions]
    paths = [contract.snapshot_path(root, schema.name, number) for number in numbers]
    missing = [path.relative_to(root) for path in paths if not path.is_file()]
    if missing:
        yield f"{schema.name}: {', '.join(map(str, missing))} is missing; run python -m schemas.generate"
        return
    unnamed = set(paths[0].parent.iterdir()) - set(paths)
    if unnamed:
        yield f"{schema.name}: versions without an id: {', '.join(sorted(path.name for path in unnamed))}"
    published = [contract.read(path) for path in paths]
    if published[-1] != contract.without_documentation(schema.current):
        yield f"{schema.name}: differs from its published version {numbers[-1]}; give it another id in ids.toml"
    yield from compatibility.transitive(schema, published)


def main() -> int:
    """Run the command; the exit status is 1 where something is wrong."""
    found = problems()
    sys.stdout.writelines(f"{problem}\n" for problem in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
