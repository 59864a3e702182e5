"""A meter that signs its readings in OCMF, as the format has it (SAFE-eV, OCMF, Payload and Signature)."""

import base64
import json
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from services.clearing.audit.claims import SignedData, SignedValue

KEY = ec.derive_private_key(4711, ec.SECP256R1())
OTHER_KEY = ec.derive_private_key(4712, ec.SECP256R1())
IMPORT = "01-00:B2.08.00"


def public(key: ec.EllipticCurvePrivateKey = KEY) -> bytes:
    """The public half, in DER."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.DER, form)


def reading(kwh: str, at: datetime, kind: str, **changes: Any) -> dict[str, Any]:
    time = f"{at:%Y-%m-%dT%H:%M:%S},000+0000 S"
    values = {"TM": time, "TX": kind, "RV": float(kwh), "RI": IMPORT, "RU": "kWh", "RT": "AC", "EF": "", "ST": "G"}
    return values | changes


def record(*readings: dict[str, Any], key: ec.EllipticCurvePrivateKey = KEY, **changes: Any) -> str:
    """An OCMF record, signed."""
    payload = {"FV": "1.0", "GI": "METER", "GS": "123", "PG": "T1", "MS": "M-1", "IS": False, "RD": list(readings)}
    text = json.dumps(payload | changes, separators=(",", ":"))
    signature = key.sign(text.encode(), ec.ECDSA(hashes.SHA256()))
    return f"OCMF|{text}|" + json.dumps({"SA": "ECDSA-secp256r1-SHA256", "SD": signature.hex()})


def signed(*records: str, **changes: Any) -> SignedData:
    """What a CDR has of them, each in base64 as OCPI has it."""
    values = [SignedValue("End", "", base64.b64encode(each.encode()).decode()) for each in records]
    found: dict[str, Any] = {"encoding_method": "OCMF", "public_key": base64.b64encode(public()).decode()}
    return SignedData(**(found | {"values": values} | changes))
