"""What an operator does with personal data through the gateway, over a real PostgreSQL."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from services.gateway.personal_data import PersonalData
from services.gateway.vault import Credential, MasterKey, Purpose
from services.gateway.vault_store import Sealing, Vault
from services.runtime.dead_letters import load_private_key, seal
from services.runtime.settings import SettingsError
from services.runtime.work import Work
from tests.integration.gateway.whole import Gateway, whole

CREDENTIAL = Credential("NL-CSP", "RFID", "04A1B2C3")
BODY = {"home_csp": "nl-csp", "type": "RFID", "uid": "04a1b2c3"}
KEY = X25519PrivateKey.generate()


@pytest.fixture
async def gateway(database_url: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    async with whole(database_url, tmp_path) as here:
        yield here


@pytest.fixture
def vault(gateway: Gateway) -> Vault:
    return Vault(MasterKey(bytes(32)), gateway.settings.vault)


def client(gateway: Gateway, vault: Vault, letters: X25519PrivateKey | None) -> httpx.AsyncClient:
    return gateway.operator(routes=PersonalData(gateway.context, vault, letters).routes())


async def test_an_erased_contract_can_no_longer_be_read(
    gateway: Gateway, vault: Vault, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fill(work: Work) -> tuple[str, bytes]:
        pseudonym = (await vault.pseudonyms(work, [CREDENTIAL]))[CREDENTIAL]
        return pseudonym, (await vault.seal(work.connection, [Sealing(pseudonym, Purpose.TOKEN, b"a token")]))[0]

    pseudonym, sealed = await gateway.context.transactions.run(fill)
    async with client(gateway, vault, None) as admin:
        assert (await admin.post("/vault/erase", json=BODY)).json() == {"erased": True}
        assert (await admin.post("/vault/erase", json=BODY)).json() == {"erased": False}
    async with gateway.context.engine.connect() as connection:
        assert await vault.unseal(connection, [Sealing(pseudonym, Purpose.TOKEN, sealed)]) == [None]
    assert "04a1b2c3" not in capsys.readouterr().out.lower()


@pytest.mark.parametrize("change", [{"home_csp": "x"}, {"type": "CARD"}, {"uid": ""}, {"more": 1}])
async def test_an_erasure_that_is_none_is_refused_without_repeating_it(
    gateway: Gateway, vault: Vault, change: dict[str, Any]
) -> None:
    async with client(gateway, vault, None) as admin:
        answer = await admin.post("/vault/erase", json=BODY | change)
    assert answer.status_code == 422
    assert "04a1b2c3" not in answer.text


async def test_a_dead_letter_is_opened_with_the_private_key(gateway: Gateway, vault: Vault) -> None:
    said = bytes(range(256))
    sealed = base64.urlsafe_b64encode(seal(said, KEY.public_key())).decode()
    async with client(gateway, vault, KEY) as admin:
        opened = (await admin.post("/dead-letters/open", json={"sealed": sealed})).json()
        assert base64.urlsafe_b64decode(opened["content"]) == said
        for other in (
            "",
            "%",
            sealed[:40],
            base64.urlsafe_b64encode(seal(b"x", X25519PrivateKey.generate().public_key())),
        ):
            wrong = other if isinstance(other, str) else other.decode()
            assert (await admin.post("/dead-letters/open", json={"sealed": wrong})).status_code == 422
    async with client(gateway, vault, None) as admin:
        answer = await admin.post("/dead-letters/open", json={"sealed": sealed})
    assert answer.status_code == 409
    assert "ROAMWATT_VAULT__DEAD_LETTERS_KEY_FILE" in answer.json()["detail"]


def test_a_private_key_is_read_or_refused(tmp_path: Path) -> None:
    file = tmp_path / "letters.key"
    with pytest.raises(SettingsError, match="THE_SETTING"):
        load_private_key(file, "THE_SETTING")
    file.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert load_private_key(file, "THE_SETTING").private_bytes_raw() == KEY.private_bytes_raw()
