"""Reads and verifies signed readings of meters in OCMF; nothing else knows the library that does it.

The library is loaded when the first reading comes, since it brings much that is seldom needed. Whatever it raises for
what a partner sent becomes `Unusable` with a reason of ours: its own messages may hold a user credential. It could read
OCMF out of XML too, which is not used: OCPI has the text itself.
"""

import base64
import binascii
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from services.core.money import OutOfRange, quantize8

if TYPE_CHECKING:
    from pyocmf import OCMF
    from pyocmf.core.reading import Reading as LibraryReading

_PREFIX: Final = "OCMF|"
_KWH: Final = {"kwh": Decimal(1), "wh": Decimal("0.001")}
_SYNCHRONIZED: Final = "S"
_BEGIN: Final = "B"
_ENDS: Final = frozenset("ELRAP")


class Unusable(Exception):
    """A signed reading of which nothing can be told, and why; its text is safe to show."""


class Uncheckable(Exception):
    """A signature that nobody can check, and why; its text is safe to show."""


@dataclass(frozen=True, slots=True)
class MeterReading:
    """One reading of an energy register.

    Attributes:
        register: Its OBIS code; empty where the reading names none.
        compensated: It counts the energy behind the cable, whose losses are taken out.
        at: None where the meter's clock was not synchronized.
    """

    register: str
    compensated: bool
    kwh: Decimal
    begins: bool
    ends: bool
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Record:
    """One OCMF record.

    Attributes:
        payload: What is signed, as it came.
        meter: Serial number; empty where it names none.
        readings: Of the registers that count energy drawn.
    """

    payload: str
    meter: str
    readings: Sequence[MeterReading]
    ocmf: "OCMF"


def key_bytes(text: str) -> bytes | None:
    """Return a public key that is written in hexadecimal, base64 or PEM; None where it is written in none of them."""
    compact = "".join("".join(line.split()) for line in text.splitlines() if not line.startswith("-----"))
    try:
        return bytes.fromhex(compact) or None
    except ValueError:
        return _of_base64(compact)


def _of_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True) or None
    except (binascii.Error, ValueError):
        return None


def is_public_key(key: bytes) -> bool:
    """Say whether these bytes are a public key that signatures can be checked with."""
    from pyocmf.models.public_key import PublicKey

    try:
        PublicKey.from_string(key.hex())
    # As with records, whatever the library raises for what somebody sent means no.
    except Exception:
        return False
    return True


def read(signed_data: str) -> Record:
    """Return the record in a signed value: OCMF as text, in base64 (OCPI mod_cdrs, SignedValue) or in hexadecimal.

    Raises:
        Unusable: when it is no OCMF.
    """
    text = _text(signed_data.strip())
    try:
        return _record(text)
    except Unusable:
        raise
    # Hostile input gets through to whatever the library calls; none of it may stop an audit.
    except Exception as error:
        raise Unusable("it is no OCMF that can be read") from error


def _text(signed_data: str) -> str:
    if signed_data.startswith(_PREFIX):
        return signed_data
    try:
        content = bytes.fromhex(signed_data)
    except ValueError:
        content = _of_base64("".join(signed_data.split())) or b""
    try:
        text = content.decode().strip()
    except UnicodeDecodeError:
        text = ""
    if not text.startswith(_PREFIX):
        raise Unusable("it is no OCMF")
    return text


def _record(text: str) -> Record:
    from pyocmf import OCMF

    with warnings.catch_warnings():
        # What deviates from the format and is verified nevertheless; the texts may hold a user credential.
        warnings.simplefilter("ignore")
        ocmf = OCMF.from_string(text)
    readings = [found for each in ocmf.payload.RD if (found := _reading(each)) is not None]
    return Record(text.split("|", 2)[1], ocmf.payload.MS or ocmf.payload.GS or "", readings, ocmf)


def _reading(reading: "LibraryReading") -> MeterReading | None:
    """Return a reading of energy drawn from the grid; None for every other one."""
    from pyocmf.registries.obis import OBISCategory

    factor = _KWH.get(str(reading.RU or "").casefold())
    register = reading.RI
    if factor is None or reading.RV is None:
        return None
    if register is not None:
        info = register.info
        if not register.is_law_relevant or (info is not None and info.category is not OBISCategory.IMPORT):
            return None
    reason, instant = str(reading.TX or ""), reading.timestamp
    known = reading.time_status == _SYNCHRONIZED and instant.tzinfo is not None
    try:
        kwh = quantize8(reading.RV * factor)
    except OutOfRange as error:
        raise Unusable("a reading is beyond what can be reckoned with") from error
    return MeterReading(
        register="" if register is None else str(register),
        compensated=register is not None and register.is_loss_compensated,
        kwh=kwh,
        begins=reason == _BEGIN,
        ends=reason in _ENDS,
        at=instant.astimezone(UTC) if known else None,
    )


def is_signed_by(record: Record, key: bytes) -> bool:
    """Say whether a record's signature was made with the private half of this key.

    Raises:
        Uncheckable: when the key or the kind of signature is none that can be used.
    """
    from pyocmf.enums.crypto import SignatureMethod
    from pyocmf.exceptions import PyOCMFError
    from pyocmf.models.public_key import PublicKey

    method = record.ocmf.signature.SA
    if not isinstance(method, SignatureMethod):
        raise Uncheckable("its kind of signature is not supported")
    try:
        public_key = PublicKey.from_string(key.hex())
    except Exception as error:
        raise Uncheckable("the public key cannot be read") from error
    if not public_key.matches_signature_algorithm(method):
        return False
    try:
        return record.ocmf.verify_signature(public_key)
    except PyOCMFError:
        # A signature that is no signature at all fits no key.
        return False
    except Exception as error:
        raise Uncheckable("its signature cannot be checked") from error
