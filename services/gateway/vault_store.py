"""The vault's store: the one place where a credential, its pseudonym and its key meet.

One row is one contract: the keyed look-ups of its credential, its pseudonym and its wrapped data key. Deleting the
row erases the person: no look-up finds the pseudonym, and nothing that was sealed under the key can be opened again,
wherever copies of it are. (PostgreSQL frees the bytes at its next vacuum; backups keep them as long as they are kept.)
"""

import os
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.core.errors import Halted, RoamwattError, Unavailable
from services.gateway.arrays import Column
from services.gateway.settings import VaultSettings
from services.gateway.vault import (
    KEY_BYTES,
    NONCE_BYTES,
    Credential,
    DataKey,
    MasterKey,
    Purpose,
    WrongMasterKey,
    parse_master_key,
)
from services.runtime.work import Work

_FIND: Final = text(
    "SELECT lookup, CAST(pseudonym AS text), wrapped_key FROM gateway.contracts "
    "WHERE lookup = ANY(CAST(:lookups AS bytea[]))"
)
# The order of the look-ups keeps two replicas that create the same contracts from waiting for each other in a circle.
_CREATE: Final = text(
    "INSERT INTO gateway.contracts (lookup, card, home_csp, credential_type, pseudonym, wrapped_key, created_at) "
    "SELECT n.lookup, n.card, n.home_csp, n.credential_type, n.pseudonym, n.wrapped_key, :now "
    "FROM unnest(CAST(:lookup AS bytea[]), CAST(:card AS bytea[]), CAST(:home_csp AS text[]), "
    "CAST(:credential_type AS text[]), CAST(:pseudonym AS uuid[]), CAST(:wrapped_key AS bytea[])) "
    "AS n(lookup, card, home_csp, credential_type, pseudonym, wrapped_key) ORDER BY n.lookup "
    "ON CONFLICT (lookup) DO NOTHING RETURNING lookup, CAST(pseudonym AS text), wrapped_key"
)
_KEYS: Final = text(
    "SELECT CAST(pseudonym AS text), wrapped_key FROM gateway.contracts "
    "WHERE pseudonym = ANY(CAST(:pseudonyms AS uuid[]))"
)
_ERASE: Final = text("DELETE FROM gateway.contracts WHERE pseudonym = CAST(:pseudonym AS uuid) RETURNING 1")
_IDENTITY: Final = text("SELECT master_id FROM gateway.vault_identity")
_FIRST_IDENTITY: Final = text(
    "INSERT INTO gateway.vault_identity (only_row, master_id) VALUES (1, :id) ON CONFLICT (only_row) DO NOTHING"
)
_ROUNDS: Final = 5


class Erased(RoamwattError):
    """The key of this contract no longer exists: what was sealed under it can never be read again."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """One value to seal or to unseal."""

    pseudonym: str
    purpose: Purpose
    data: bytes


def read_master_key(settings: VaultSettings) -> bytes:
    """Return the master key, 32 bytes, from its file.

    Raises:
        WrongMasterKey: when no file is named, it cannot be read, or it holds no master key.
    """
    if settings.master_key_file is None:
        raise WrongMasterKey("no master key: set ROAMWATT_VAULT__MASTER_KEY_FILE")
    try:
        return parse_master_key(settings.master_key_file.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise WrongMasterKey(f"the master key's file cannot be read: {type(error).__name__}") from None


class Vault:
    """Finds, creates and erases contracts; seals and unseals under their keys.

    Unwrapped keys are kept for `key_cache_seconds` in a bounded cache; for so long another replica may still read
    what was sealed under a key that has been erased.
    """

    def __init__(
        self,
        master: MasterKey,
        settings: VaultSettings,
        *,
        entropy: Callable[[int], bytes] = os.urandom,
        pseudonym: Callable[[], str] = lambda: str(uuid4()),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._master, self._entropy, self._pseudonym = master, entropy, pseudonym
        self._keys = _KeyCache(settings.max_cached_keys, settings.key_cache_seconds, monotonic)
        self._verified = False

    async def pseudonyms(self, work: Work, credentials: Collection[Credential]) -> dict[Credential, str]:
        """Return the pseudonym of each credential; those seen for the first time get a random one and a key.

        Raises:
            Halted: when the contracts were made under another master key.
            Unavailable: when other transactions kept on creating and erasing the same contracts.
        """
        await self._verify(work.connection)
        lookups = {credential: self._master.lookup(credential) for credential in credentials}
        by_lookup = {lookup: credential for credential, lookup in lookups.items()}
        wanted = {lookup: by_lookup[lookup] for lookup in sorted(by_lookup)}
        found: dict[bytes, str] = {}
        for _ in range(_ROUNDS):
            missing = [lookup for lookup in wanted if lookup not in found]
            if not missing:
                break
            found |= await self._learn(work.connection, _FIND, {"lookups": Column(missing)})
            unknown = {lookup: wanted[lookup] for lookup in missing if lookup not in found}
            if unknown:
                found |= await self._learn(work.connection, _CREATE, self._created(work, unknown))
        else:
            raise Unavailable("contracts are being erased while they are used")
        return {credential: found[lookup] for credential, lookup in lookups.items()}

    async def find(self, connection: AsyncConnection, credential: Credential) -> str | None:
        """Return a credential's pseudonym, or None where it was never seen or was erased."""
        found = await self._learn(connection, _FIND, {"lookups": Column([self._master.lookup(credential)])})
        return next(iter(found.values()), None)

    def card(self, type: str, uid: str) -> bytes:
        """Return what the contracts of a card are looked up by, whoever issued it."""
        return self._master.card(type, uid)

    async def seal(self, connection: AsyncConnection, values: Sequence[Sealing]) -> list[bytes]:
        """Seal many values, in their order.

        Raises:
            Erased: when a contract has no key any more.
        """
        keys = await self.keys(connection, {value.pseudonym for value in values})
        return [keys.of(v.pseudonym).seal(v.purpose, v.data, self._entropy(NONCE_BYTES)) for v in values]

    async def unseal(self, connection: AsyncConnection, values: Sequence[Sealing]) -> list[bytes | None]:
        """Return what was sealed, in order; None where the contract was erased.

        Raises:
            services.gateway.vault.Unreadable: when a value was changed or sealed for something else.
        """
        keys = await self.keys(connection, {value.pseudonym for value in values})
        return [keys.of(v.pseudonym).unseal(v.purpose, v.data) if v.pseudonym in keys else None for v in values]

    async def keys(self, connection: AsyncConnection, pseudonyms: Collection[str]) -> "Keys":
        """Return the keys of these contracts; the erased ones are not among them."""
        found = {p: key for p in pseudonyms if (key := self._keys.get(p)) is not None}
        missing = [pseudonym for pseudonym in pseudonyms if pseudonym not in found]
        if missing:
            for pseudonym, wrapped in await connection.execute(_KEYS, {"pseudonyms": missing}):
                found[pseudonym] = self._unwrapped(pseudonym, wrapped)
        return Keys(found, self._entropy)

    async def erase(self, work: Work, pseudonym: str) -> bool:
        """Destroy a contract's key and look-up; says whether there was one."""
        self._keys.forget(pseudonym)
        return (await work.connection.execute(_ERASE, {"pseudonym": pseudonym})).first() is not None

    async def erase_credential(self, work: Work, credential: Credential) -> bool:
        """Erase the contract of a credential and say whether there was one.

        Raises:
            Halted: when the contracts were made under another master key, so that none would be found.
        """
        await self._verify(work.connection)
        pseudonym = await self.find(work.connection, credential)
        return pseudonym is not None and await self.erase(work, pseudonym)

    async def _verify(self, connection: AsyncConnection) -> None:
        # Under another master key no look-up would match: every known credential would silently get a second pseudonym.
        if self._verified:
            return
        stored = (await connection.execute(_IDENTITY)).scalar_one_or_none()
        if stored is None:
            # Not verified yet: this transaction may still be rolled back, or another replica be first.
            await connection.execute(_FIRST_IDENTITY, {"id": self._master.id})
            return
        if bytes(stored) != self._master.id:
            raise Halted("the vault was filled under another master key: give the gateway that key's file back")
        self._verified = True

    async def _learn(self, connection: AsyncConnection, statement: TextClause, values: object) -> dict[bytes, str]:
        found: dict[bytes, str] = {}
        for lookup, pseudonym, wrapped in await connection.execute(statement, values):  # type: ignore[call-overload]
            if self._keys.get(pseudonym) is None:
                self._unwrapped(pseudonym, bytes(wrapped))
            found[bytes(lookup)] = pseudonym
        return found

    def _created(self, work: Work, unknown: dict[bytes, Credential]) -> dict[str, object]:
        pseudonyms = [self._pseudonym() for _ in unknown]
        keys = [self._master.wrap(p, self._entropy(KEY_BYTES), self._entropy(NONCE_BYTES)) for p in pseudonyms]
        credentials = unknown.values()
        return {
            "now": work.now,
            "lookup": Column(unknown),
            "card": Column(self._master.card(c.type, c.uid) for c in credentials),
            "home_csp": [c.home_csp for c in credentials],
            "credential_type": [c.type for c in credentials],
            "pseudonym": pseudonyms,
            "wrapped_key": Column(keys),
        }

    def _unwrapped(self, pseudonym: str, wrapped: bytes) -> DataKey:
        key = self._master.unwrap(pseudonym, wrapped)
        self._keys.put(pseudonym, key)
        return key


class Keys:
    """The keys of some contracts, held for one piece of work."""

    __slots__ = ("_entropy", "_keys")

    def __init__(self, keys: dict[str, DataKey], entropy: Callable[[int], bytes]) -> None:
        self._keys, self._entropy = keys, entropy

    def __contains__(self, pseudonym: object) -> bool:
        return pseudonym in self._keys

    def of(self, pseudonym: str) -> DataKey:
        """Return one key.

        Raises:
            Erased: when there is none.
        """
        try:
            return self._keys[pseudonym]
        except KeyError:
            raise Erased("the key of this contract was erased") from None

    def seal(self, pseudonym: str, purpose: Purpose, data: bytes) -> bytes:
        """Seal data under a contract's key; raises `Erased` when it has none."""
        return self.of(pseudonym).seal(purpose, data, self._entropy(NONCE_BYTES))


class _KeyCache:
    """Unwrapped keys, the least recently used dropped first, each for a bounded time."""

    def __init__(self, max_keys: int, seconds: float, monotonic: Callable[[], float]) -> None:
        self._max, self._seconds, self._now = max_keys, seconds, monotonic
        self._entries: OrderedDict[str, tuple[float, DataKey]] = OrderedDict()

    def get(self, pseudonym: str) -> DataKey | None:
        entry = self._entries.get(pseudonym)
        if entry is None:
            return None
        if entry[0] < self._now():
            del self._entries[pseudonym]
            return None
        self._entries.move_to_end(pseudonym)
        return entry[1]

    def put(self, pseudonym: str, key: DataKey) -> None:
        self._entries[pseudonym] = (self._now() + self._seconds, key)
        self._entries.move_to_end(pseudonym)
        while len(self._entries) > self._max:
            self._entries.popitem(last=False)

    def forget(self, pseudonym: str) -> None:
        self._entries.pop(pseudonym, None)
