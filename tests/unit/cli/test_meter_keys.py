"""The keys of meters, from the command line."""

from pathlib import Path
from typing import Any

import pytest

from services.cli import meter_keys, partner
from services.core.errors import BadContent
from tests.unit.cli.asking import run


def test_a_key_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"POST /meter-keys": {"registered": 1, "given": 1}}
    result, fake = run(monkeypatch, partner.app, ["meter-keys", "add", "FR-CSO", "E1", "3059"], answers)
    assert "1 registered, 0 were already." in result.stdout
    body = {"visited_cso": "FR-CSO", "keys": [{"evse_uid": "E1", "public_key": "3059"}]}
    assert fake.asked == [("clearing", "POST /meter-keys", body)]


def test_keys_of_a_file_are_registered_in_batches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "keys.csv"
    file.write_text("public_key,evse_uid\n" + "".join(f"30{number},E{number}\n" for number in range(1_001)))
    answers: dict[str, Any] = {"POST /meter-keys": [{"registered": 999}, {"registered": 1}]}
    result, fake = run(monkeypatch, partner.app, ["meter-keys", "add", "FR-CSO", "--file", str(file)], answers)
    assert "1000 registered, 1 were already." in result.stdout
    assert [len(body["keys"]) for _, _, body in fake.asked] == [1_000, 1]
    assert fake.asked[1][2]["keys"] == [{"evse_uid": "E1000", "public_key": "301000"}]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read"),
        (b"evse_uid,key\n1,2\n", "no column public_key"),
        (b"\xff\xfe\x00", "no CSV"),
        (b"", "no"),
    ],
)
def test_a_file_that_holds_no_keys_is_told(tmp_path: Path, content: bytes | None, reason: str) -> None:
    file = tmp_path / "keys.csv"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadContent, match=reason):
        meter_keys.read(file)


@pytest.mark.parametrize("arguments", [[], ["E1"], ["E1", "3059", "--file", "keys.csv"]])
def test_an_evse_and_its_key_or_a_file_is_needed(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    result, fake = run(monkeypatch, partner.app, ["meter-keys", "add", "FR-CSO", *arguments], {})
    assert (isinstance(result.exception, BadContent), fake.asked) == (True, [])


def test_keys_are_listed_and_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    key = {"visited_cso": "FR-CSO", "evse_uid": "E1", "public_key": "3059", "registered_at": "2026-03-01T08:00:00Z"}
    result, fake = run(
        monkeypatch, partner.app, ["meter-keys", "list", "FR-CSO"], {"/meter-keys": {"keys": [key], "next": "x"}}
    )
    assert "3059" in result.stdout
    assert "more than 50" in result.stdout
    assert fake.asked == [("clearing", "/meter-keys", {"limit": 50, "cso": "FR-CSO"})]
    answers = {"POST /meter-keys/remove": {"removed": 2}}
    result, fake = run(monkeypatch, partner.app, ["meter-keys", "remove", "FR-CSO", "E1"], answers)
    assert "2 removed." in result.stdout
    assert fake.asked[0][2] == {"visited_cso": "FR-CSO", "evse_uid": "E1", "public_key": None}
