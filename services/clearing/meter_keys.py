"""The public keys of meters that CSOs registered: what signed readings of a CDR are verified with.

They are an operator's word, by EVSE, and stand in clearing's own table; no topic carries them.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy import delete, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.clearing.audit.claims import Key, same
from services.clearing.tables import meter_keys
from services.core.errors import Conflict
from services.core.meter_values import is_public_key, key_bytes
from services.core.party import PartyId
from services.runtime.rows import as_json
from services.runtime.work import Work

MAX_KEYS: Final = 1_000
_ALL_ACTS: Final = "meter-keys"
_FIND: Final = text(
    """SELECT k.visited_cso, k.evse_key, k.public_key FROM clearing.meter_keys AS k
    JOIN json_to_recordset(CAST(:rows AS json)) AS w(visited_cso text, evse_key text) USING (visited_cso, evse_key)
    ORDER BY k.registered_at DESC"""
)
_REGISTER: Final = text(
    """INSERT INTO clearing.meter_keys (visited_cso, evse_key, evse_uid, public_key, registered_at)
    SELECT :visited_cso, w.evse_key, w.evse_uid, w.public_key, :now
    FROM json_to_recordset(CAST(:rows AS json)) AS w(evse_key text, evse_uid text, public_key text)
    ON CONFLICT DO NOTHING"""
)


def _party(given: str) -> str:
    return str(PartyId.parse(given))


def _hexadecimal(given: str) -> str:
    key = key_bytes(given)
    if key is None or not is_public_key(key):
        raise ValueError("no public key in hexadecimal, base64 or PEM")
    return key.hex()


Party = Annotated[str, Field(max_length=6), AfterValidator(_party)]
Evse = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")]
PublicKey = Annotated[str, Field(max_length=5_000), AfterValidator(_hexadecimal)]


class MeterKey(BaseModel):
    """A key of the meter of an EVSE; however it was written, it is kept in hexadecimal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    evse_uid: Evse
    public_key: PublicKey


class Registration(BaseModel):
    """Keys of one CSO."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    visited_cso: Party
    keys: Annotated[list[MeterKey], Field(min_length=1, max_length=MAX_KEYS)]


class Removal(BaseModel):
    """A key that counts no longer; without one, all of the EVSE."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    visited_cso: Party
    evse_uid: Evse
    public_key: PublicKey | None = None


async def register(work: Work, registration: Registration, max_per_evse: int) -> int:
    """Register keys, and return how many of them are new.

    Raises:
        Conflict: when an EVSE would have more keys than an audit tries.
    """
    await work.advise(_ALL_ACTS)
    cso = registration.visited_cso
    rows = [
        {"evse_key": same(each.evse_uid), "evse_uid": each.evse_uid, "public_key": each.public_key}
        for each in registration.keys
    ]
    written = await work.connection.execute(_REGISTER, {"visited_cso": cso, "now": work.now, "rows": as_json(rows)})
    keys = {(cso, row["evse_key"]) for row in rows}
    found = await find(work.connection, keys)
    crowded = sorted(key for _, key in keys if len(found[cso, key]) > max_per_evse)
    if crowded:
        raise Conflict(f"{crowded[0]} would have more than {max_per_evse} keys: remove those that count no longer")
    return written.rowcount


async def remove(work: Work, removal: Removal) -> int:
    """Remove keys, and return how many there were."""
    await work.advise(_ALL_ACTS)
    c = meter_keys.c
    statement = delete(meter_keys).where(c.visited_cso == removal.visited_cso, c.evse_key == same(removal.evse_uid))
    if removal.public_key is not None:
        statement = statement.where(c.public_key == removal.public_key)
    return (await work.connection.execute(statement)).rowcount


async def find(connection: AsyncConnection, evses: Collection[Key]) -> Mapping[Key, Sequence[str]]:
    """Return the keys of these EVSEs, in hexadecimal, those registered last first."""
    rows = [{"visited_cso": cso, "evse_key": key} for cso, key in sorted(evses)]
    found: defaultdict[Key, list[str]] = defaultdict(list)
    for row in (await connection.execute(_FIND, {"rows": as_json(rows)})).all() if rows else ():
        found[row.visited_cso, row.evse_key].append(row.public_key)
    return found


async def page(
    connection: AsyncConnection, cso: str | None, after: tuple[str, str, str] | None, max_rows: int
) -> list[dict[str, Any]]:
    """Return registered keys in the order of CSO, EVSE and key, from after this one on."""
    c = meter_keys.c
    place = (c.visited_cso, c.evse_key, c.public_key)
    query = select(*place, c.evse_uid, c.registered_at).order_by(*place).limit(max_rows)
    if cso is not None:
        query = query.where(c.visited_cso == cso)
    if after is not None:
        query = query.where(tuple_(*place) > tuple_(*after))
    return [dict(row) for row in (await connection.execute(query)).mappings()]
