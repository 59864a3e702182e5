import pytest

from services.core.errors import BadContent
from services.gateway.partners.secret_box import SecretBox

BOX = SecretBox(bytes(32))


def test_a_secret_opens_under_its_name_alone() -> None:
    sealed = BOX.seal("connection/a/token", b"secret")
    assert b"secret" not in sealed
    assert BOX.open("connection/a/token", sealed) == b"secret"
    with pytest.raises(BadContent):
        BOX.open("connection/b/token", sealed)


def test_another_master_key_opens_nothing() -> None:
    with pytest.raises(BadContent):
        SecretBox(bytes([1] * 32)).open("n", BOX.seal("n", b"secret"))


@pytest.mark.parametrize("changed", [b"", b"\x01", b"\x02" + bytes(40)])
def test_what_was_changed_does_not_open(changed: bytes) -> None:
    with pytest.raises(BadContent):
        BOX.open("n", changed)


def test_one_secret_never_looks_the_same_twice() -> None:
    assert BOX.seal("n", b"secret") != BOX.seal("n", b"secret")
