"""`python -m schemas.generate` writes what follows from the schemas; `--check` fails on a difference instead."""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from schemas import contract, dictionary, model_source, topics
from schemas.contract import Contract

FORMAT_SECONDS = 30.0


def outputs(root: Path = contract.ROOT) -> Mapping[Path, str]:
    """Everything that is generated from the schemas, by file."""
    loaded = contract.load(root)
    models = {path: _formatted(path, text) for path, text in _models(root / "models", loaded)}
    return {**models, **dict(_snapshots(root, loaded)), **dict(_pages(root, loaded))}


def differing(expected: Mapping[Path, str]) -> list[Path]:
    """The files that are not as generated: missing, or edited, or older than the schemas."""
    return [path for path, text in expected.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]


def write(paths: Iterable[Path], expected: Mapping[Path, str]) -> None:
    """Write these files."""
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(expected[path], encoding="utf-8")


def _models(folder: Path, loaded: Contract) -> Iterable[tuple[Path, str]]:
    for domain in contract.DOMAINS:
        schemas = [schema for schema in loaded if schema.domain == domain]
        yield folder / domain / "__init__.py", model_source.package(domain, schemas)
        for schema in schemas:
            yield folder / domain / f"{schema.name}.py", model_source.module(schema)


def _snapshots(root: Path, loaded: Contract) -> Iterable[tuple[Path, str]]:
    """The published form of each latest version; written once, then `schemas.check` compares with it."""
    for schema in loaded:
        path = contract.snapshot_path(root, schema.name, schema.latest.number)
        if not path.is_file():
            yield path, json.dumps(contract.without_documentation(schema.current)) + "\n"


def _pages(root: Path, loaded: Contract) -> Iterable[tuple[Path, str]]:
    """What people read: the analysts' page with the generated parts between its markers, and a page a schema."""
    listed = topics.load(root / "topics.toml")
    script = (root / "examples" / "read_cleared.py").read_text(encoding="utf-8")
    parts = {
        "script": f"```python\n{script}```",
        "topics": dictionary.overview(listed),
        "dictionary": dictionary.sections(loaded, [topic for topic in listed if topic.analysts]),
    }
    readme = (root / "README.md").read_text(encoding="utf-8")
    for name, content in parts.items():
        readme = dictionary.between_markers(readme, name, content)
    yield root / "README.md", readme
    for name, text in dictionary.pages(loaded, [topic for topic in listed if not topic.analysts]).items():
        yield root / "reference" / f"{name}.md", text


def _formatted(path: Path, text: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--quiet", "--stdin-filename", str(path), "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True, timeout=FORMAT_SECONDS)  # noqa: S603
    return done.stdout


def main() -> int:
    """Run the command; the exit status is 1 where `--check` found a difference."""
    parser = argparse.ArgumentParser(prog="python -m schemas.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file differs")
    check = parser.parse_args().check
    expected = outputs()
    changed = differing(expected)
    if not check:
        write(changed, expected)
    for path in changed:
        sys.stdout.write(f"{'differs' if check else 'written'}: {path.relative_to(contract.ROOT.parent)}\n")
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
