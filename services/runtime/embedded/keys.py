"""The deployment's keys and tokens, made once."""

import base64
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from services.runtime.embedded.files import write_private


@dataclass(frozen=True, slots=True)
class Keys:
    """Key files; each service is given only those it needs."""

    folder: Path

    @property
    def master_key_file(self) -> Path:
        """The vault's master key, for the gateway alone: 32 random bytes in base64. Lose it, lose the vault."""
        return self.folder / "master.key"

    @property
    def dead_letters_key_file(self) -> Path:
        """The private key that opens dead letters (PEM, X25519), for the gateway alone."""
        return self.folder / "dead_letters.key"

    @property
    def dead_letters_public_key_file(self) -> Path:
        """The public key that dead letters are sealed to (PEM, X25519)."""
        return self.folder / "dead_letters.pub"

    @property
    def admin_token_file(self) -> Path:
        """The bearer token of all admin APIs."""
        return self.folder / "admin.token"

    @property
    def postgres_password_file(self) -> Path:
        """The password of the embedded PostgreSQL."""
        return self.folder / "postgres.password"

    @property
    def admin_token(self) -> str:
        """The token itself."""
        return self.admin_token_file.read_text().strip()

    def ensure(self) -> None:
        """Make what is missing; what exists is kept."""
        if not self.master_key_file.exists():
            write_private(self.master_key_file, base64.b64encode(secrets.token_bytes(32)) + b"\n")
        if not self.admin_token_file.exists():
            write_private(self.admin_token_file, secrets.token_urlsafe(32).encode() + b"\n")
        if not self.dead_letters_public_key_file.exists():
            key = X25519PrivateKey.generate()
            private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            write_private(self.dead_letters_key_file, private)
            write_private(self.dead_letters_public_key_file, public)
