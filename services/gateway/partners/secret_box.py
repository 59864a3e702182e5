"""Seals what the gateway keeps of its partners' secrets, under a key derived from the master key."""

import os
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.core.errors import BadContent

_LABEL: Final = b"roamwatt/partners/1/secrets"
_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12


class SecretBox:
    """AES-256-GCM under HKDF-SHA256 of the master key; each secret is bound to the name of what it belongs to.

    A blob is a version byte, the nonce (12 random bytes) and the ciphertext with its tag.
    """

    __slots__ = ("_cipher", "_entropy")

    def __init__(self, master_key: bytes, entropy: Callable[[int], bytes] = os.urandom) -> None:
        self._cipher = AESGCM(HKDF(SHA256(), 32, salt=None, info=_LABEL).derive(master_key))
        self._entropy = entropy

    def seal(self, name: str, secret: bytes) -> bytes:
        """Return the secret, sealed under a name."""
        nonce = self._entropy(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, secret, _VERSION + name.encode())

    def open(self, name: str, blob: bytes) -> bytes:
        """Return the secret that was sealed under this name.

        Raises:
            BadContent: when it was sealed under another master key or another name, or was changed.
        """
        nonce, sealed = blob[1 : 1 + _NONCE_BYTES], blob[1 + _NONCE_BYTES :]
        try:
            if blob[:1] != _VERSION:
                raise InvalidTag
            return self._cipher.decrypt(nonce, sealed, _VERSION + name.encode())
        except (InvalidTag, ValueError):
            raise BadContent("a stored secret cannot be opened: another master key, or it was changed") from None
