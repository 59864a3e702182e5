"""Signed meter readings of a CDR, as far as they may leave the gateway (mod_cdrs, SignedData).

A reading in OCMF may hold the identification of the driver, a card's number say. It is part of what was signed, so it
cannot be taken out; such a reading stays in the sealed body. Of other encodings nothing goes on, since nobody here can
look into them.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

_OCMF: Final = "ocmf"
_PREFIX: Final = "OCMF|"
_IDENTIFICATION: Final = "ID"


def signed_data(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a CDR's signed readings for its event, without those that tell who charged; None where it has none."""
    data = found.get("signed_data")
    if not data:
        return None
    token = found["cdr_token"]
    secrets = [token["uid"].casefold(), token["contract_id"].casefold()]
    is_known = data["encoding_method"].strip().casefold().startswith(_OCMF)
    values = [each for each in data["signed_values"] if is_known and is_anonymous(each["signed_data"], secrets)]
    return {
        "encoding_method": data["encoding_method"],
        "public_key": data.get("public_key"),
        "values": [_value(each, secrets) for each in values],
        "withheld": len(data["signed_values"]) - len(values),
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


def _value(value: Mapping[str, Any], secrets: Iterable[str]) -> dict[str, str]:
    # The plain data says the same in other words; what is no OCMF could say anything.
    plain = value["plain_data"] if is_anonymous(value["plain_data"], secrets) else ""
    return {"nature": value["nature"], "plain_data": plain, "signed_data": value["signed_data"]}


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
