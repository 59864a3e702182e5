"""Signed meter readings of a CDR, as far as they may leave the gateway (mod_cdrs, SignedData).

A reading in OCMF may hold the identification of the driver, a card's number say. It is part of what was signed, so who
takes it out has to check the signature before: with the CDR's own public key, of which clearing knows whether the CSO
registered it. Where the CDR gives none, such a reading stays in the sealed body. Of other encodings nothing goes on,
since nobody here can look into them.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from services.core.meter_values import Uncheckable, Unusable, is_signed_by, key_bytes, read
from services.gateway.ocpi import documents
from services.gateway.ocpi.envelope import OcpiError
from services.gateway.settings import InboundSettings

_OCMF: Final = "ocmf"
_PREFIX: Final = "OCMF|"
_IDENTIFICATION: Final = "ID"
_METER: Final = ("FV", "GI", "GS", "PG", "MV", "MM", "MS", "MF")
_DEPTH: Final = 20
_NO_SIGNATURE: Final = '{"SD":""}'
_READING: Final = ("TM", "TX", "RV", "RI", "RU", "RT", "CL", "EF", "ST")
"""What a payload tells of the meter, and a reading of itself (OCMF, Payload); the rest may be of driver or contract."""


def signed_data(found: Mapping[str, Any], bounds: InboundSettings) -> dict[str, Any] | None:
    """Return a CDR's signed readings for its event, without those that tell who charged; None where it has none.

    Args:
        found: The wire model of the CDR.
        bounds: How many readings, and how long ones, have their signatures checked.
    """
    data = found.get("signed_data")
    if not data:
        return None
    token = found["cdr_token"]
    secrets = [token["uid"].casefold(), token["contract_id"].casefold()]
    is_known = data["encoding_method"].strip().casefold().startswith(_OCMF)
    key = key_bytes(data.get("public_key") or "") if len(data["signed_values"]) <= bounds.max_checked_readings else None
    longest = bounds.max_checked_reading_characters
    values = [_value(each, secrets, key, longest) for each in data["signed_values"]] if is_known else []
    told = [each for each in values if each is not None]
    return {
        "encoding_method": data["encoding_method"],
        "public_key": data.get("public_key"),
        "values": told,
        "withheld": len(data["signed_values"]) - len(told),
    }


def is_anonymous(text: str, secrets: Iterable[str]) -> bool:
    """Say whether OCMF, as text or in base64 or hexadecimal, can be read and tells nothing of who charged."""
    readable = _decoded(text.strip())
    if not readable.startswith(_PREFIX):
        return False
    try:
        names = _named(readable.removeprefix(_PREFIX))
    except (ValueError, RecursionError):
        return False
    return _IDENTIFICATION not in names and not any(secret in readable.casefold() for secret in secrets if secret)


def _value(value: Mapping[str, Any], secrets: Sequence[str], key: bytes | None, longest: int) -> dict[str, Any] | None:
    """Return a reading as sent or without who charged; None where it stays sealed."""
    # The plain data says the same in other words; what is no OCMF could say anything.
    plain = value["plain_data"] if is_anonymous(value["plain_data"], secrets) else ""
    told = {"nature": value["nature"], "plain_data": plain, "signed_data": value["signed_data"], "fits_own_key": None}
    if is_anonymous(value["signed_data"], secrets):
        return told
    if key is None or len(value["signed_data"]) > longest:
        return None
    try:
        record = read(value["signed_data"])
        stripped = _stripped(record.payload)
        if is_anonymous(stripped, secrets):
            return told | {"signed_data": stripped, "fits_own_key": is_signed_by(record, key)}
    except (Unusable, Uncheckable, OcpiError):
        pass
    return None


def _stripped(signed: str) -> str:
    """Return OCMF with what the payload tells of meter and energy alone, and without a signature.

    Raises:
        OcpiError: when the payload could be understood in two ways.
    """
    payload = documents.parse(signed.encode(), _DEPTH)
    readings = payload.get("RD")
    kept = _plain(payload, _METER)
    kept["RD"] = [_plain(each, _READING) for each in readings] if isinstance(readings, list) else []
    return f"{_PREFIX}{documents.render(kept).decode()}|{_NO_SIGNATURE}"


def _plain(found: object, names: Iterable[str]) -> dict[str, Any]:
    """Return members that are texts or numbers; others have no meaning here, and room for much."""
    members = found if isinstance(found, dict) else {}
    return {name: members[name] for name in names if isinstance(members.get(name), str | int | Decimal)}


def _decoded(text: str) -> str:
    if text.startswith(_PREFIX):
        return text
    try:
        return _bytes(text).decode().strip()
    except (ValueError, binascii.Error):
        return ""


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return base64.b64decode("".join(text.split()), validate=True)


def _named(text: str) -> set[str]:
    """Return the names of all members of the first JSON object that hold something; one that is repeated counts too."""
    names: set[str] = set()

    def note(pairs: list[tuple[str, Any]]) -> None:
        names.update(name.strip().upper() for name, value in pairs if value not in (None, "", [], {}))

    json.JSONDecoder(object_pairs_hook=note).raw_decode(text)
    return names
