"""The vault's cryptography: what seals a person's data under the key of one contract, and what finds that contract.

Pure functions of keys, nonces and bytes; the tables are in `vault_store.py`. From the deployment's master key two keys
are derived (HKDF-SHA256, one label each): one wraps the contracts' data keys, one keys the look-ups. A pseudonym is a
random id that is merely bound to a blob; nothing here derives one.

Blobs begin with a version byte, so that a later algorithm can live beside this one:

- sealed, under a contract's data key: version, nonce (12), AES-256-GCM ciphertext with tag (16);
- a wrapped data key: version, master key id (8), nonce (12), AES-256-GCM ciphertext with tag (16).

NIST SP 800-38D allows 2^32 random nonces for one key: 4 billion contracts for one deployment, and as many blobs for
one contract.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.core.errors import BadContent, RoamwattError

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_MASTER_ID_BYTES: Final = 8
_TAG_BYTES: Final = 16
_VERSION: Final = b"\x01"
_KINDS: Final = frozenset({"RFID", "APP_USER", "AD_HOC_USER"})


class Unreadable(BadContent):
    """A blob that was changed, cut, sealed for something else, or written by a release that this one does not know.

    As content that can never be processed it is searched for in a group of requests, and does not touch the others.
    """


class WrongMasterKey(RoamwattError):
    """A blob of another deployment's master key, or no usable master key at all."""


class Purpose(StrEnum):
    """What a blob is: one sealed for one purpose does not open for another."""

    TOKEN = "token"  # noqa: S105
    SESSION = "session"
    CDR = "cdr"
    AUTHORIZATION = "authorization"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Credential:
    """A user credential as its home-CSP issues it. Its text form never shows the uid.

    Attributes:
        home_csp: Party id of the home-CSP, `CC-PPP`.
        type: RFID, APP_USER, AD_HOC_USER, OTHER, or another one that a newer protocol has (EMAID).
        uid: What the reader reads; compared without case.
    """

    home_csp: str
    type: str
    uid: str = field(repr=False)


class DataKey:
    """The key of one contract."""

    __slots__ = ("_cipher", "_pseudonym")

    def __init__(self, pseudonym: str, key: bytes) -> None:
        self._cipher, self._pseudonym = AESGCM(_checked(key)), pseudonym.encode()

    def seal(self, purpose: Purpose, data: bytes, nonce: bytes) -> bytes:
        """Seal data for a purpose. The nonce is 12 random bytes, never used twice."""
        return _VERSION + nonce + self._cipher.encrypt(nonce, data, self._context(purpose))

    def unseal(self, purpose: Purpose, blob: bytes) -> bytes:
        """Return what was sealed for this purpose under this contract.

        Raises:
            Unreadable: when it was not, or is damaged.
        """
        nonce, sealed = _split(blob, 1)
        return _open(self._cipher, nonce, sealed, self._context(purpose))

    def _context(self, purpose: Purpose) -> bytes:
        return bind(b"sealed", _VERSION, self._pseudonym, purpose.encode())


class MasterKey:
    """The deployment's master key, as the keys derived from it; it shows nothing of itself.

    Attributes:
        id: Eight bytes that tell one master key from another and say nothing about it.
    """

    __slots__ = ("_lookup", "_wrapping", "id")

    def __init__(self, secret: bytes) -> None:
        _checked(secret)
        self.id: Final = _derive(secret, b"identity")[:_MASTER_ID_BYTES]
        self._wrapping = AESGCM(_derive(secret, b"wrapping"))
        self._lookup = _derive(secret, b"lookup")

    def lookup(self, credential: Credential) -> bytes:
        """Return by what a credential of one home-CSP is found: HMAC-SHA256, so that card numbers cannot be tried."""
        parts = (credential.home_csp.upper(), _kind(credential.type), credential.uid.casefold())
        return self._keyed(b"credential", *(part.encode() for part in parts))

    def card(self, type: str, uid: str) -> bytes:
        """Return by what a card is found whose home-CSP is not known yet, as at a charging station's question."""
        return self._keyed(b"card", _kind(type).encode(), uid.casefold().encode())

    def wrap(self, pseudonym: str, key: bytes, nonce: bytes) -> bytes:
        """Encrypt a contract's data key, bound to its pseudonym."""
        context = bind(b"data-key", _VERSION, pseudonym.encode())
        return _VERSION + self.id + nonce + self._wrapping.encrypt(nonce, _checked(key), context)

    def unwrap(self, pseudonym: str, wrapped: bytes) -> DataKey:
        """Return the data key that was wrapped for this pseudonym.

        Raises:
            WrongMasterKey: when another master key wrapped it.
            Unreadable: when it belongs to another pseudonym or is damaged.
        """
        context = bind(b"data-key", _VERSION, pseudonym.encode())
        nonce, sealed = _split(wrapped, 1 + _MASTER_ID_BYTES)
        if wrapped[1 : 1 + _MASTER_ID_BYTES] != self.id:
            raise WrongMasterKey("a contract's key was wrapped under another master key")
        return DataKey(pseudonym, _open(self._wrapping, nonce, sealed, context))

    def _keyed(self, *parts: bytes) -> bytes:
        return hmac.digest(self._lookup, bind(*parts), "sha256")


def _kind(type: str) -> str:
    """Return a credential's type as look-ups know it: one contract, also where an older protocol says OTHER of it."""
    return type if type in _KINDS else "OTHER"


def parse_master_key(text: str) -> bytes:
    """Return the 32 bytes that the master key's file holds in base64.

    Raises:
        WrongMasterKey: when it holds anything else.
    """
    try:
        return _checked(base64.b64decode("".join(text.split()), validate=True))
    except (binascii.Error, ValueError):
        raise WrongMasterKey("the master key is 32 bytes in base64") from None


def bind(*parts: bytes) -> bytes:
    """Join parts so that no other parts give the same bytes: each with its length before it."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _derive(secret: bytes, label: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"roamwatt/vault/1/" + label).derive(secret)


def _checked(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes")
    return key


def _split(blob: bytes, head: int) -> tuple[bytes, bytes]:
    if blob[:1] != _VERSION:
        raise Unreadable("sealed in a form that this release does not know")
    if len(blob) < head + NONCE_BYTES + _TAG_BYTES:
        raise Unreadable("a sealed value is cut short")
    return blob[head : head + NONCE_BYTES], blob[head + NONCE_BYTES :]


def _open(cipher: AESGCM, nonce: bytes, sealed: bytes, context: bytes) -> bytes:
    try:
        return cipher.decrypt(nonce, sealed, context)
    except InvalidTag:
        raise Unreadable("a sealed value was changed, or was sealed for something else") from None
