"""The committed contract: nothing drifted, nothing incompatible, ids permanent."""

import importlib
import tomllib

import pytest

from schemas import check, contract, generate, rules

# Every id ever published, by hand: lines are added here and never changed. A record on a topic carries its id for ever.
PUBLISHED = {
    1_631_190_001: "partner_registered",
    1_631_190_002: "agreement_concluded",
    1_631_190_003: "location_published",
    1_631_190_004: "tariff_published",
    1_631_190_005: "credential_issued",
    1_631_190_006: "authorization_requested",
    1_631_190_007: "authorization_asked",
    1_631_190_008: "authorization_answered",
    1_631_190_009: "authorization_decided",
    1_631_190_010: "authorization_concluded",
    1_631_190_011: "session_reported",
    1_631_190_012: "session_tracked",
    1_631_190_013: "cdr_submitted",
    1_631_190_014: "cdr_cleared",
    1_631_190_015: "sdr_cleared",
    1_631_190_016: "cdr_current",
    1_631_190_017: "ledger_posted",
    1_631_190_018: "delivery_completed",
    1_631_190_019: "dead_letter",
    1_631_190_020: "relay_cursor",
    1_631_190_021: "location_published",
    1_631_190_022: "tariff_published",
    1_631_190_023: "credential_issued",
    1_631_190_024: "session_reported",
    1_631_190_025: "cdr_submitted",
    1_631_190_026: "tariff_published",
    1_631_190_027: "command_requested",
    1_631_190_028: "command_resulted",
    1_631_190_029: "evse_status_changed",
    1_631_190_030: "invoice_published",
    1_631_190_031: "agreement_concluded",
    1_631_190_032: "cdr_missed",
    1_631_190_033: "cdr_submitted",
    1_631_190_034: "cdr_submitted",
}
CONTRACT = contract.load()


def test_no_schema_breaks_a_rule_or_what_was_published() -> None:
    assert check.problems() == []


def test_models_and_pages_are_as_generated() -> None:
    assert [str(path) for path in generate.differing(generate.outputs())] == []


def test_nothing_else_stands_among_what_is_generated() -> None:
    generated = set(generate.outputs())
    for folder in ("models", "reference"):
        files = {path for path in (contract.ROOT / folder).rglob("*") if path.is_file() and path.suffix != ".pyc"}
        assert files - generated == {contract.ROOT / "models" / "__init__.py"} & files


def test_ids_are_permanent() -> None:
    assert {version.id: schema.name for schema in CONTRACT for version in schema.versions} == PUBLISHED


def test_the_block_does_not_meet_an_operators_own_registry_and_fits_32_bits() -> None:
    assert 1_000_000_000 < CONTRACT.first_id < CONTRACT.last_id < 2**31


def test_every_schema_named_in_ids_toml_exists() -> None:
    named = tomllib.loads((contract.ROOT / "ids.toml").read_text(encoding="utf-8"))["schemas"]
    assert sorted(named) == sorted(CONTRACT.schemas)


@pytest.mark.parametrize("schema", list(CONTRACT), ids=lambda schema: schema.name)
def test_a_model_has_the_fields_of_its_schema(schema: contract.Schema) -> None:
    model = getattr(importlib.import_module(f"schemas.models.{schema.domain}"), schema.model_name)
    assert list(model.model_fields) == [field["name"] for field in schema.current["fields"]]
    assert tuple(model.model_fields)[:2] == rules.EVERY_EVENT
    for field in schema.current["fields"]:
        assert model.model_fields[field["name"]].is_required() == ("default" not in field)
        assert model.model_fields[field["name"]].description == field["doc"]
