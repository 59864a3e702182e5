import base64
import stat
from pathlib import Path

from services.runtime.dead_letters import load_public_key
from services.runtime.embedded.keys import Keys


def test_keys_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "secrets")
    keys.ensure()
    first = {file.name: file.read_bytes() for file in (tmp_path / "secrets").iterdir()}
    keys.ensure()
    assert {file.name: file.read_bytes() for file in (tmp_path / "secrets").iterdir()} == first
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "secrets").iterdir()} == {0o600}
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_they_are_what_services_expect(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    keys.ensure()
    assert len(base64.b64decode(keys.master_key_file.read_text(), validate=False)) == 32
    assert len(keys.admin_token) >= 32
    load_public_key(keys.dead_letters_public_key_file)
