"""Dead letters: what can never be processed is kept, sealed, with its reason.

Any service may have to keep a record whose content it could not read, personal data included, and must not be able to
read it back: it seals to the deployment's public key (HPKE, RFC 9180, base mode). The private key is the gateway's.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from sqlalchemy.dialects.postgresql import Insert, insert

from schemas.models.runtime import DeadLetter
from services.core.errors import BadContent, TooLarge
from services.runtime.events import Event
from services.runtime.ports import Part
from services.runtime.settings import SettingsError
from services.runtime.tables import RuntimeTables
from services.runtime.work import Work

_SUITE: Final = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_INFO: Final = b"roamwatt dead letter 1"
_MAX_REASON_CHARACTERS: Final = 500


def load_public_key(file: Path | None) -> X25519PublicKey:
    """Read the key that dead letters are sealed to.

    Raises:
        SettingsError: when it is not set or is no X25519 public key in PEM.
    """
    variable = "ROAMWATT_DEAD_LETTERS__PUBLIC_KEY_FILE"
    if file is None:
        raise SettingsError(f"{variable} is not set: dead letters must be sealed to a key")
    try:
        key = load_pem_public_key(file.read_bytes())
    except (OSError, ValueError) as error:
        raise SettingsError(f"{variable}: {file} cannot be read as a PEM public key") from error
    if not isinstance(key, X25519PublicKey):
        raise SettingsError(f"{variable}: {file} holds no X25519 public key")
    return key


def load_private_key(file: Path, variable: str) -> X25519PrivateKey:
    """Read the key that opens dead letters; `variable` is the setting that named the file.

    Raises:
        SettingsError: when the file is no X25519 private key in PEM, without a passphrase.
    """
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise SettingsError(f"{variable}: {file} cannot be read as a PEM private key") from error
    if not isinstance(key, X25519PrivateKey):
        raise SettingsError(f"{variable}: {file} holds no X25519 private key")
    return key


def seal(content: bytes, key: X25519PublicKey) -> bytes:
    """Seal content so that only the holder of the private key reads it."""
    return _SUITE.encrypt(content, key, info=_INFO)


def unseal(sealed: bytes, key: X25519PrivateKey) -> bytes:
    """The content that `seal` sealed.

    Raises:
        cryptography.exceptions.InvalidTag: when it was changed or sealed to another key.
    """
    return _SUITE.decrypt(sealed, key, info=_INFO)


def letter_id(service: str, log: str, topic: str, partition: int, offset: int) -> UUID:
    """The dead letter's id, the same however often the record is met."""
    return uuid5(NAMESPACE_URL, f"roamwatt:dead-letter:{service}:{log}:{topic}:{partition}:{offset}")


class DeadLetterBox:
    """Keeps one service's dead letters: a row for operators, an event for everybody else."""

    def __init__(self, service: str, tables: RuntimeTables, key: X25519PublicKey) -> None:
        self._service, self._table, self._key = service, tables.dead_letter, key

    async def put(self, work: Work, part: Part, error: BadContent) -> None:
        """Dead-letter the records of a part inside the work that moves past them."""
        for record in part.records:
            source = (part.partition.topic, part.partition.number, record.offset)
            letter = DeadLetter(
                event_id=letter_id(self._service, part.start.log, *source),
                occurred_at=work.now,
                service=self._service,
                source_topic=source[0],
                source_partition=source[1],
                source_offset=source[2],
                reason_code=type(error).__name__,
                reason=str(error)[:_MAX_REASON_CHARACTERS],
                sealed=seal(record.value or b"", self._key),
                sealed_key=None if record.key is None else seal(record.key, self._key),
            )
            await work.connection.execute(self._statement(letter))
            self._say(work, letter, f"{source[0]}/{source[1]}")

    def _say(self, work: Work, letter: DeadLetter, key: str) -> None:
        """Append the event, without the content where the record was as large as an event may be: the row has it."""
        event = Event(letter.event_id, f"{self._service}.dlq", key, letter, occurred_at=work.now)
        try:
            work.append(event)
        except TooLarge:
            work.append(replace(event, value=letter.model_copy(update={"sealed": b"", "sealed_key": None})))

    def _statement(self, letter: DeadLetter) -> Insert:
        """Keep the newest letter of an id: a topic made anew has the same offsets once more."""
        row = self._row(letter)
        return insert(self._table).values(row).on_conflict_do_update(index_elements=["id"], set_=row)

    @staticmethod
    def _row(letter: DeadLetter) -> dict[str, object]:
        kept = ("source_topic", "source_partition", "source_offset", "reason_code", "reason", "sealed")
        row: dict[str, object] = {name: getattr(letter, name) for name in kept}
        return row | {"id": letter.event_id, "dead_lettered_at": letter.occurred_at}
