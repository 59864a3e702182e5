"""Examples of what platforms say of themselves: versions, their details, credentials; and of texts."""

from typing import Any

from tests.unit.gateway.ocpi.examples.parts import Document, Example
from tests.unit.gateway.ocpi.examples.tokens import answer


def platforms() -> dict[str, Example]:
    """All examples of a platform's own endpoints; they are the same in both versions."""
    versions = [{"version": number, "url": f"https://lum.example/{number}"} for number in ("2.1.1", "2.2.1")]
    one = {"version": "2.2", "endpoints": [_endpoint("credentials", "SENDER"), _endpoint("sessions", "RECEIVER")]}
    logo = {"url": "https://lum.example/l.svg", "thumbnail": "https://lum.example/s.svg", "category": "OPERATOR"}
    whole: Document = {"website": "https://lum.example", "logo": {**logo, "type": "svg", "width": 90, "height": 60}}
    return {
        "versions_info_example": Example("versions", versions),
        "version_details_example": Example("version details", one),
        "version_details_example2": Example("version details", one),
        "transport_and_format_version_info_example": Example("answer with versions", answer(versions)),
        "transport_and_format_version_details_example": Example("answer with version details", answer(one)),
        "credentials_example": _credentials(_role()),
        "credentials_example2": _credentials(_role(), _role(role="EMSP")),
        "credentials_example3": _credentials(_role(**whole)),
        "credentials_example4": _credentials(_role(), _role(party_id="LU2")),
        "type_displaytext_example": Example("display text", {"language": "it", "text": "Prezzo normale"}),
    }


def _endpoint(identifier: str, role: str) -> Document:
    return {"identifier": identifier, "role": role, "url": f"https://lum.example/2.2/{identifier}"}


def _role(role: str = "CPO", party_id: str = "LUM", **details: Any) -> Document:
    business = {"name": "Luminosa", **details}
    return {"role": role, "party_id": party_id, "country_code": "IT", "business_details": business}


def _credentials(*roles: Document) -> Example:
    return Example("credentials", {"token": "c2VjcmV0", "url": "https://lum.example/versions", "roles": [*roles]})
