import base64
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.vault import (
    KEY_BYTES,
    NONCE_BYTES,
    Credential,
    DataKey,
    MasterKey,
    Purpose,
    Unreadable,
    WrongMasterKey,
    bind,
    parse_master_key,
)

keys = st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES)
nonces = st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES)
purposes = st.sampled_from(Purpose)
pseudonyms = st.uuids().map(str)
credentials = st.builds(
    Credential, st.sampled_from(["NL-CSP", "DE-EMP"]), st.sampled_from(["RFID", "OTHER"]), st.text()
)

MASTER = MasterKey(bytes(range(32)))
NONCE = bytes(12)
KNOWN_SEALED = "010000000000000000000000006fded614cea6a95060cd2eabc097ab9952c19a"
KNOWN_LOOKUP = "520ae91c2f1300c57091069f4cb1190ab0676d5ad0eb1270720603c083ffcc26"
CARD = Credential("NL-CSP", "RFID", "04A1B2C3")


@given(keys, pseudonyms, purposes, st.binary(), nonces)
def test_what_is_sealed_opens_again(key: bytes, pseudonym: str, purpose: Purpose, data: bytes, nonce: bytes) -> None:
    sealed = DataKey(pseudonym, key).seal(purpose, data, nonce)
    assert DataKey(pseudonym, key).unseal(purpose, sealed) == data


@given(keys, st.binary(), nonces, st.integers(min_value=0), st.integers(1, 255))
def test_one_changed_byte_anywhere_is_noticed(key: bytes, data: bytes, nonce: bytes, place: int, change: int) -> None:
    sealed = bytearray(DataKey("p", key).seal(Purpose.CDR, data, nonce))
    sealed[place % len(sealed)] ^= change
    with pytest.raises(Unreadable):
        DataKey("p", key).unseal(Purpose.CDR, bytes(sealed))


@given(keys, st.binary(), nonces, st.integers(min_value=0))
def test_a_cut_blob_is_noticed(key: bytes, data: bytes, nonce: bytes, place: int) -> None:
    sealed = DataKey("p", key).seal(Purpose.CDR, data, nonce)
    with pytest.raises(Unreadable):
        DataKey("p", key).unseal(Purpose.CDR, sealed[: place % len(sealed)])


@given(pseudonyms, pseudonyms, purposes, purposes)
def test_a_blob_is_bound_to_its_contract_and_purpose(one: str, other: str, purpose: Purpose, wrong: Purpose) -> None:
    key = bytes(KEY_BYTES)
    sealed = DataKey(one, key).seal(purpose, b"data", NONCE)
    if one != other:
        with pytest.raises(Unreadable):
            DataKey(other, key).unseal(purpose, sealed)
    if purpose is not wrong:
        with pytest.raises(Unreadable):
            DataKey(one, key).unseal(wrong, sealed)


def test_another_key_opens_nothing() -> None:
    sealed = DataKey("p", bytes(32)).seal(Purpose.CDR, b"data", NONCE)
    with pytest.raises(Unreadable):
        DataKey("p", bytes([1] * 32)).unseal(Purpose.CDR, sealed)


def test_a_blob_of_a_later_version_is_not_guessed_at() -> None:
    sealed = DataKey("p", bytes(32)).seal(Purpose.CDR, b"data", NONCE)
    assert sealed[:1] == b"\x01"
    with pytest.raises(Unreadable, match="does not know"):
        DataKey("p", bytes(32)).unseal(Purpose.CDR, b"\x02" + sealed[1:])


def test_the_version_is_authenticated_with_the_content() -> None:
    """Known answer: the layout and what is bound may never change silently, since blobs live for years."""
    sealed = DataKey("7d8f5a53-6f0c-4f7e-9a39-0b5f6f0c9d11", bytes(range(32))).seal(Purpose.TOKEN, b"abc", NONCE)
    assert sealed.hex() == KNOWN_SEALED


def test_a_data_key_is_wrapped_for_one_pseudonym_under_one_master_key() -> None:
    wrapped = MASTER.wrap("p", bytes(range(32)), NONCE)
    assert bytes(range(32)) not in wrapped
    sealed = DataKey("p", bytes(range(32))).seal(Purpose.CDR, b"data", NONCE)
    assert MASTER.unwrap("p", wrapped).unseal(Purpose.CDR, sealed) == b"data"
    with pytest.raises(Unreadable):
        MASTER.unwrap("q", wrapped)
    with pytest.raises(WrongMasterKey):
        MasterKey(bytes(32)).unwrap("p", wrapped)


@given(st.integers(min_value=0), st.integers(1, 255))
def test_a_changed_wrapped_key_is_noticed(place: int, change: int) -> None:
    wrapped = bytearray(MASTER.wrap("p", bytes(32), NONCE))
    wrapped[place % len(wrapped)] ^= change
    with pytest.raises((Unreadable, WrongMasterKey)):
        MASTER.unwrap("p", bytes(wrapped))


@given(credentials, credentials)
def test_look_ups_are_the_same_for_the_same_credential_only(one: Credential, other: Credential) -> None:
    def identity(credential: Credential) -> tuple[str, str, str]:
        return credential.home_csp, credential.type, credential.uid.casefold()

    assert (MASTER.lookup(one) == MASTER.lookup(other)) is (identity(one) == identity(other))
    same_card = identity(one)[1:] == identity(other)[1:]
    assert (MASTER.card(one.type, one.uid) == MASTER.card(other.type, other.uid)) is same_card


@given(st.lists(st.binary(max_size=4), max_size=4), st.lists(st.binary(max_size=4), max_size=4))
def test_bound_parts_cannot_be_shifted(one: list[bytes], other: list[bytes]) -> None:
    assert (bind(*one) == bind(*other)) is (one == other)


def test_look_ups_are_keyed() -> None:
    assert MASTER.lookup(CARD) != MasterKey(bytes(32)).lookup(CARD)
    assert MASTER.lookup(CARD) != MASTER.card(CARD.type, CARD.uid)
    assert MASTER.lookup(CARD).hex() == KNOWN_LOOKUP


@pytest.mark.parametrize("make", [lambda: DataKey("p", bytes(16)), lambda: MasterKey(bytes(31))])
def test_a_key_of_another_length_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        make()


def test_the_master_keys_file() -> None:
    assert parse_master_key(base64.b64encode(bytes(range(32))).decode() + "\n") == bytes(range(32))
    for text in ("", "abc", base64.b64encode(bytes(31)).decode(), base64.b64encode(bytes(33)).decode(), "é" * 44):
        with pytest.raises(WrongMasterKey):
            parse_master_key(text)


def test_nothing_shows_a_secret() -> None:
    assert "04A1B2C3" not in repr(CARD)
    assert "04A1B2C3" not in str(CARD)
    shown = repr(MASTER) + repr(DataKey("p", bytes(32)))
    assert bytes(range(32)).hex() not in shown
    assert MASTER.id.hex() not in bytes(range(32)).hex()


@pytest.mark.parametrize("type_", ["EMAID", "NEWER", "OTHER"])
def test_what_an_older_protocol_calls_other_is_the_same_contract(type_: str) -> None:
    uid = "DE8AA1A2B3C459"
    assert MASTER.lookup(Credential("NL-CSP", type_, uid)) == MASTER.lookup(Credential("NL-CSP", "OTHER", uid))
    assert MASTER.card(type_, uid) == MASTER.card("OTHER", uid) != MASTER.card("RFID", uid)
