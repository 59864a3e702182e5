import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemas import contract
from schemas.check import problems

Avro = dict[str, Any]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the committed contract, to be spoiled."""
    for name in ("history", *contract.DOMAINS):
        shutil.copytree(contract.ROOT / name, tmp_path / name)
    shutil.copy(contract.ROOT / "ids.toml", tmp_path)
    return tmp_path


def edit(root: Path, change: Callable[[Avro], Any], path: str = "clearing/ledger_posted.avsc") -> None:
    schema = contract.read(root / path)
    change(schema)
    (root / path).write_text(json.dumps(schema))


def field(schema: Avro, name: str) -> Avro:
    found: Avro = next(each for each in schema["fields"] if each["name"] == name)
    return found


def edit_ids(root: Path, old: str, new: str) -> None:
    text = (root / "ids.toml").read_text()
    assert old in text
    (root / "ids.toml").write_text(text.replace(old, new))


def test_the_committed_contract_has_no_problem(root: Path) -> None:
    assert problems(root) == []


SPOILED: dict[str, tuple[Callable[[Avro], Any], str]] = {
    "undocumented": (lambda schema: field(schema, "currency").pop("doc"), "currency has no documentation"),
    "enum": (
        lambda schema: field(schema, "currency").update(type={"type": "enum", "name": "C", "symbols": ["EUR"]}),
        "no type of the contract",
    ),
    "scale": (
        lambda schema: field(schema, "entries")["type"]["items"]["fields"][1]["type"].update(scale=2),
        "no type of the contract",
    ),
    "float": (lambda schema: field(schema, "revision").update(type="double"), "no type of the contract"),
    "optional without default": (
        lambda schema: field(schema, "cdr_id").update(type=["null", "string"]),
        "default null",
    ),
    "default": (lambda schema: field(schema, "cdr_id").update(default="x"), "default other than null"),
    "name": (lambda schema: schema.update(name="Posted"), "must be roamwatt.clearing.LedgerPosted"),
    "first fields": (lambda schema: schema["fields"].reverse(), "must begin with event_id"),
    "changed in place": (
        lambda schema: schema["fields"].append({"name": "x", "type": ["null", "int"], "default": None, "doc": "X."}),
        "another id",
    ),
    "another meaning of a name": (
        lambda schema: field(schema, "entries")["type"]["items"].update(name="Fact"),
        "roamwatt.clearing.Fact is defined elsewhere",
    ),
}


@pytest.mark.parametrize(("change", "said"), SPOILED.values(), ids=SPOILED.keys())
def test_a_spoiled_schema_is_found(root: Path, change: Callable[[Avro], Any], said: str) -> None:
    edit(root, change)
    assert any(said in problem for problem in problems(root)), problems(root)


def test_documentation_may_change(root: Path) -> None:
    edit(root, lambda schema: field(schema, "currency").update(doc="Better words."))
    assert problems(root) == []


def test_a_compatible_second_version_passes_once_it_has_an_id_and_a_snapshot(root: Path) -> None:
    edit(
        root,
        lambda schema: schema["fields"].append({"name": "x", "type": ["null", "int"], "default": None, "doc": "X."}),
    )
    edit_ids(root, "ledger_posted = [1_631_190_017]", "ledger_posted = [1_631_190_017, 1_631_190_900]")
    assert any("history/ledger_posted/2.avsc is missing" in problem for problem in problems(root))
    current = contract.read(root / "clearing" / "ledger_posted.avsc")
    contract.snapshot_path(root, "ledger_posted", 2).write_text(json.dumps(contract.without_documentation(current)))
    assert problems(root) == []


def test_an_id_used_twice_is_found(root: Path) -> None:
    edit_ids(root, "ledger_posted = [1_631_190_017]", "ledger_posted = [1_631_190_016]")
    assert "id 1631190016 stands for more than one schema" in problems(root)


def test_an_id_outside_the_block_is_found(root: Path) -> None:
    edit_ids(root, "1_631_190_017", "17")
    assert "id 17 is outside our block" in problems(root)


def test_a_schema_without_id_is_found(root: Path) -> None:
    edit_ids(root, "ledger_posted = [1_631_190_017]\n", "")
    assert problems(root) == ["ledger_posted: has no id in ids.toml"]


def test_a_removed_schema_is_found(root: Path) -> None:
    (root / "clearing" / "ledger_posted.avsc").unlink()
    assert "ledger_posted: has an id and no schema; what was published stays" in problems(root)


def test_a_forgotten_version_is_found(root: Path) -> None:
    (root / "history" / "ledger_posted" / "2.avsc").write_text("{}")
    assert "ledger_posted: versions without an id: 2.avsc" in problems(root)
