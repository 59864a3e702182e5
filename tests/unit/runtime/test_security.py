from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from services.runtime.security import AdminGuard, admits, client_context, is_admin_path, server_context
from services.runtime.settings import HttpsSettings, SettingsError
from tests.unit.runtime.asgi import Recorder, ask

TOKEN = b"0123456789abcdef"


@pytest.mark.parametrize("header", [b"Bearer " + TOKEN, b"bearer  " + TOKEN])
def test_the_token_admits(header: bytes) -> None:
    assert admits(TOKEN, header)


@pytest.mark.parametrize("header", [b"", b"Bearer", b"Bearer ", TOKEN, b"Token " + TOKEN, b"Bearer " + TOKEN + b"0"])
def test_anything_else_does_not(header: bytes) -> None:
    assert not admits(TOKEN, header)


@pytest.mark.parametrize("header", [b"", b"Bearer ", b"Bearer None"])
def test_without_a_token_nobody_is_admitted(header: bytes) -> None:
    assert not admits(None, header)


@pytest.mark.parametrize(
    ("path", "guarded"),
    [("/admin", True), ("/admin/", True), ("/admin/x", True), ("/administrator", False), ("/health", False)],
)
def test_guarded_paths(path: str, guarded: bool) -> None:
    assert is_admin_path(path) is guarded


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/health", [], 200),
        ("/admin/x", [(b"authorization", b"Bearer " + TOKEN)], 200),
        ("/admin/x", [], 401),
        ("/admin/x", [(b"authorization", b"Bearer wrong")], 401),
        ("/admin/x", [(b"authorization", b"Bearer " + TOKEN), (b"authorization", b"Bearer " + TOKEN)], 401),
    ],
)
async def test_guard(path: str, headers: list[tuple[bytes, bytes]], status: int) -> None:
    app = Recorder()
    answered = await ask(AdminGuard(app, SecretStr(TOKEN.decode())), path=path, headers=headers)
    assert answered.status == status
    assert app.called is (status == 200)


async def test_closed_admin_api_says_which_setting_opens_it() -> None:
    answered = await ask(AdminGuard(Recorder(), None), path="/admin/x")
    assert (answered.status, b"ROAMWATT_ADMIN__TOKEN" in answered.body) == (401, True)


def test_listener_without_certificate_has_no_tls() -> None:
    assert server_context(HttpsSettings()) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda path: server_context(HttpsSettings(certificate_file=path / "c.pem", key_file=path / "k.pem")),
        lambda path: client_context(path / "ca.pem"),
    ],
)
def test_file_that_is_not_there_is_named(make: Any, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\.pem.*No such file"):
        make(tmp_path)


def test_file_with_something_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(SettingsError, match=r"ca\.pem"):
        client_context(tmp_path / "ca.pem")
